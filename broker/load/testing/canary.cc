#include "broker/load/testing/canary.h"

#include <algorithm>
#include <string>

namespace mq::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto every = 2ms;
const std::string connect("\x10\x12\0\4MQTT\4\2\0\0\0\6canary", 20);
const std::string conn_ack("\x20\2\0\0", 4);
const std::string subscribe("\x82\xb\0\1\0\6canary\0", 13);
const std::string sub_ack("\x90\3\0\1\0", 5);
const std::string message("\x32\xb\0\6canary\0\5x", 13);  // QoS 1, id 5
const std::string copy("\x30\x9\0\6canaryx", 11);
const std::string ack("\x40\2\0\5", 4);

}  // namespace

Canary::Canary(std::uint16_t port, int from) : socket_(port, from) {
  socket_.send(connect);
  served_ = socket_.hears({conn_ack});
  socket_.send(subscribe);
  served_ = served_ && socket_.hears({sub_ack});
  thread_ = std::thread([this] { sing(); });
}

Canary::~Canary() {
  if (thread_.joinable()) finish();
}

void Canary::sing() {
  for (auto due = Clock::now(); !over_ && served_; due += every) {
    std::this_thread::sleep_until(due);
    socket_.send(message);
    served_ = socket_.hears({copy, ack});
    times_.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - due));
  }
}

Canary::Times Canary::finish() {
  over_ = true;
  thread_.join();
  Times times{.count = times_.size(), .served = served_};
  if (times_.empty()) return times;
  std::sort(times_.begin(), times_.end());
  times.p50 = times_[times_.size() / 2];
  times.p99 = times_[times_.size() * 99 / 100];
  times.max = times_.back();
  return times;
}

}  // namespace mq::broker
