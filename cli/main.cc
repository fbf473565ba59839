// mqttlab: one command, a verb for each thing that it does. Each verb parses, wires up, and maps
// what it got to an exit code; nothing is decided here. Verbs of other programs (programs.h) are
// handed over.
#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/complete.h"
#include "cli/exit_code.h"
#include "cli/play.h"
#include "cli/programs.h"
#include "cli/run.h"
#include "cli/simulate.h"
#include "cli/verbs.h"
#include "sim/memory/memory_world.h"

namespace mq::cli {
namespace {

constexpr std::array verbs{AddVerb{add_run},        AddVerb{add_init},   AddVerb{add_check},
                           AddVerb{add_list},       AddVerb{add_schema}, AddVerb{add_report},
                           AddVerb{add_completion}, AddVerb{add_watch},  AddVerb{add_man}};

// Behind the verb, flags aside.
std::string_view first_word(int argc, char** argv) {
  for (int i = 2; i < argc; ++i)
    if (argv[i][0] != '-') return argv[i];
  return "";
}

// `complete -- WORD...`: asked by the shells (completion.cc).
int print_offers(int argc, char** argv) {
  const int begin = argc > 2 && std::string_view(argv[2]) == "--" ? 3 : 2;
  for (const Offer& offer : offers({argv + begin, argv + argc}))
    std::printf("%s\t%s\n", offer.word.c_str(), offer.what.c_str());
  return exit_code::held;
}

SimulationParts memory_parts() {
  SimulationParts parts;
  parts.world = [](std::uint64_t seed) { return std::make_unique<sim::MemoryWorld>(seed); };
  return parts;
}

}  // namespace
}  // namespace mq::cli

int main(int argc, char** argv) {
  using namespace mq::cli;
  // `help run` is `run --help`.
  std::vector<char*> words(argv, argv + argc);
  std::string help = "--help";
  if (argc > 2 && std::string_view(argv[1]) == "help") {
    words.erase(words.begin() + 1);
    words.push_back(help.data());
  }
  argc = static_cast<int>(words.size());
  words.push_back(nullptr);
  argv = words.data();
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "worker") return worker_main(argc, argv, memory_parts());  // started by `run`
  if (verb == "complete") return print_offers(argc, argv);
  if (verb == "player") return player_main(memory_parts());  // started by `explore`
  if (const Verb* other = verb_elsewhere(verb, first_word(argc, argv)))
    return become(other->program, argv);
  return run_command_line(argc, argv, verbs);
}
