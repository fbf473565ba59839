// `mqttlab passwd`: users in a password file, in mosquitto_passwd's manner.
#pragma once

namespace mq::broker {

int passwd_main(int argc, char** argv);

}  // namespace mq::broker
