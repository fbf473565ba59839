// mqttlab-broker: the broker on real sockets, and what its operator needs beside it. The command
// lines of broker and passwd are mosquitto's, flag for flag, and are parsed by them.
#include "broker/server/broker_main.h"

#include <array>
#include <string_view>

#include "broker/access/passwd_main.h"
#include "cli/command_line.h"
#include "cli/verbs.h"

int main(int argc, char** argv) {
  using namespace mq::cli;
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "broker") return mq::broker::broker_main(argc - 1, argv + 1);
  if (verb == "passwd") return mq::broker::passwd_main(argc - 1, argv + 1);
  constexpr std::array verbs{AddVerb{add_doctor}};
  return run_command_line(argc, argv, verbs);
}
