// `mqttlab broker`: the broker on real sockets, until it is told to end.
#pragma once

namespace mq::broker {

int broker_main(int argc, char** argv);

}  // namespace mq::broker
