// mqttlab: one command, a verb for each thing that it does. Each verb parses, wires up, and maps
// what it got to an exit code; nothing is decided here. Verbs of other programs (programs.h) are
// handed over.
#include <array>
#include <memory>
#include <string_view>

#include "cli/command_line.h"
#include "cli/play.h"
#include "cli/programs.h"
#include "cli/run.h"
#include "cli/simulate.h"
#include "cli/verbs.h"
#include "sim/memory/memory_world.h"

namespace mq::cli {
namespace {

constexpr std::array verbs{AddVerb{add_run}, AddVerb{add_check}, AddVerb{add_list},
                           AddVerb{add_schema}, AddVerb{add_report}};

SimulationParts memory_parts() {
  SimulationParts parts;
  parts.world = [](std::uint64_t seed) { return std::make_unique<sim::MemoryWorld>(seed); };
  return parts;
}

}  // namespace
}  // namespace mq::cli

int main(int argc, char** argv) {
  using namespace mq::cli;
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "worker") return worker_main(argc, argv, memory_parts());  // started by `run`
  if (verb == "player") return player_main(memory_parts());              // started by `explore`
  if (const Verb* other = verb_elsewhere(verb, argc > 2 ? argv[2] : ""))
    return become(other->program, argv);
  return run_command_line(argc, argv, verbs);
}
