#include "conformance/checks/interval_set.h"

#include <algorithm>

namespace mq::checks {

void IntervalSet::add(std::uint64_t number, std::uint64_t before) {
  auto next = intervals_.end();
  while (next != intervals_.begin() && std::prev(next)->first > number) --next;
  const bool has_previous = next != intervals_.begin();
  if (has_previous && std::prev(next)->last >= number) return;
  const bool joins_next = next != intervals_.end() && next->before == number;
  if (has_previous && before != 0 && std::prev(next)->last == before) {
    if (joins_next) {
      std::prev(next)->last = next->last;
      intervals_.erase(next);
    } else {
      std::prev(next)->last = number;
    }
    return;
  }
  if (joins_next) {
    next->first = number;
    next->before = before;
    return;
  }
  intervals_.insert(next, Interval{number, number, before});
  if (intervals_.size() > intervals_max) {
    unknown_upto_ = std::max(unknown_upto_, intervals_[1].last);
    intervals_[1].first = intervals_[0].first;
    intervals_[1].before = intervals_[0].before;
    intervals_.erase(intervals_.begin());
  }
}

IntervalSet::Holds IntervalSet::holds(std::uint64_t number) const {
  if (number <= unknown_upto_) return Holds::unknown;
  auto after = std::upper_bound(
      intervals_.begin(), intervals_.end(), number,
      [](std::uint64_t wanted, const Interval& interval) { return wanted < interval.first; });
  if (after == intervals_.begin()) return Holds::no;
  return std::prev(after)->last >= number ? Holds::yes : Holds::no;
}

}  // namespace mq::checks
