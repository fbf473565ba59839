#include "sim/link/rate_trace.h"

#include <gtest/gtest.h>

#include <string>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

RateTrace trace(std::string_view text) {
  auto parsed = parse_rate_trace(text);
  const auto* fault = std::get_if<TraceFault>(&parsed);
  EXPECT_EQ(fault, nullptr) << fault->text;
  return fault == nullptr ? std::get<RateTrace>(parsed) : RateTrace{};
}

TEST(RateTrace, OpportunitiesAreMillisecondsOneALine) {
  const RateTrace read = trace("5\n5\n7\n\n2000\r\n");
  EXPECT_EQ(read.opportunities, (std::vector<Duration>{5ms, 5ms, 7ms, 2s}));
  EXPECT_EQ(read.period, 2s);
  EXPECT_EQ(read.mean_bits_per_second(), 4 * 12000 / 2.0);
  ASSERT_EQ(read.gaps(100ms).size(), 1u);
  EXPECT_EQ(read.gaps(100ms)[0].at, 7ms);
  EXPECT_EQ(read.gaps(100ms)[0].length, 1993ms);
  EXPECT_TRUE(read.gaps(1993ms).empty()) << "longer than, not as long as";
  EXPECT_EQ(read.per_second(), (std::vector<double>{36000, 0}));
}

TEST(RateTrace, RatesAreSecondsAndMegabits) {
  for (const char* text :
       {"0,2\n1,0\n3,4\n", "time,Mbit/s\n10 2\n11\t0\n13;4\n", "# x\n0, 2\n1, 0\n3, 4"}) {
    const RateTrace read = trace(text);
    ASSERT_EQ(read.steps.size(), 3u) << text;
    EXPECT_EQ(read.steps[2].at, 3s);
    EXPECT_EQ(read.steps[2].bits_per_second, 4e6);
    EXPECT_EQ(read.period, 5s) << "the last step is as long as the one before";
    EXPECT_NEAR(read.mean_bits_per_second(), (2e6 + 2 * 4e6) / 5, 1e-6);
    ASSERT_EQ(read.gaps(1s).size(), 1u);
    EXPECT_EQ(read.gaps(1s)[0].length, 2s);
    EXPECT_EQ(read.per_second(), (std::vector<double>{2e6, 0, 0, 4e6, 4e6}));
  }
}

TEST(RateTrace, WhatIsNoTraceIsRefusedWithItsLine) {
  const auto refused = [](std::string_view text, std::size_t line, std::string_view why) {
    const auto parsed = parse_rate_trace(text);
    ASSERT_TRUE(std::holds_alternative<TraceFault>(parsed)) << text;
    EXPECT_EQ(std::get<TraceFault>(parsed).line, line) << text;
    EXPECT_NE(std::get<TraceFault>(parsed).text.find(why), std::string::npos)
        << std::get<TraceFault>(parsed).text;
  };
  refused("", 0, "empty");
  refused("time,Mbit/s\n", 1, "empty");
  refused("1\n2\n1\n", 3, "before");
  refused("0,1\n0,2\n", 2, "after");
  refused("0,1\n1\n", 2, "columns");
  refused("0,1,2\n", 1, "a time");
  refused("0,1\nx,2\n", 2, "numbers");
  refused("0,1\n1,-2\n", 2, "numbers");
  refused("0,1\n1,nan\n", 2, "numbers");
  refused("0,1000001\n", 1, "Mbit/s");
  refused("0,0\n1,0\n", 2, "always zero");
  refused("1e12\n", 1, "late");
}

}  // namespace
}  // namespace mq::sim::link
