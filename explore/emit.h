// A scenario's tree as text again: what read_document() makes of the text is the same tree, but for
// places and comments.
#pragma once

#include <string>

#include "scenarios/language/document.h"

namespace mq::explore {

std::string emit(const scenario::Node& root);

}  // namespace mq::explore
