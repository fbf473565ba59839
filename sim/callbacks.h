// What a world's timers will call, by id. Cancelling is O(1): the entry in the world's event queue
// stays, and finds nothing when it comes up.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace mq::sim {

class Callbacks {
 public:
  using Callback = std::function<void()>;

  TimerId add(Callback callback) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.callback = std::move(callback);
    return TimerId{(std::uint64_t{slot.generation} << 32) | index};
  }

  // Empty if it was taken or cancelled before.
  Callback take(TimerId id) {
    const auto index = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id));
    const auto generation = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> 32);
    if (index >= slots_.size() || slots_[index].generation != generation) return {};
    Slot& slot = slots_[index];
    ++slot.generation;
    if (slot.generation == 0) slot.generation = 1;
    free_.push_back(index);
    return std::exchange(slot.callback, {});
  }

 private:
  struct Slot {
    std::uint32_t generation = 1;  // never 0, so that no id is TimerId::none
    Callback callback;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace mq::sim
