// Scalars that several tables share.
#pragma once

#include "scenarios/language/limits.h"
#include "scenarios/language/shape.h"

namespace mq::scenario {

inline constexpr Shape line_of_text{.is = Is::text, .is_one_line = true, .entries_max = 200};
inline constexpr Shape long_text{.is = Is::text, .entries_max = 10'000};
inline constexpr Shape a_name{.is = Is::name};
inline constexpr Shape profile_name{.is = Is::name, .may_begin_with_digit = true};
inline constexpr Shape topic{.is = Is::text, .is_one_line = true, .entries_max = topic_bytes_max};
inline constexpr Shape yes_no{.is = Is::yes_no};
inline constexpr Shape qos{.is = Is::whole, .min = "0", .max = "2"};
inline constexpr Shape receive_maximum{.is = Is::whole, .min = "1", .max = "65535"};
inline constexpr Shape span_of_time{.is = Is::duration, .min = "1ms", .max = "366d"};
inline constexpr Shape moment{.is = Is::duration, .min = "0", .max = "366d"};

}  // namespace mq::scenario
