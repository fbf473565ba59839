// mqttlab-compare: several brokers under the same scenario and seeds, or stored results of runs.
#include <array>

#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  constexpr std::array verbs{AddVerb{add_compare}, AddVerb{add_compare_stored}};
  return run_command_line(argc, argv, verbs);
}
