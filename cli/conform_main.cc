// mqttlab-conform: the standard's statements, with every case built in.
#include <array>

#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  constexpr std::array verbs{AddVerb{add_conform}, AddVerb{add_explain}, AddVerb{add_list_conform}};
  return run_command_line(argc, argv, verbs);
}
