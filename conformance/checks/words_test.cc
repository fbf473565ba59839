#include "conformance/checks/words.h"

#include <gtest/gtest.h>

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

TEST(Words, TimesAreHoursMinutesSecondsAndMilliseconds) {
  EXPECT_EQ(time_text(Instant{}), "00:00:00.000");
  EXPECT_EQ(time_text(Instant{12min + 41s + 301ms + 999us}), "00:12:41.301");
  EXPECT_EQ(time_text(Instant{168h}), "168:00:00.000");
}

TEST(Words, LengthsHaveTheUnitThatSuitsThem) {
  EXPECT_EQ(duration_text(0s), "0 s");
  EXPECT_EQ(duration_text(250us), "250 us");
  EXPECT_EQ(duration_text(340ms), "340 ms");
  EXPECT_EQ(duration_text(12400ms), "12.4 s");
  EXPECT_EQ(duration_text(90s), "90 s");
  EXPECT_EQ(duration_text(210s), "3.5 min");
  EXPECT_EQ(duration_text(3h), "3 h");
}

TEST(Words, CountsHaveCommasAndTheirNoun) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(1, "message"), "1 message");
  EXPECT_EQ(count_text(2, "message"), "2 messages");
}

TEST(Words, NumbersHaveNoZerosAtTheEnd) {
  EXPECT_EQ(number_text(99), "99");
  EXPECT_EQ(number_text(99.9), "99.9");
}

}  // namespace
}  // namespace mq::checks
