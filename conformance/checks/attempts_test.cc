#include "conformance/checks/attempts.h"

#include <gtest/gtest.h>

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using trace::ClientIndex;
using trace::Stamp;

Stamp stamp(std::uint32_t client, std::uint64_t number) {
  return {.publisher = ClientIndex{client}, .number = number};
}

void add(Attempts& attempts, std::uint32_t client, std::uint64_t number, Duration at) {
  attempts.add(stamp(client, number), Instant(at));
}

TEST(Attempts, AreRememberedUpToTheLimitAndTheOldestIsForgotten) {
  Attempts attempts(2, 6, 0);  // three of each
  for (std::uint64_t number = 1; number <= 3; ++number)
    add(attempts, 0, number, static_cast<Duration::rep>(number) * 1s);
  EXPECT_EQ(attempts.of(stamp(0, 1)), Instant(1s));
  EXPECT_FALSE(attempts.is_forgotten(stamp(0, 1)));
  add(attempts, 0, 4, 4s);
  EXPECT_EQ(attempts.of(stamp(0, 1)), std::nullopt);
  EXPECT_TRUE(attempts.is_forgotten(stamp(0, 1)));
  EXPECT_EQ(attempts.of(stamp(0, 2)), Instant(2s));
  EXPECT_EQ(attempts.of(stamp(0, 4)), Instant(4s));
}

TEST(Attempts, OfOneClientPushOutNobodyElses) {
  Attempts attempts(2, 2, 1);
  add(attempts, 1, 7, 1s);
  for (std::uint64_t number = 1; number <= 100; ++number) add(attempts, 0, number, 2s);
  EXPECT_EQ(attempts.of(stamp(1, 7)), Instant(1s));
}

TEST(Attempts, OfNobodyAndOfWillsAreNone) {
  Attempts attempts(1, 10);
  add(attempts, 3, 1, 1s);
  add(attempts, 0, 1, 1s);
  EXPECT_EQ(attempts.of(stamp(3, 1)), std::nullopt);
  EXPECT_EQ(attempts.of(stamp(0, 2)), std::nullopt);
  Stamp will = stamp(0, 1);
  will.origin = Stamp::Origin::will;
  EXPECT_EQ(attempts.of(will), std::nullopt);
}

}  // namespace
}  // namespace mq::checks
