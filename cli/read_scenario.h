// A scenario as somebody writes it on a command line, found, read and found valid; and the command
// that plays it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/simulator.h"
#include "scenarios/plan.h"

namespace mq::cli {

struct Scenario {
  std::string given;  // a path, or a name of the library
  std::string file;
  std::string text;
  scenario::Plan plan;
};

// Nothing: what was wrong was told on stderr, all problems of the file with their places.
std::optional<Scenario> read_scenario(const char* verb, const std::string& given);

// What plays it in `world`, "ns3" or "memory"; in its own one if that is empty.
Simulator simulator_of(const scenario::Plan& plan, std::string_view world);

// "./mqttlab run FILE --seed 1", and the flags that are not empty.
struct RunCommand {
  std::string world;
  std::string broker;
  std::string protocol;
};
std::string command_to_run(const std::string& given, std::uint64_t seed, const RunCommand& flags);

}  // namespace mq::cli
