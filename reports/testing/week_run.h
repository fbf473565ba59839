// A made-up run as large as reports must bear: thousands of sensors that publish once an hour for a
// week to one dashboard, with links that break and a fault every other hour. Played event by event,
// never held whole.
#pragma once

#include <cstdint>

#include "base/rng.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::report::testing {

class WeekRun {
 public:
  explicit WeekRun(std::uint32_t sensors, Duration duration = std::chrono::hours(24 * 7));

  const trace::RunInfo& run() const { return run_; }
  Instant end() const { return Instant(run_.duration + run_.calm); }
  void play(trace::Observer& observer);

 private:
  void connect(std::uint32_t client, Instant at);
  void publish(std::uint32_t client, Instant at);
  void pass(trace::Connection connection, trace::End from, const Packet& packet, Instant at,
            Duration travels);
  void tell(Instant at, trace::What what) { observer_->observe({at, std::move(what)}); }

  trace::RunInfo run_;
  std::uint32_t sensors_;
  Rng rng_{1};
  trace::Observer* observer_ = nullptr;
  std::vector<std::uint32_t> connections_;
  std::vector<std::uint64_t> messages_;
  std::vector<std::byte> wire_;
  std::uint16_t down_id_ = 0;
};

}  // namespace mq::report::testing
