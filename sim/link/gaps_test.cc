#include "sim/link/gaps.h"

#include <gtest/gtest.h>

#include "sim/link/lane.h"

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) { return Instant(since_start); }

TEST(Gaps, ComeAsOftenAndLastAsLongAsTheySay) {
  const GapModel model{.between = Distribution::exponential(16),
                       .length = Distribution::fixed(0.04),
                       .failures = 0.1,
                       .failure_length = Distribution::uniform(1, 3)};
  Chance chance;
  Gaps gaps(model, Rng(1));
  int count = 0, failures = 0;
  for (Instant now{}; now < at(100h); ++count) {
    const Gaps::Gap gap = gaps.first_after(now, now, chance);
    EXPECT_GT(gap.end, now);
    failures += gap.is_failure;
    if (gap.is_failure) {
      EXPECT_GE(gap.end - gap.begin, 1s);
      EXPECT_LE(gap.end - gap.begin, 3s);
    } else {
      EXPECT_EQ(gap.end - gap.begin, 40ms);
    }
    now = gap.end;
  }
  EXPECT_NEAR(count, 360'000 / 16.24, 500);
  EXPECT_NEAR(failures / double(count), 0.1, 0.01);
}

TEST(Gaps, WhoLooksFarAheadDoesNotHideThemFromWhoLooksNear) {
  const GapModel model{.between = Distribution::exponential(10), .length = Distribution::fixed(1)};
  Chance chance;
  Gaps gaps(model, Rng(1));
  const Gaps::Gap near = gaps.first_after(at(0s), at(0s), chance);
  const Gaps::Gap far = gaps.first_after(at(1h), at(0s), chance);
  EXPECT_GT(far.end, at(1h));
  EXPECT_EQ(gaps.first_after(at(0s), at(0s), chance).begin, near.begin);
  EXPECT_EQ(gaps.first_after(near.end, near.end, chance).begin > near.end, true);
}

TEST(Gaps, PacketsWaitInAHandoverAndAreLostInAFailure) {
  for (const double failures : {0.0, 1.0}) {
    const Parts parts{.gaps = GapModel{.between = Distribution::fixed(10),
                                       .length = Distribution::fixed(1),
                                       .failures = failures,
                                       .failure_length = Distribution::fixed(1)}};
    SharedBursts shared(Rng(1));
    State state(std::make_shared<const Parts>(parts), Rng(1), shared);
    Lane lane({.bits_per_second = 8000, .delay = 100ms}, state, Lane::Leads::down, Rng(1));
    Chance chance;
    const auto send = [&](Duration when) { return lane.send(at(when), 500, chance).passage; };
    EXPECT_EQ(send(5s).arrival, at(5600ms));
    const bool waits = failures == 0;
    EXPECT_EQ(send(9800ms).fate, waits ? Fate::arrives : Fate::lost) << "interrupted";
    EXPECT_EQ(send(10500ms).fate, waits ? Fate::arrives : Fate::lost) << "within";
    if (waits) {
      EXPECT_EQ(send(10900ms).arrival, at(12400ms)) << "the third in a row";
    }
    EXPECT_EQ(send(15s).arrival, at(15600ms));
  }
}

}  // namespace
}  // namespace mq::sim::link
