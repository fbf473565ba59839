// mqttlab-serve: a run in the browser. Of its own, because Beast takes long to compile.
#include <array>

#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  constexpr std::array verbs{mq::cli::AddVerb{mq::cli::add_serve}};
  return mq::cli::run_command_line(argc, argv, verbs);
}
