// mqttlab-conform: the standard's statements, with every case built in. Over ns-3 they are played
// by the program that is linked with it.
#include <array>
#include <string_view>

#include "cli/command_line.h"
#include "cli/programs.h"
#include "cli/verbs.h"

namespace {

bool wants_ns3(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--world=ns3") return true;
    if (word == "ns3" && std::string_view(argv[i - 1]) == "--world") return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace mq::cli;
  if (wants_ns3(argc, argv)) return become("mqttlab-conform-sim", argv);
  constexpr std::array verbs{AddVerb{add_conform}, AddVerb{add_explain}, AddVerb{add_list_conform}};
  return run_command_line(argc, argv, verbs);
}
