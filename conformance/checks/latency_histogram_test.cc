#include "conformance/checks/latency_histogram.h"

#include <gtest/gtest.h>

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

constexpr double relative_error_max = 1.0 / 256;

double ratio(std::optional<Duration> measured, Duration exact) {
  return measured ? seconds(*measured) / seconds(exact) : 0;
}

TEST(LatencyHistogram, AnEmptyOneHasNoPercentile) {
  EXPECT_EQ(LatencyHistogram().percentile(50), std::nullopt);
  EXPECT_EQ(LatencyHistogram().max(), std::nullopt);
}

TEST(LatencyHistogram, IsWithinHalfAStepAndExactAtTheEnds) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i * 1ms);
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    const auto exact = std::chrono::duration_cast<Duration>(percent * 10 * 1ms);
    EXPECT_NEAR(ratio(histogram.percentile(percent), exact), 1, relative_error_max) << percent;
  }
  EXPECT_EQ(histogram.percentile(100), 1000ms);
  EXPECT_EQ(histogram.max(), 1000ms);
}

TEST(LatencyHistogram, IsWithinHalfAMicrosecondWhereStepsAreNarrower) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 200; ++i) histogram.record(i * 1us);
  for (const int percent : {10, 50, 90}) {
    const Duration exact = percent * 2us;
    EXPECT_LE(histogram.percentile(percent).value_or(0us) - exact, 500ns) << percent;
    EXPECT_GE(histogram.percentile(percent).value_or(0us) - exact, -500ns) << percent;
  }
}

TEST(LatencyHistogram, OneValueIsEveryPercentile) {
  LatencyHistogram histogram;
  histogram.record(123456789ns);
  for (const double percent : {0.0, 50.0, 100.0})
    EXPECT_EQ(histogram.percentile(percent), 123456789ns);
}

TEST(LatencyHistogram, TakesNothingAndAYear) {
  LatencyHistogram histogram;
  histogram.record(0ns);
  histogram.record(1h * 24 * 365);
  EXPECT_EQ(histogram.percentile(50), 0ns);
  EXPECT_EQ(histogram.percentile(100), 1h * 24 * 365);
}

TEST(LatencyHistogram, TwoAddUp) {
  LatencyHistogram low;
  LatencyHistogram high;
  for (int i = 0; i < 50; ++i) {
    low.record(10ms);
    high.record(10s);
  }
  low.merge(high);
  EXPECT_EQ(low.count(), 100u);
  EXPECT_NEAR(ratio(low.percentile(50), 10ms), 1, relative_error_max);
  EXPECT_NEAR(ratio(low.percentile(51), 10s), 1, relative_error_max);
  const LatencyHistogram copy = low;
  low.record(20s);
  EXPECT_EQ(copy.max(), 10s);
}

}  // namespace
}  // namespace mq::checks
