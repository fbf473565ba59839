#include "base/rng.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace mq {
namespace {

// The published first outputs of SplitMix64 for the seed 1234567.
TEST(Rng, GivesTheReferenceSequence) {
  Rng rng(1234567);
  EXPECT_EQ(rng.next(), 6457827717110365317ULL);
  EXPECT_EQ(rng.next(), 3203168211198807973ULL);
  EXPECT_EQ(rng.next(), 9817491932198370423ULL);
}

TEST(Rng, AChildDependsOnSeedAndNameOnly) {
  Rng fresh(7);
  Rng used(7);
  used.next();
  EXPECT_EQ(fresh.child("sensor-1").next(), used.child("sensor-1").next());
  std::set<std::uint64_t> first_draws;
  for (const char* name : {"", "a", "b", "sensor-1", "sensor-2"})
    first_draws.insert(fresh.child(name).next());
  first_draws.insert(Rng(8).child("a").next());
  EXPECT_EQ(first_draws.size(), 6U);
}

TEST(Rng, StaysWithinItsBounds) {
  Rng rng(1);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(rng.below(3));
    double unit = rng.unit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
  }
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2}));
}

}  // namespace
}  // namespace mq
