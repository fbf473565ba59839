#include "scenarios/picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "scenarios/language/profiles.h"

namespace mq::scenario {
namespace {

TEST(Picture, ShowsTheRateAndTheRoundTripOfEveryProfile) {
  for (const Profile& profile : profiles()) {
    if (profile.is_element) continue;
    const Picture picture = picture_of(profile.link);
    ASSERT_EQ(picture.bits_per_second.size(), 24u) << profile.name;
    EXPECT_GT(*std::max_element(picture.bits_per_second.begin(), picture.bits_per_second.end()), 0)
        << profile.name;
    ASSERT_FALSE(picture.delay_seconds.empty()) << profile.name;
  }
  const Picture wired = picture_of(find_profile("wired")->link);
  EXPECT_NEAR(wired.bits_per_second[5], 100e6, 1e6);
  EXPECT_NEAR(wired.delay_seconds[5], 0.002, 0.0001);
}

TEST(Picture, ALineOfBlocksIsLogarithmicAndNothingIsABlank) {
  EXPECT_EQ(sparkline({1, 10, 100, 0, 1000}), "▁▃▆ █");
  EXPECT_EQ(sparkline({5, 5}), "██");
  EXPECT_EQ(sparkline({}), "");
  EXPECT_EQ(sparkline({0, 0}), "  ");
}

}  // namespace
}  // namespace mq::scenario
