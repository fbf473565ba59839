// The queue of the simulation's events. Beside the order, which is ns-3's, it looks a few events
// ahead and has arrivals fetch what they will touch: a fleet's state is far larger than a cache.
#pragma once

#include <ns3/scheduler.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "sim/calendar.h"

namespace mq::sim::cell {

class ForesightScheduler final : public ns3::Scheduler {
 public:
  static constexpr std::size_t foresight = 8;

  static ns3::TypeId GetTypeId();

  void Insert(const Event& event) override;
  bool IsEmpty() const override { return soon_count_ == 0; }
  Event PeekNext() const override { return soon_.front(); }
  Event RemoveNext() override;
  void Remove(const Event& event) override;

 private:
  static std::int64_t span_of(const Event& event) {
    return static_cast<std::int64_t>(event.key.m_ts >> 23);  // spans of 8.4 ms
  }
  void insert_soon(const Event& event);
  void take_from_soon(std::size_t place);
  void foresee() const;

  // The next ones in order, and all that come after the last of them.
  std::array<Event, foresight> soon_{};
  std::size_t soon_count_ = 0;
  Calendar<Event, span_of> later_;
};

}  // namespace mq::sim::cell
