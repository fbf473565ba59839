#include "sim/link/lane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/pipe.h"

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) { return Instant(since_start); }

struct Link {
  Link(LinkDirection plain, Parts parts, Lane::Leads leads = Lane::Leads::up)
      : state(std::make_shared<const Parts>(std::move(parts)), Rng(1), shared),
        lane(plain, state, leads, Rng(1)) {}
  Passage send(Duration when, std::size_t bytes = 100) {
    return lane.send(at(when), bytes, chance).passage;
  }
  SharedBursts shared{Rng(1)};
  State state;
  Lane lane;
  Chance chance;
};

TEST(Lane, WithoutPartsOfItsOwnItDoesWhatAPipeDoes) {
  const LinkDirection plain{.bits_per_second = 1e5, .queue_packets = 10, .delay = 50ms};
  Link link(plain, {.up = {.queue_bytes = 1'000'000}});
  Pipe pipe(plain, Rng(1));
  Chance chance;
  Rng rng(9);
  Instant now{};
  for (int i = 0; i < 5000; ++i) {
    now += Duration(rng.below(30'000'000));
    const std::size_t bytes = 40 + rng.below(1400);
    const Passage one = link.lane.send(now, bytes, link.chance).passage;
    const Passage other = pipe.send(now, bytes, chance);
    ASSERT_EQ(one.fate, other.fate) << i;
    if (one.fate == Fate::arrives) {
      ASSERT_EQ(one.arrival, other.arrival) << i;
    }
  }
}

TEST(Lane, ADelayThatIsDrawnKeepsTheOrderUnlessReorderingIsAskedFor) {
  for (const bool reorders : {false, true}) {
    Link link(
        {}, {.up = {.delay = DelayModel{Distribution::uniform(0.01, 0.2)}, .reorders = reorders}});
    Instant last{};
    int overtaken = 0;
    for (int i = 0; i < 1000; ++i) {
      const Instant arrival = link.send(10ms * i).arrival;
      overtaken += arrival < last;
      last = arrival;
    }
    EXPECT_EQ(overtaken > 0, reorders);
  }
}

TEST(Lane, DelaysThatAreFarApartHaveTheirDistribution) {
  Link link({}, {.up = {.delay = DelayModel{
                            Distribution::quantiles({{0.05, 0.1}, {0.5, 0.4}, {0.95, 2}}), 0.5}}});
  std::vector<double> delays;
  for (int i = 0; i < 20'000; ++i)
    delays.push_back(seconds(link.send(10s * i).arrival - at(10s * i)));
  std::sort(delays.begin(), delays.end());
  EXPECT_NEAR(delays[1000], 0.1, 0.01);
  EXPECT_NEAR(delays[10'000], 0.4, 0.02);
  EXPECT_NEAR(delays[19'000], 2, 0.1);
}

TEST(Lane, APacketWaitsForTheRadioAndTheOnesBehindItToo) {
  const RadioModel radio{.promotion = Distribution::fixed(2), .tail = 10s};
  Link link({.bits_per_second = 8000, .delay = 10ms}, {.radio = radio});
  EXPECT_EQ(link.send(0s).arrival, at(2110ms));
  EXPECT_EQ(link.send(1s).arrival, at(2210ms));
  EXPECT_EQ(link.send(5s).arrival, at(5110ms));
  EXPECT_EQ(link.send(20s).arrival, at(22110ms));
}

TEST(Lane, WhatASleepingDeviceMissesIsKeptOrLost) {
  for (const bool keeps : {true, false}) {
    const RadioModel radio{
        .tail = 1s, .sleep = RadioModel::Sleep{.awake = 1s, .period = 60s, .network_keeps = keeps}};
    Link link({}, {.radio = radio}, Lane::Leads::down);
    const Passage asleep = link.send(10s);
    EXPECT_EQ(asleep.fate, keeps ? Fate::asleep : Fate::unreachable);
    EXPECT_EQ(asleep.arrival, at(60s));
    EXPECT_EQ(link.send(60s).fate, Fate::arrives);
  }
}

TEST(Lane, PartsDrawFromStreamsOfTheirOwn) {
  const auto losses = [](Parts parts) {
    Link link({.loss = 0.1}, std::move(parts));
    std::vector<int> lost;
    for (int i = 0; i < 1000; ++i)
      if (link.send(1s * i).fate == Fate::lost) lost.push_back(i);
    return lost;
  };
  const auto alone = losses({.up = {.queue_time = 1h}});
  EXPECT_GT(alone.size(), 50u);
  EXPECT_EQ(losses({.up = {.delay = DelayModel{Distribution::uniform(0, 1)}}}), alone);
  EXPECT_EQ(losses({.radio = RadioModel{.promotion = Distribution::uniform(0, 1)}}), alone);
}

TEST(Lane, DevicesThatShareTheirBurstsAreLostTogether) {
  for (const bool is_shared : {true, false}) {
    const auto parts = std::make_shared<const Parts>(Parts{
        .up = {.bursts = BurstModel{.to_bad = 0.01, .to_good = 0.02, .is_shared = is_shared}}});
    SharedBursts shared(Rng(1));
    State one(parts, Rng(1), shared), two(parts, Rng(2), shared);
    Lane first({}, one, Lane::Leads::up, Rng(1)), second({}, two, Lane::Leads::up, Rng(2));
    Chance chance;
    int differ = 0;
    for (int i = 0; i < 10'000; ++i)
      differ += first.send(at(1s * i), 100, chance).passage.fate !=
                second.send(at(1s * i), 100, chance).passage.fate;
    EXPECT_EQ(differ < 400, is_shared) << differ;
  }
}

TEST(Lane, APlainDirectionGetsNone) {
  SharedBursts shared(Rng(1));
  EXPECT_EQ(make_lane({}, nullptr, Lane::Leads::up, Rng(1)), nullptr);
  State only_down(std::make_shared<const Parts>(Parts{.down = {.codel = true}}), Rng(1), shared);
  EXPECT_EQ(make_lane({}, &only_down, Lane::Leads::up, Rng(1)), nullptr);
  EXPECT_NE(make_lane({}, &only_down, Lane::Leads::down, Rng(1)), nullptr);
  State border(std::make_shared<const Parts>(Parts{.roams = true}), Rng(1), shared);
  EXPECT_EQ(make_lane({}, &border, Lane::Leads::up, Rng(1)), nullptr);
}

}  // namespace
}  // namespace mq::sim::link
