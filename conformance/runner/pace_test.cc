#include "conformance/runner/pace.h"

#include <gtest/gtest.h>

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

// How many connections are opened from `begin` on in so long, each as soon as it may be.
int opened_in(Pace& pace, Instant begin, Duration span) {
  int opened = 0;
  for (Instant now = begin; now < begin + span; now += 1ms)
    while (pace.may_begin(0, now)) {
      pace.on_opened(1, now);
      ++opened;
    }
  return opened;
}

TEST(Pace, OpensAsManyASecondAsItMayAndATenthMoreAtTheBeginning) {
  Pace pace({.per_second = 100});
  EXPECT_EQ(opened_in(pace, Instant{}, 1s), 110);
  EXPECT_EQ(opened_in(pace, Instant{1s}, 1s), 100);
}

TEST(Pace, WhatACaseOpensBeyondItsShareIsMadeUpFor) {
  Pace pace({.per_second = 100});
  pace.on_opened(61, Instant{});
  EXPECT_FALSE(pace.may_begin(0, Instant{}));
  const auto next = pace.next(Instant{});
  ASSERT_TRUE(next);
  EXPECT_NEAR(seconds(*next - Instant{}), 0.51, 0.01);
  EXPECT_FALSE(pace.may_begin(0, *next - 10ms));
  EXPECT_TRUE(pace.may_begin(0, *next));
}

TEST(Pace, SoManyAreOpenAndNotOneMore) {
  Pace pace({.per_second = 0, .at_once = 3});
  EXPECT_TRUE(pace.may_begin(2, Instant{}));
  EXPECT_FALSE(pace.may_begin(3, Instant{}));
  EXPECT_FALSE(pace.next(Instant{})) << "time alone does not help";
}

TEST(Pace, WithoutALimitNothingWaits) {
  Pace pace({.per_second = 0});
  pace.on_opened(100'000, Instant{});
  EXPECT_TRUE(pace.may_begin(0, Instant{}));
}

TEST(Pace, WhoIsTurnedAwayRestsASecondAndGoesOnMoreSlowly) {
  Pace pace({.per_second = 100, .at_once = 60});
  pace.slow_down(Instant{});
  EXPECT_FALSE(pace.may_begin(0, Instant{} + 999ms));
  EXPECT_EQ(*pace.next(Instant{} + 10ms), Instant{1s});
  EXPECT_TRUE(pace.may_begin(41, Instant{1s}));
  EXPECT_FALSE(pace.may_begin(42, Instant{1s}));
  opened_in(pace, Instant{1s}, 1s);
  EXPECT_EQ(opened_in(pace, Instant{2s}, 1s), 70);
}

TEST(Pace, SeveralRefusalsAtOnceAreOneAndThePaceDoesNotComeToAStop) {
  Pace pace({.per_second = 100});
  pace.slow_down(Instant{});
  pace.slow_down(Instant{} + 999ms);
  EXPECT_EQ(pace.limits().per_second, 70);
  for (int i = 1; i < 20; ++i) pace.slow_down(Instant{std::chrono::seconds(i)});
  EXPECT_EQ(pace.limits().per_second, 20);
  Pace any({.per_second = 0});
  any.slow_down(Instant{});
  EXPECT_EQ(any.limits().per_second, 700);
}

}  // namespace
}  // namespace mq::conformance
