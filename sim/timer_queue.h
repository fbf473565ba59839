// What a world will call, by instant and then by the order in which it was asked for. Cancelling
// costs nothing: the entry stays until it comes up, or until such entries are most of the queue.
// Only what is due soon is kept in order: most timers of a fleet are a minute away and will be
// cancelled, and a heap of all of them is far larger than a cache.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
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
    insert({when, next_order_++, timer, about});
    ++entries_;
    return timer;
  }

  void cancel(TimerId timer) {
    if (!is_pending(timer)) return;
    release(timer);
    ++cancelled_;
    if (cancelled_ < 64 || cancelled_ * 2 < entries_) return;
    const auto is_over = [this](const Entry& entry) { return !is_pending(entry.timer); };
    entries_ -= std::erase_if(soon_, is_over);
    std::make_heap(soon_.begin(), soon_.end(), std::greater<>());
    for (auto& [time, entries] : later_) entries_ -= std::erase_if(entries, is_over);
    std::erase_if(later_, [](const auto& some) { return some.second.empty(); });
    cancelled_ = 0;
  }

  // The next one; null if there is none.
  const Entry* next() {
    for (;;) {
      if (soon_.empty() && !look_further()) return nullptr;
      if (is_pending(soon_.front().timer)) return &soon_.front();
      pop();
      --cancelled_;
    }
  }

  // Of next(), which is not null.
  Callback take_next() {
    const TimerId timer = soon_.front().timer;
    pop();
    return release(timer);
  }

  // The next one first, then two of which one is the next but one, and cancelled ones between.
  std::span<const Entry> soon() const {
    return {soon_.data(), std::min<std::size_t>(soon_.size(), 3)};
  }

  // Everything that is added from now on has this order or a later one.
  std::uint64_t next_order() const { return next_order_; }
  std::size_t entries() const { return entries_; }

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
  static std::int64_t span_of(Instant when) {
    return when.time_since_epoch().count() >> 31;  // spans of 2.1 s
  }
  void insert(const Entry& entry) {
    const std::int64_t span = span_of(entry.when);
    if (span > soon_until_) {
      later_[span].push_back(entry);
      return;
    }
    soon_.push_back(entry);
    std::push_heap(soon_.begin(), soon_.end(), std::greater<>());
  }
  // soon_ is empty.
  bool look_further() {
    if (later_.empty()) return false;
    const auto first = later_.begin();
    soon_until_ = first->first;
    soon_ = std::move(first->second);
    later_.erase(first);
    std::make_heap(soon_.begin(), soon_.end(), std::greater<>());
    return true;
  }
  void pop() {
    std::pop_heap(soon_.begin(), soon_.end(), std::greater<>());
    soon_.pop_back();
    --entries_;
  }
  Callback release(TimerId timer) {
    Slot& slot = slots_[index_of(timer)];
    slot.generation = slot.generation == 0xffffffff ? 1 : slot.generation + 1;
    free_.push_back(index_of(timer));
    return std::exchange(slot.callback, {});
  }

  std::vector<Entry> soon_;  // a heap: all up to the span soon_until_
  std::int64_t soon_until_ = -1;
  std::map<std::int64_t, std::vector<Entry>> later_;  // by span
  std::size_t entries_ = 0;                           // in both
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t next_order_ = 0;
  std::size_t cancelled_ = 0;
};

}  // namespace mq::sim
