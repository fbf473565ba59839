#include "gate/statistics.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/rng.h"

namespace mq::gate {
namespace {

using Values = std::vector<double>;

TEST(RankTest, FiveAgainstFiveApartAreTwoOfTheTwoHundredAndFiftyTwoOrders) {
  const RankTest up = rank_test(Values{1, 2, 3, 4, 5}, Values{6, 7, 8, 9, 10});
  EXPECT_NEAR(up.p, 2.0 / 252, 1e-12);
  EXPECT_EQ(up.effect, 1);
  const RankTest down = rank_test(Values{6, 7, 8, 9, 10}, Values{1, 2, 3, 4, 5});
  EXPECT_NEAR(down.p, 2.0 / 252, 1e-12);
  EXPECT_EQ(down.effect, -1);
}

// Counted by hand: of the ten ways to place two of five values, those with a rank sum of 3 or of 9
// are as far from 6 as {1, 2} is; there is one of each.
TEST(RankTest, CountsTheOrdersOfThreeAndTwo) {
  const RankTest test = rank_test(Values{3, 4, 5}, Values{1, 2});
  EXPECT_NEAR(test.p, 0.2, 1e-12);
}

// Ranks 1.5 1.5 3.5 3.5: two of the six pairs have a sum of 3 or 7, with one order each.
TEST(RankTest, TiesShareTheirRank) {
  const RankTest test = rank_test(Values{1, 1}, Values{2, 2});
  EXPECT_NEAR(test.p, 2.0 / 6, 1e-12);
  EXPECT_EQ(test.effect, 1);
  EXPECT_EQ(rank_test(Values{1, 2}, Values{1, 2}).effect, 0);
}

TEST(RankTest, EqualValuesDoNotDiffer) {
  EXPECT_EQ(rank_test(Values(20, 7.0), Values(20, 7.0)).p, 1);
  EXPECT_EQ(rank_test(Values(200, 7.0), Values(200, 7.0)).p, 1);
  EXPECT_EQ(rank_test(Values{}, Values{1}).p, 1);
  EXPECT_EQ(rank_test(Values{1}, Values{}).effect, 0);
}

TEST(RankTest, TheApproximationContinuesTheExactTestWhereThatEnds) {
  Rng rng(7);
  for (int round = 0; round < 20; ++round) {
    Values before, after;
    for (std::size_t i = 0; i < exact_values_max / 2; ++i) {
      before.push_back(static_cast<double>(rng.below(50)));
      after.push_back(static_cast<double>(rng.below(50)) + round);
    }
    const double exact = rank_test(before, after).p;
    // Two values more, one at each end, are beyond what is counted exactly and move nothing.
    before.push_back(-1);
    before.push_back(1000);
    const double approximate = rank_test(before, after).p;
    EXPECT_NEAR(exact, approximate, 0.04) << round;
  }
}

TEST(RankTest, CallsEqualsDifferentAsOftenAsItSays) {
  Rng rng(1);
  int called = 0;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    Values before, after;
    for (int i = 0; i < 10; ++i) {
      before.push_back(static_cast<double>(rng.below(1'000'000)));
      after.push_back(static_cast<double>(rng.below(1'000'000)));
    }
    if (rank_test(before, after).p < 0.05) ++called;
  }
  EXPECT_GT(called, rounds * 0.03);
  EXPECT_LT(called, rounds * 0.065);
}

// The lady tasting tea (Fisher 1935): all four of four cups right by chance once in seventy times,
// three or more in seventeen of seventy.
TEST(MoreOften, KnowsTheLadyTastingTea) {
  EXPECT_NEAR(more_often({0, 4}, {4, 4}), 1.0 / 70, 1e-9);
  EXPECT_NEAR(more_often({1, 4}, {3, 4}), 17.0 / 70, 1e-9);
}

TEST(MoreOften, NothingIsNotMoreThanNothing) {
  EXPECT_NEAR(more_often({0, 30}, {0, 30}), 1, 1e-9);
  EXPECT_NEAR(more_often({30, 30}, {0, 30}), 1, 1e-9);
  EXPECT_LT(more_often({0, 30}, {12, 30}), 0.001);
}

TEST(Middle, IsOfTheValuesInOrder) {
  EXPECT_EQ(median(Values{3, 1, 2}), 2);
  EXPECT_EQ(median(Values{4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median(Values{}), 0);
  EXPECT_EQ(mean(Values{1, 2, 6}), 3);
  EXPECT_EQ(mean(Values{}), 0);
}

// For n = 10 the table of the sign test gives the second and the ninth value: 97.9 %.
TEST(MedianInterval, IsThatOfTheSignTest) {
  const std::vector<double> values{10, 3, 7, 1, 9, 4, 2, 8, 6, 5};
  const Interval interval = median_interval(values);
  EXPECT_EQ(interval.low, 2);
  EXPECT_EQ(interval.high, 9);
  EXPECT_NEAR(interval.confidence, 0.9785, 1e-4);
}

TEST(MedianInterval, OfTooFewValuesIsAllOfThemAndSaysHowSureThatIs) {
  const std::vector<double> values{3, 1, 2};
  const Interval interval = median_interval(values);
  EXPECT_EQ(interval.low, 1);
  EXPECT_EQ(interval.high, 3);
  EXPECT_NEAR(interval.confidence, 0.75, 1e-9);
  EXPECT_EQ(median_interval(std::vector<double>{5}).low, 5);
  EXPECT_EQ(median_interval(std::vector<double>{}).confidence, 0);
}

}  // namespace
}  // namespace mq::gate
