// What a listener is asked to do: where it listens, and its own rules. Plain values, so that a
// command line and a configuration file can make them without knowing a socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace mq::broker {

// "localhost", "0.0.0.0", "::1"; port 0 takes any free one. A name listens on all its addresses.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 1883;
};

struct ListenerOptions {
  ListenAddress address;
  // Connections at once that came in here; a further one is closed when it is accepted.
  std::size_t connections_max = std::numeric_limits<std::size_t>::max();
};

}  // namespace mq::broker
