// One timer of a world, for whoever is due at one instant at a time.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "sim/world.h"

namespace mq::sim {

class Alarm {
 public:
  Alarm(World& world, std::function<void()> ring) : world_(world), ring_(std::move(ring)) {}
  ~Alarm() { stop(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Then, or at once if that has passed, and never if there is no instant; no more at the one that
  // was set before.
  void set(std::optional<Instant> when) {
    stop();
    if (!when) return;
    timer_ = world_.call_at(*when, [this] {
      timer_ = TimerId::none;
      ring_();
    });
  }
  bool is_set() const { return timer_ != TimerId::none; }
  void stop() { world_.cancel(std::exchange(timer_, TimerId::none)); }

 private:
  World& world_;
  std::function<void()> ring_;
  TimerId timer_ = TimerId::none;
};

}  // namespace mq::sim
