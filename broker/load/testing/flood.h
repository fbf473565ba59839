// So many connections a second, each with CONNECT and gone as soon as it is answered, for a while;
// whether the broker keeps up or not. A second's worth of them is open at most, or this process
// would run out of files on a machine that is too busy.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mq::broker {

struct FloodOptions {
  std::uint16_t port;
  std::size_t each_second;
  std::chrono::milliseconds lasts;
  int addresses = 1;  // 127.0.0.2 and those after it
  std::string
      client_id;  // of all of them, with a clean start; empty: the broker gives each its own
};

struct FloodCount {
  std::size_t begun = 0;
  std::size_t let_in = 0;       // heard CONNACK
  std::size_t turned_away = 0;  // closed without it, or refused
  std::size_t unanswered = 0;   // a second after the end
};

FloodCount flood(const FloodOptions& options);

}  // namespace mq::broker
