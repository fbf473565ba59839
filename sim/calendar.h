// A priority queue of what will happen. A heap of everything costs a dozen unforeseeable branches
// an entry and is far larger than a cache; here most wait unordered, in the span of time that they
// fall into, until it comes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace mq::sim {

// Entries are ordered by `>`, and those that are ordered so lie in the same span or in that order
// of spans. `span_of(entry)` numbers spans from 0.
template <class Entry, std::int64_t (*span_of)(const Entry&)>
class Calendar {
 public:
  static constexpr std::size_t spans_kept = 512;  // what is later is in a heap

  bool empty() const { return now_.empty() && waiting_ == 0 && far_.empty(); }
  std::size_t size() const { return now_.size() + waiting_ + far_.size(); }

  void insert(const Entry& entry) {
    const std::int64_t span = span_of(entry);
    if (span <= current_) return push(now_, entry);
    if (span - current_ >= std::int64_t{spans_kept}) return push(far_, entry);
    kept(span).push_back(entry);
    ++waiting_;
  }

  // Of one that is not empty.
  const Entry& first() {
    if (now_.empty()) come_to_next_span();
    return now_.front();
  }
  Entry take_first() {
    if (now_.empty()) come_to_next_span();
    return pop(now_);
  }

  // After first(): the first one, then two of which one is the second.
  std::span<const Entry> soon() const {
    return {now_.data(), std::min<std::size_t>(now_.size(), 3)};
  }

  // False if it is not there.
  bool erase(const Entry& entry) {
    const std::int64_t span = span_of(entry);
    if (span > current_ && erase_one(kept(span), entry)) {
      --waiting_;
      return true;
    }
    std::vector<Entry>& heap = span <= current_ ? now_ : far_;
    const bool was_there = erase_one(heap, entry);
    std::make_heap(heap.begin(), heap.end(), std::greater<>());
    return was_there;
  }

  template <class Is>
  void erase_if(const Is& is) {
    for (std::vector<Entry>& span : spans_) waiting_ -= std::erase_if(span, is);
    for (std::vector<Entry>* const heap : {&now_, &far_}) {
      std::erase_if(*heap, is);
      std::make_heap(heap->begin(), heap->end(), std::greater<>());
    }
  }

 private:
  std::vector<Entry>& kept(std::int64_t span) {
    return spans_[static_cast<std::size_t>(span) % spans_kept];
  }
  static void push(std::vector<Entry>& heap, const Entry& entry) {
    heap.push_back(entry);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  }
  static Entry pop(std::vector<Entry>& heap) {
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const Entry first = heap.back();
    heap.pop_back();
    return first;
  }
  static bool erase_one(std::vector<Entry>& entries, const Entry& entry) {
    const auto at = std::find(entries.begin(), entries.end(), entry);
    if (at == entries.end()) return false;
    *at = entries.back();
    entries.pop_back();
    return true;
  }

  void come_to_next_span() {
    std::int64_t next =
        far_.empty() ? std::numeric_limits<std::int64_t>::max() : span_of(far_.front());
    if (waiting_ > 0) {
      std::int64_t span = current_ + 1;
      while (kept(span).empty()) ++span;
      next = std::min(next, span);
    }
    current_ = next;
    now_.swap(kept(current_));
    waiting_ -= now_.size();
    std::make_heap(now_.begin(), now_.end(), std::greater<>());
    while (!far_.empty() && span_of(far_.front()) == current_) push(now_, pop(far_));
  }

  std::int64_t current_ = -1;
  std::vector<Entry> now_;  // a heap: of the current span, and what was added before it
  std::array<std::vector<Entry>, spans_kept> spans_;  // by span, modulo: of the next ones
  std::size_t waiting_ = 0;                           // in spans_
  std::vector<Entry> far_;  // a heap; of later spans, or of those that were so when it was added
};

}  // namespace mq::sim
