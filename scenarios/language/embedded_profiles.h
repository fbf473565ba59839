// The files of scenarios/profiles inside the program; the definition is generated when it is built.
#pragma once

#include <span>
#include <string_view>

namespace mq::scenario {

std::span<const std::string_view> embedded_profiles();

}  // namespace mq::scenario
