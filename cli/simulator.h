// The program that plays a run. ns-3 is linked with those only that need it, and its own radio
// networks, whose libraries are large, with one of them only.
#pragma once

#include <cstdint>
#include <string>

namespace mq::cli {

enum class Simulator : std::uint8_t {
  memory,  // mqttlab itself
  ns3,     // mqttlab-sim
  radio,   // mqttlab-radio-sim: the world ns3, with links that have a network of ns-3's own
};

std::string program_of(Simulator simulator);
// It could not be started: what the user is told, of errno's `error`.
std::string not_started(Simulator simulator, int error);

}  // namespace mq::cli
