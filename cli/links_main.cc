// mqttlab-links: from recorded traces to profiles, and from profiles to other people's tools.
#include <array>

#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  constexpr std::array verbs{AddVerb{add_fit}, AddVerb{add_export_netem}};
  return run_command_line(argc, argv, verbs);
}
