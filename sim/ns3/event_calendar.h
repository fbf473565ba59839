// Events that are not due yet. A heap of all of them costs a dozen unforeseeable branches an event;
// here most wait unordered, in the span of time that they fall into, until it comes.
#pragma once

#include <ns3/scheduler.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace mq::sim::cell {

class EventCalendar {
 public:
  using Event = ns3::Scheduler::Event;
  static constexpr unsigned span_bits = 23;       // of nanoseconds: 8.4 ms
  static constexpr std::size_t spans_kept = 512;  // 4.3 s; what is later is in a heap

  bool empty() const { return now_.empty() && waiting_ == 0 && far_.empty(); }

  void insert(const Event& event) {
    const std::uint64_t span = span_of(event);
    if (span <= current_) return push(now_, event);
    if (span - current_ >= spans_kept) return push(far_, event);
    spans_[span % spans_kept].push_back(event);
    ++waiting_;
  }

  // Of one that is not empty: the first one in the order of ns-3.
  Event take_first() {
    if (now_.empty()) come_to_next_span();
    return pop(now_);
  }

  // False if it is not there.
  bool remove(const Event& event) {
    const std::uint64_t span = span_of(event);
    if (span > current_ && erase(spans_[span % spans_kept], event)) {
      --waiting_;
      return true;
    }
    std::vector<Event>& heap = span <= current_ ? now_ : far_;
    const bool was_there = erase(heap, event);
    std::make_heap(heap.begin(), heap.end(), std::greater<>());
    return was_there;
  }

 private:
  static std::uint64_t span_of(const Event& event) { return event.key.m_ts >> span_bits; }

  static void push(std::vector<Event>& heap, const Event& event) {
    heap.push_back(event);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  }
  static Event pop(std::vector<Event>& heap) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const Event first = heap.back();
    heap.pop_back();
    return first;
  }
  static bool erase(std::vector<Event>& events, const Event& event) {
    const auto at = std::find(events.begin(), events.end(), event);
    if (at == events.end()) return false;
    *at = events.back();
    events.pop_back();
    return true;
  }

  void come_to_next_span() {
    std::uint64_t next = far_.empty() ? UINT64_MAX : span_of(far_.front());
    if (waiting_ > 0) {
      std::uint64_t kept = current_ + 1;
      while (spans_[kept % spans_kept].empty()) ++kept;
      next = std::min(next, kept);
    }
    current_ = next;
    now_.swap(spans_[current_ % spans_kept]);
    waiting_ -= now_.size();
    std::make_heap(now_.begin(), now_.end(), std::greater<>());
    while (!far_.empty() && span_of(far_.front()) == current_) push(now_, pop(far_));
  }

  std::uint64_t current_ = 0;
  std::vector<Event> now_;  // a heap: of the current span, and what was added before it
  std::array<std::vector<Event>, spans_kept> spans_;  // by span, modulo: of the next ones
  std::size_t waiting_ = 0;                           // in spans_
  std::vector<Event> far_;  // a heap; of later spans, or of those that were so when it was added
};

}  // namespace mq::sim::cell
