#include "sim/link/outages.h"

#include <gtest/gtest.h>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) { return Instant(since_start); }

TEST(Outages, ByChanceHaveTheirMeans) {
  for (const Distribution& length :
       {Distribution::exponential(2), Distribution::uniform(1, 3), Distribution::fixed(2)}) {
    const OutageModel model{.between = Distribution::exponential(10), .length = length};
    Outages outages(model, Rng(1));
    Instant after{};
    Duration out{};
    for (int i = 0; i < 20'000; ++i) {
      const auto outage = outages.next(after);
      ASSERT_TRUE(outage);
      ASSERT_GT(outage->begin, after);
      out += outage->end - outage->begin;
      after = outage->end;
    }
    EXPECT_NEAR(seconds(out) / 20'000, 2, 0.05);
    EXPECT_NEAR(seconds(after - Instant{}) / 20'000, 12, 0.3);
  }
}

TEST(Outages, ByATimetableComeWhenItSaysAndAgainInEachPeriod) {
  OutageModel model{.timetable = {{.at = 1s, .length = 100ms}, {.at = 5s, .length = 2s}}};
  Outages once(model, Rng(1));
  EXPECT_EQ(once.next(at(0s))->begin, at(1s));
  EXPECT_EQ(once.next(at(1s))->end, at(7s));
  EXPECT_FALSE(once.next(at(7s)));
  model.period = 15s;
  Outages again(model, Rng(1));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(again.next({})->begin, at(15s * i + 1s));
    EXPECT_EQ(again.next({})->begin, at(15s * i + 5s));
  }
}

}  // namespace
}  // namespace mq::sim::link
