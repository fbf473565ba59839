// The keys of an adapter file, as the tables of the scenario language describe its own: errors name
// what they say.
#pragma once

#include <string>

#include "scenarios/language/problem.h"
#include "scenarios/language/shape.h"

namespace mq::peers {

extern const scenario::Shape adapter_shape;
extern const scenario::Shape file_shape;

// What both kinds of adapters, for brokers and for clients, are made of.
inline constexpr scenario::Shape word{
    .is = scenario::Is::text, .is_one_line = true, .entries_max = 1000};
inline constexpr scenario::Shape words{.is = scenario::Is::list, .item = &word, .entries_max = 100};
inline constexpr scenario::Shape one_or_words{
    .is = scenario::Is::one_or_list, .item = &word, .entries_max = 100};

// Throws AdapterError with all of them, a line each.
[[noreturn]] void refuse(const scenario::Problems& problems, const std::string& source);

}  // namespace mq::peers
