#include "cli/read_scenario.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <variant>

#include "cli/scenario_file.h"
#include "cli/text_file.h"
#include "scenarios/language/parse.h"

namespace mq::cli {

std::optional<Scenario> read_scenario(const char* verb, const std::string& given) {
  const auto found = scenario_file(given);
  if (const auto* none = std::get_if<NoScenario>(&found)) {
    std::fprintf(stderr, "mqttlab %s: %s\n", verb, none->why.c_str());
    return std::nullopt;
  }
  const auto& file = std::get<std::string>(found);
  auto loaded = scenario::load(file);
  if (const auto* problems = std::get_if<scenario::Problems>(&loaded)) {
    for (const auto& problem : *problems)
      std::fprintf(stderr, "%s\n", scenario::to_text(file, problem).c_str());
    return std::nullopt;
  }
  auto text = read_text_file(file);
  if (!text) {
    std::fprintf(stderr, "%s: was there a moment ago and cannot be read now\n", file.c_str());
    return std::nullopt;
  }
  return Scenario{given, file, std::move(*text), std::get<scenario::Plan>(std::move(loaded))};
}

Simulator simulator_of(const scenario::Plan& plan, std::string_view world) {
  const bool is_ns3 = world.empty() ? plan.world == scenario::WorldKind::ns3 : world == "ns3";
  if (!is_ns3) return Simulator::memory;
  const bool has_stations = std::any_of(plan.links.begin(), plan.links.end(),
                                        [](const auto& link) { return link.has_stations(); });
  return has_stations ? Simulator::radio : Simulator::ns3;
}

std::string command_to_run(const std::string& given, std::uint64_t seed, const RunCommand& flags) {
  std::string command =
      launcher_name() + " run " + quote_for_shell(given) + " --seed " + std::to_string(seed);
  if (!flags.world.empty()) command += " --world " + flags.world;
  if (!flags.broker.empty()) command += " --broker " + quote_for_shell(flags.broker);
  if (!flags.protocol.empty()) command += " --protocol " + flags.protocol;
  return command;
}

}  // namespace mq::cli
