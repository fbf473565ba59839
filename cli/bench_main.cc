// mqttlab-bench: brokers as processes under load.
#include <array>

#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  constexpr std::array verbs{AddVerb{add_bench}};
  return run_command_line(argc, argv, verbs);
}
