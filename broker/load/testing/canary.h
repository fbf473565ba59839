// A well-behaved client that is to be served whatever others do: messages to itself at a fixed
// rate, and how long each took from the moment it was due. One that waits delays those behind it,
// and their waiting counts too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "broker/load/testing/plain_socket.h"

namespace mq::broker {

class Canary {
 public:
  explicit Canary(std::uint16_t port, int from = 1);
  ~Canary();

  struct Times {
    std::size_t count = 0;
    std::chrono::microseconds p50{}, p99{}, max{};
    bool served = false;  // every message came back
  };
  Times finish();

 private:
  void sing();

  PlainSocket socket_;
  std::atomic<bool> over_ = false;
  std::atomic<bool> served_ = true;
  std::vector<std::chrono::microseconds> times_;
  std::thread thread_;
};

}  // namespace mq::broker
