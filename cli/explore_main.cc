// mqttlab-explore: draws scenarios and has them played.
#include <array>

#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  constexpr std::array verbs{AddVerb{add_explore}};
  return run_command_line(argc, argv, verbs);
}
