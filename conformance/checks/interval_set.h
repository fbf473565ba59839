// Which numbers of a stream have been seen, in room that does not grow with the run. The numbers
// of one stream ascend but leave gaps (other streams of the same publisher use them), so neighbours
// are told by whoever adds: `before` is the number that precedes `number` in its stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mq::checks {

class IntervalSet {
 public:
  // Beyond so many intervals the two oldest become one, and what lies below its end is no longer
  // known exactly.
  static constexpr std::size_t intervals_max = 64;

  // `before` 0: the first of its stream, or not known. Numbers start at 1.
  void add(std::uint64_t number, std::uint64_t before);

  enum class Holds : std::uint8_t { no, yes, unknown };
  Holds holds(std::uint64_t number) const;

  bool empty() const { return intervals_.empty(); }
  std::size_t intervals() const { return intervals_.size(); }

 private:
  struct Interval {
    std::uint64_t first;
    std::uint64_t last;
    std::uint64_t before;  // the stream's number before `first`
  };
  std::vector<Interval> intervals_;  // ascending
  std::uint64_t unknown_upto_ = 0;
};

}  // namespace mq::checks
