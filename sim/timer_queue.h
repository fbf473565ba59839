// What a world will call, by instant and then by the order in which it was asked for. Cancelling
// costs nothing: the entry stays until it comes up, or until such entries are most of the queue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sim/world.h"

namespace mq::sim {

class TimerQueue {
 public:
  using Callback = std::function<void()>;
  struct Entry {
    Instant when;
    std::uint64_t order;
    TimerId timer;
    bool operator>(const Entry& that) const {
      return when != that.when ? when > that.when : order > that.order;
    }
  };

  TimerId add(Instant when, Callback callback) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    slots_[index].callback = std::move(callback);
    const TimerId timer{(std::uint64_t{slots_[index].generation} << 32) | index};
    heap_.push_back({when, next_order_++, timer});
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    return timer;
  }

  void cancel(TimerId timer) {
    if (!is_pending(timer)) return;
    release(timer);
    ++cancelled_;
    if (cancelled_ < 64 || cancelled_ * 2 < heap_.size()) return;
    std::erase_if(heap_, [this](const Entry& entry) { return !is_pending(entry.timer); });
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    cancelled_ = 0;
  }

  // The next one; null if there is none.
  const Entry* next() {
    while (!heap_.empty() && !is_pending(heap_.front().timer)) {
      pop();
      --cancelled_;
    }
    return heap_.empty() ? nullptr : &heap_.front();
  }

  // Of next(), which is not null.
  Callback take_next() {
    const TimerId timer = heap_.front().timer;
    pop();
    return release(timer);
  }

  // Everything that is added from now on has this order or a later one.
  std::uint64_t next_order() const { return next_order_; }
  std::size_t entries() const { return heap_.size(); }

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
  void pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
  }
  Callback release(TimerId timer) {
    Slot& slot = slots_[index_of(timer)];
    slot.generation = slot.generation == 0xffffffff ? 1 : slot.generation + 1;
    free_.push_back(index_of(timer));
    return std::exchange(slot.callback, {});
  }

  std::vector<Entry> heap_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace mq::sim
