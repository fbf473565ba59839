// mqttlab-client: clients on real sockets. The command lines of pub, sub and rr are mosquitto's,
// flag for flag (-h is the host), and are parsed by them.
#include <array>
#include <string_view>

#include "cli/command_line.h"
#include "client/pubsub/commands.h"
#include "client/puppet/puppet_main.h"

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "pub") return mq::client::pub_main(argc - 1, argv + 1);
  if (verb == "sub") return mq::client::sub_main(argc - 1, argv + 1);
  if (verb == "client") return mq::client::puppet_main(argc - 1, argv + 1);
  if (verb == "rr") return mq::client::rr_main(argc - 1, argv + 1);
  return mq::cli::run_command_line(argc, argv, {});
}
