// UTF-8 encoded strings as both standards want them (3.1.1 section 1.5.3, 5.0 section 1.5.4):
// well-formed, shortest form, no surrogates, nothing above U+10FFFF, and no U+0000.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "protocol/rule.h"

namespace mq {

struct Utf8Fault {
  Rule rule;           // string_is_utf8 or string_has_no_null
  std::size_t offset;  // the first byte that cannot stand where it stands
  bool operator==(const Utf8Fault&) const = default;
};

// The first fault of the text, if it has one. Control characters and non-characters pass: both
// standards leave them to the receiver.
std::optional<Utf8Fault> utf8_breaks(std::string_view text);

}  // namespace mq
