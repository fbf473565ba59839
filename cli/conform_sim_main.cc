// mqttlab-conform-sim: mqttlab-conform with the ns-3 world in it. As a whole it is under the
// GPL-2.0-only (NOTICE).
#include <array>

#include "cli/command_line.h"
#include "cli/conform_world.h"
#include "cli/verbs.h"
#include "sim/ns3/ns3_world.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  ns3_world() = [](std::uint64_t seed) { return std::make_unique<mq::sim::Ns3World>(seed); };
  constexpr std::array verbs{AddVerb{add_conform}, AddVerb{add_explain}, AddVerb{add_list_conform}};
  return run_command_line(argc, argv, verbs);
}
