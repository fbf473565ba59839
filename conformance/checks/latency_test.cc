#include "conformance/checks/latency.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

double ratio(std::optional<Duration> measured, Duration exact) {
  return measured ? seconds(*measured) / seconds(exact) : 0;
}

TEST(LatencyHistogram, AnEmptyOneHasNoPercentile) {
  EXPECT_EQ(LatencyHistogram().percentile(50), std::nullopt);
  EXPECT_EQ(LatencyHistogram().max(), std::nullopt);
}

TEST(LatencyHistogram, PercentilesAreExactToABin) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i * 1ms);
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
    const auto exact = std::chrono::duration_cast<Duration>(percent * 10 * 1ms);
    EXPECT_NEAR(ratio(histogram.percentile(percent), exact), 1,
                LatencyHistogram::relative_error_max)
        << percent;
  }
  EXPECT_EQ(histogram.percentile(100), 1000ms);
  EXPECT_EQ(histogram.max(), 1000ms);
}

TEST(LatencyHistogram, OneValueIsEveryPercentile) {
  LatencyHistogram histogram;
  histogram.record(123456789ns);
  for (const double percent : {0.0, 50.0, 100.0})
    EXPECT_EQ(histogram.percentile(percent), 123456789ns);
}

TEST(LatencyHistogram, TakesWhatIsBelowAndAboveItsAxis) {
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
  EXPECT_NEAR(ratio(low.percentile(50), 10ms), 1, LatencyHistogram::relative_error_max);
  EXPECT_EQ(low.percentile(51), 10s);
  const LatencyHistogram copy = low;
  low.record(20s);
  EXPECT_EQ(copy.max(), 10s);
}

class LatencyTest : public testing::Test {
 protected:
  Finding judged(std::optional<Qos> qos, Duration took) {
    TraceBuilder trace;
    trace.run().expectations.push_back({.id = "latency",
                                        .argument = {},
                                        .qos = qos,
                                        .percentile = 99,
                                        .below = 2s,
                                        .as_written = {}});
    const auto sensor = trace.add_client({.id = "sensor"});
    const auto dashboard = trace.add_client({.id = "dashboard"});
    trace.connects(sensor).connects(dashboard);
    trace.subscribes(dashboard, "t", Qos::at_least_once);
    const auto stamp = trace.publishes(sensor, "t", Qos::at_least_once);
    trace.after(took).delivers(stamp, dashboard, Qos::at_least_once);
    judgement = trace.judged();
    return finding(judgement, qos ? "latency-p99-qos" + std::to_string(static_cast<int>(*qos))
                                  : "latency-p99");
  }
  Judgement judgement;
};

TEST_F(LatencyTest, BelowTheLimitIsHeld) {
  EXPECT_EQ(judged(std::nullopt, 1s).verdict, Verdict::held);
  EXPECT_EQ(judged(Qos::at_least_once, 1s).measured, "p99 1.03 s");
  EXPECT_EQ(judgement.ledger.totals[1].late, 0u);
}

TEST_F(LatencyTest, AboveTheLimitIsBrokenAndLate) {
  EXPECT_EQ(judged(std::nullopt, 2s).verdict, Verdict::broken);
  EXPECT_EQ(judgement.ledger.totals[1].late, 1u);
}

TEST_F(LatencyTest, AnotherQosIsNotTried) {
  EXPECT_EQ(judged(Qos::exactly_once, 1s).verdict, Verdict::not_tried);
  EXPECT_EQ(judgement.verdict, Judgement::Verdict::nothing_measured);
}

}  // namespace
}  // namespace mq::checks
