#include "conformance/checks/latency.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

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

TEST_F(LatencyTest, TheHundredthPercentileIsCalledTheLongest) {
  LatencyHistogram all[3];
  all[0].record(3s);
  const trace::Expectation expectation = {.id = "latency",
                                          .argument = {},
                                          .qos = std::nullopt,
                                          .percentile = 100,
                                          .below = 2s,
                                          .as_written = {}};
  const Finding longest = judge_latency(expectation, all);
  EXPECT_EQ(longest.promise, "All messages arrive within 2 s of being published.");
  EXPECT_EQ(longest.limit, "longest below 2 s");
  EXPECT_EQ(longest.measured, "longest 3 s");
}

TEST_F(LatencyTest, AnotherQosIsNotTried) {
  EXPECT_EQ(judged(Qos::exactly_once, 1s).verdict, Verdict::not_tried);
  EXPECT_EQ(judgement.verdict, Judgement::Verdict::nothing_measured);
}

}  // namespace
}  // namespace mq::checks
