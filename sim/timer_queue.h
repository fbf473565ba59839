// What a world will call, by instant and then by the order in which it was asked for. Cancelling
// costs nothing: the entry stays until it comes up, or until such entries are most of the queue.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sim/calendar.h"
#include "sim/world.h"

namespace mq::sim {

class TimerQueue {
 public:
  using Callback = std::function<void()>;
  struct Entry {
    Instant when;
    std::uint64_t order;
    TimerId timer;
    std::optional<DeviceId> about;
    bool operator>(const Entry& that) const {
      return when != that.when ? when > that.when : order > that.order;
    }
  };

  TimerId add(Instant when, Callback callback, std::optional<DeviceId> about = {}) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    slots_[index].callback = std::move(callback);
    const TimerId timer{(std::uint64_t{slots_[index].generation} << 32) | index};
    calendar_.insert({when, next_order_++, timer, about});
    return timer;
  }

  void cancel(TimerId timer) {
    if (!is_pending(timer)) return;
    release(timer);
    ++cancelled_;
    if (cancelled_ < 64 || cancelled_ * 2 < entries()) return;
    calendar_.erase_if([this](const Entry& entry) { return !is_pending(entry.timer); });
    cancelled_ = 0;
  }

  // The next one; null if there is none.
  const Entry* next() {
    while (!calendar_.empty()) {
      const Entry& first = calendar_.first();
      if (is_pending(first.timer)) return &first;
      calendar_.take_first();
      --cancelled_;
    }
    return nullptr;
  }

  // Of next(), which is not null.
  Callback take_next() { return release(calendar_.take_first().timer); }

  // The next one first, then two of which one is the next but one, and cancelled ones between.
  std::span<const Entry> soon() const { return calendar_.soon(); }

  // Everything that is added from now on has this order or a later one.
  std::uint64_t next_order() const { return next_order_; }
  std::size_t entries() const { return calendar_.size(); }

 private:
  struct Slot {
    std::uint32_t generation = 1;  // never 0, so that no timer is TimerId::none
    Callback callback;
  };

  static std::uint32_t index_of(TimerId timer) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(timer));
  }
  bool is_pending(TimerId timer) const {
    const std::uint32_t index = index_of(timer);
    const auto generation = static_cast<std::uint32_t>(static_cast<std::uint64_t>(timer) >> 32);
    return index < slots_.size() && slots_[index].generation == generation;
  }
  static std::int64_t span_of(const Entry& entry) {
    return entry.when.time_since_epoch().count() >> 31;  // spans of 2.1 s
  }
  Callback release(TimerId timer) {
    Slot& slot = slots_[index_of(timer)];
    slot.generation = slot.generation == 0xffffffff ? 1 : slot.generation + 1;
    free_.push_back(index_of(timer));
    return std::exchange(slot.callback, {});
  }

  Calendar<Entry, span_of> calendar_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace mq::sim
