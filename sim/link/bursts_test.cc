#include "sim/link/bursts.h"

#include <gtest/gtest.h>

namespace mq::sim::link {
namespace {

struct Seen {
  double loss = 0, burst_mean = 0;
};
Seen run(const BurstModel& model) {
  Chance chance;
  Bursts bursts(model, Rng(5));
  int lost = 0, begun = 0;
  bool last = false;
  constexpr int count = 400'000;
  for (int i = 0; i < count; ++i) {
    const bool loses = bursts.loses_next({}, chance);
    lost += loses;
    begun += loses && !last;
    last = loses;
  }
  return {lost / double{count}, lost / std::max(1.0, double(begun))};
}

TEST(Bursts, LossAndTheLengthOfBurstsFollowFromTheSteps) {
  const BurstModel leo{.to_bad = 0.002, .to_good = 0.059};
  EXPECT_NEAR(leo.mean_loss(), 0.0328, 0.0001);
  EXPECT_NEAR(run(leo).loss, leo.mean_loss(), 0.003);
  EXPECT_NEAR(run(leo).burst_mean, 1 / 0.059, 1);
  const BurstModel single{.to_bad = 0.01, .to_good = 1};
  EXPECT_NEAR(run(single).loss, 0.01 / 1.01, 0.001);
  EXPECT_NEAR(run(single).burst_mean, 1, 0.001);
}

TEST(Bursts, EachStateHasALossOfItsOwn) {
  const BurstModel model{.to_bad = 0.1, .to_good = 0.3, .loss_in_good = 0.02, .loss_in_bad = 0.5};
  EXPECT_NEAR(model.mean_loss(), 0.25 * 0.5 + 0.75 * 0.02, 1e-12);
  EXPECT_NEAR(run(model).loss, model.mean_loss(), 0.003);
  EXPECT_EQ(run({.to_bad = 0, .to_good = 0.5}).loss, 0);
}

// Probes every 10 ms see what the steps say; a message a minute sees the same loss, but no bursts.
TEST(Bursts, ThatStepInTimeLastAsLongHoweverSeldomPacketsAre) {
  using namespace std::chrono_literals;
  const BurstModel model{.to_bad = 0.01, .to_good = 0.05, .every = 10ms};
  for (const Duration between : {Duration(10ms), Duration(1min)}) {
    Chance chance;
    Bursts bursts(model, Rng(3));
    int lost = 0, begun = 0;
    bool last = false;
    for (int i = 0; i < 200'000; ++i) {
      const bool loses = bursts.loses_next(Instant(between * i), chance);
      lost += loses;
      begun += loses && !last;
      last = loses;
    }
    EXPECT_NEAR(lost / 200'000.0, model.mean_loss(), 0.01);
    EXPECT_NEAR(lost / double(begun), between == 10ms ? 20 : 1.2, between == 10ms ? 2 : 0.05);
  }
}

}  // namespace
}  // namespace mq::sim::link
