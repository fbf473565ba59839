// What every file that describes something beside a scenario begins with, and how it names the
// versions of MQTT: targets, adapters of brokers and of clients.
#pragma once

#include <array>

#include "scenarios/language/shape.h"

namespace mq::scenario {

inline constexpr std::array first_version_of_a_file = {Choice{"1", "of this description"}};
inline constexpr Shape version_of_a_file{.is = Is::choice, .choices = first_version_of_a_file};

inline constexpr std::array protocol_words = {Choice{"3.1.1", ""}, Choice{"5.0", ""}};
inline constexpr Shape protocol_word{.is = Is::choice, .choices = protocol_words};
inline constexpr Shape protocols{.is = Is::list, .item = &protocol_word, .entries_max = 2};

}  // namespace mq::scenario
