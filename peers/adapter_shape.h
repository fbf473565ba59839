// The keys of an adapter file, as the tables of the scenario language describe its own: errors name
// what they say.
#pragma once

#include "scenarios/language/shape.h"

namespace mq::peers {

extern const scenario::Shape adapter_shape;
extern const scenario::Shape file_shape;

}  // namespace mq::peers
