#include "conformance/checks/interval_set.h"

#include <gtest/gtest.h>

namespace mq::checks {
namespace {

using Holds = IntervalSet::Holds;

TEST(IntervalSet, NeighboursInAStreamAreOneInterval) {
  IntervalSet set;
  set.add(1, 0);
  set.add(3, 1);  // 2 belongs to another stream
  set.add(7, 3);
  EXPECT_EQ(set.intervals(), 1u);
  for (const std::uint64_t number : {1, 3, 7}) EXPECT_EQ(set.holds(number), Holds::yes);
  EXPECT_EQ(set.holds(8), Holds::no);
}

TEST(IntervalSet, AGapStaysOpenUntilItIsFilled) {
  IntervalSet set;
  set.add(2, 0);
  set.add(6, 4);
  EXPECT_EQ(set.intervals(), 2u);
  EXPECT_EQ(set.holds(4), Holds::no);
  set.add(4, 2);
  EXPECT_EQ(set.intervals(), 1u);
  EXPECT_EQ(set.holds(4), Holds::yes);
}

TEST(IntervalSet, NumbersMayComeBackwards) {
  IntervalSet set;
  for (std::uint64_t number = 10; number > 0; --number) set.add(number, number - 1);
  EXPECT_EQ(set.intervals(), 1u);
  for (std::uint64_t number = 1; number <= 10; ++number) EXPECT_EQ(set.holds(number), Holds::yes);
}

TEST(IntervalSet, AddingTwiceChangesNothing) {
  IntervalSet set;
  set.add(5, 4);
  set.add(5, 4);
  set.add(5, 0);
  EXPECT_EQ(set.intervals(), 1u);
}

TEST(IntervalSet, ForgetsTheOldestGapWhenItHasTooMany) {
  IntervalSet set;
  std::uint64_t number = 1;
  for (std::size_t i = 0; i < IntervalSet::intervals_max; ++i, number += 10)
    set.add(number, number - 1);
  EXPECT_EQ(set.intervals(), IntervalSet::intervals_max);
  EXPECT_EQ(set.holds(5), Holds::no) << "at the limit every gap is still known";
  set.add(number, number - 1);
  EXPECT_EQ(set.intervals(), IntervalSet::intervals_max);
  EXPECT_EQ(set.holds(5), Holds::unknown);
  EXPECT_EQ(set.holds(15), Holds::no);
  EXPECT_EQ(set.holds(21), Holds::yes);
}

}  // namespace
}  // namespace mq::checks
