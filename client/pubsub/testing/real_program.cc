// The verbs on real sockets alone, as a program for the tests that meet strangers: what is tested
// does not wait for all of mqttlab to be built.
#include <cstdio>
#include <string_view>

#include "broker/access/passwd_main.h"
#include "broker/server/broker_main.h"
#include "client/pubsub/commands.h"
#include "client/puppet/puppet_main.h"

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "broker") return mq::broker::broker_main(argc - 1, argv + 1);
  if (verb == "pub") return mq::client::pub_main(argc - 1, argv + 1);
  if (verb == "sub") return mq::client::sub_main(argc - 1, argv + 1);
  if (verb == "rr") return mq::client::rr_main(argc - 1, argv + 1);
  if (verb == "client") return mq::client::puppet_main(argc - 1, argv + 1);
  if (verb == "passwd") return mq::broker::passwd_main(argc - 1, argv + 1);
  std::fputs("expected broker, pub, sub, rr, client or passwd\n", stderr);
  return 2;
}
