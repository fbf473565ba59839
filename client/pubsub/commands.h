// `mqttlab pub`, `mqttlab sub` and `mqttlab rr`: clients on real sockets, with mosquitto's flag
// names. `argv[0]` is not looked at; what comes back is the exit status (options.h).
#pragma once

namespace mq::client {

int pub_main(int argc, char** argv);
int sub_main(int argc, char** argv);
int rr_main(int argc, char** argv);

}  // namespace mq::client
