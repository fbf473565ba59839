// `mqttlab client URL`: a client that does what lines on its standard input say, and says on its
// standard output what became of it (docs/conform.md).
#pragma once

namespace mq::client {

int puppet_main(int argc, char** argv);

}  // namespace mq::client
