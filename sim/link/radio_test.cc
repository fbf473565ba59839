#include "sim/link/radio.h"

#include <gtest/gtest.h>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) { return Instant(since_start); }

RadioModel lte() {
  return {.promotion = Distribution::fixed(0.35),
          .paging = Distribution::fixed(0.5),
          .tail = 10s,
          .drx_after = 200ms,
          .drx = Distribution::fixed(0.3)};
}

TEST(Radio, WhatTheDeviceSendsWaitsForTheConnectionAndNotAgainInTheTail) {
  Chance chance;
  const RadioModel model = lte();
  Radio radio(model, Rng(1));
  EXPECT_TRUE(radio.is_idle(at(0s)));
  EXPECT_EQ(radio.reach_up(at(1s), chance).at, at(1350ms));
  EXPECT_EQ(radio.reach_up(at(1100ms), chance).at, at(1350ms)) << "it is being connected";
  EXPECT_EQ(radio.reach_up(at(5s), chance).at, at(5s));
  EXPECT_EQ(radio.reach_up(at(15s), chance).at, at(15s)) << "the end of the tail still counts";
  EXPECT_EQ(radio.reach_up(at(25s + 1ns), chance).at, at(25350ms + 1ns)) << "and not one more";
  EXPECT_EQ(radio.promotions(), 2u);
}

TEST(Radio, WhatComesDownWaitsForThePagingToo) {
  Chance chance;
  const RadioModel model = lte();
  Radio radio(model, Rng(1));
  EXPECT_EQ(radio.reach_down(at(1s), chance).at, at(1850ms));
  EXPECT_EQ(radio.reach_down(at(1900ms), chance).at, at(1900ms));
  EXPECT_EQ(radio.reach_down(at(2200ms), chance).at, at(2500ms)) << "connected, but in DRX";
  EXPECT_EQ(radio.reach_down(at(2300ms), chance).at, at(2500ms)) << "in order";
  EXPECT_EQ(radio.reach_up(at(2300ms), chance).at, at(2300ms)) << "what goes up does not wait";
  EXPECT_EQ(radio.reach_down(at(12500ms), chance).at, at(12800ms)) << "the end of the tail";
  EXPECT_EQ(radio.reach_down(at(22800ms + 1ns), chance).at, at(23650ms + 1ns));
}

TEST(Radio, WhatIsOnTheAirKeepsItConnected) {
  Chance chance;
  const RadioModel model = lte();
  Radio radio(model, Rng(1));
  radio.reach_up(at(0s), chance);
  radio.is_busy_until(at(100s));
  EXPECT_FALSE(radio.is_idle(at(110s)));
  EXPECT_TRUE(radio.is_idle(at(110s + 1ns)));
  EXPECT_EQ(radio.connected_time(at(50s)), 50s - 350ms);
  EXPECT_EQ(radio.connected_time(at(1000s)), 110s - 350ms);
  radio.reach_up(at(1000s), chance);
  EXPECT_EQ(radio.connected_time(at(2000s)), 110s - 350ms + 10s);
}

TEST(Radio, ASleepingDeviceIsReachedInItsWindowsAndWhenItSpeaks) {
  Chance chance;
  const RadioModel model{.promotion = Distribution::fixed(1),
                         .tail = 5s,
                         .sleep = RadioModel::Sleep{.awake = 2s, .period = 1h}};
  Radio radio(model, Rng(1));
  EXPECT_FALSE(radio.reach_down(at(0s), chance).is_asleep);  // connected at 1 s, idle at 6 s
  EXPECT_FALSE(radio.reach_down(at(6s), chance).is_asleep);  // idle at 11 s, awake until 13 s
  const Radio::Answer asleep = radio.reach_down(at(13s), chance);
  EXPECT_TRUE(asleep.is_asleep);
  EXPECT_EQ(asleep.at, at(11s + 1h));
  EXPECT_TRUE(radio.reach_down(asleep.at - 1ns, chance).is_asleep);
  EXPECT_EQ(radio.reach_down(asleep.at, chance).at, asleep.at + 1s);
  const Instant later = at(10h);
  EXPECT_TRUE(radio.reach_down(later, chance).is_asleep);
  EXPECT_FALSE(radio.reach_up(later, chance).is_asleep);
  EXPECT_FALSE(radio.reach_down(later + 1s, chance).is_asleep) << "it has spoken";
}

}  // namespace
}  // namespace mq::sim::link
