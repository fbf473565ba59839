#include "conformance/checks/costs.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class CostsTest : public testing::Test {
 protected:
  CostsTest() {
    trace.run().faults.push_back({"cut", "sensor", {0}});
    trace.run().faults.push_back({"slow", "sensor", {0}});
    trace.run().faults.push_back({"disk", "broker", {}});
    sensor = trace.add_client({.id = "sensor", .group = "sensors"});
    meter = trace.add_client({.id = "meter", .group = "meters"});
    trace.broker_starts();
    trace.connects(sensor).connects(meter);
  }
  void expect(trace::Expectation one) { trace.run().expectations.push_back(std::move(one)); }
  void spends(ClientIndex client, std::uint64_t up, std::uint64_t down) {
    trace.happens(trace::Spent{client, up, down, Duration(2min), 1'500'000});
  }
  TraceBuilder trace;
  ClientIndex sensor{}, meter{};
};

TEST_F(CostsTest, OfAGroupAreSummedUpAndLimitsAreOfEachClient) {
  expect({.id = "bytes", .argument = "up", .most = 1000, .group = "sensors"});
  expect({.id = "bytes", .argument = "both", .most = 1000});
  expect({.id = "radio", .below = 2min});
  expect({.id = "energy", .most = 1'500'001});
  spends(sensor, 999, 1);
  spends(meter, 0, 999);
  const Judgement judged = trace.judged();
  EXPECT_EQ(finding(judged, "bytes-up-sensors").verdict, Verdict::held);
  EXPECT_EQ(finding(judged, "bytes").verdict, Verdict::broken) << "1,000 is not below 1,000";
  EXPECT_EQ(finding(judged, "bytes").broken, 1u);
  EXPECT_EQ(finding(judged, "bytes").measured, "most 1,000 B");
  EXPECT_EQ(finding(judged, "radio").verdict, Verdict::broken);
  EXPECT_EQ(finding(judged, "energy").verdict, Verdict::held);
  EXPECT_EQ(finding(judged, "energy").measured, "most 1.5 J");
  ASSERT_EQ(judged.costs.rows.size(), 2u);
  EXPECT_EQ(judged.costs.rows[1].bytes_down, 999u);
  EXPECT_EQ(judged.costs.rows[0].radio_on, 2min);
}

TEST_F(CostsTest, WithoutATraceThatTellsOfThemNothingIsMeasured) {
  expect({.id = "bytes", .argument = "both", .most = 1000});
  const Judgement judged = trace.judged();
  EXPECT_EQ(finding(judged, "bytes").verdict, Verdict::not_tried);
  EXPECT_FALSE(judged.costs.has_traffic);
}

TEST_F(CostsTest, TheFirstConnectionIsNoReconnect) {
  expect({.id = "reconnects", .most = 2});
  trace.after(1s).loses_link(sensor).after(1s).connects(sensor);
  EXPECT_EQ(finding(trace.judged(), "reconnects").verdict, Verdict::held);
  trace.after(1s).loses_link(sensor).after(1s).connects(sensor);
  const Judgement judged = trace.judged();
  EXPECT_EQ(finding(judged, "reconnects").verdict, Verdict::broken);
  EXPECT_EQ(judged.costs.rows[0].reconnects, 2u);
  EXPECT_EQ(judged.costs.rows[1].reconnects, 0u);
}

TEST_F(CostsTest, AfterAnOutageTheNextMessageCounts) {
  expect({.id = "first_message", .percentile = 100, .below = 4s});
  trace.happens(trace::FaultBegan{0}).after(10s);
  trace.happens(trace::FaultEnded{0}).after(3s);
  trace.publishes(sensor, "t", Qos::at_least_once);
  trace.after(60s).publishes(sensor, "t", Qos::at_least_once);
  const Judgement judged = trace.judged();
  EXPECT_EQ(judged.costs.first_message.count(), 1u);
  EXPECT_EQ(finding(judged, "first-message-p100").verdict, Verdict::held);
  EXPECT_EQ(finding(judged, "first-message-p100").promise,
            "After all outages of a client, its next message comes through within 4 s.");
}

TEST_F(CostsTest, OnlyTheLastOfOverlappingOutagesCountsAndOnlyOfWhoItTouched) {
  trace.happens(trace::FaultBegan{0}).happens(trace::FaultBegan{0, sensor}).after(10s);
  trace.happens(trace::FaultEnded{0}).after(5s);
  trace.publishes(meter, "t", Qos::at_least_once);
  trace.publishes(sensor, "t", Qos::at_least_once);
  EXPECT_EQ(trace.judged().costs.first_message.count(), 0u);
  trace.happens(trace::FaultEnded{0, sensor}).after(1s);
  trace.publishes(sensor, "t", Qos::at_least_once);
  EXPECT_EQ(trace.judged().costs.first_message.count(), 1u);
}

TEST_F(CostsTest, AnOutageWithinAFullDiskIsOverWhenTheDiskHasRoomAgain) {
  trace.happens(trace::FaultBegan{2}).happens(trace::FaultBegan{0, sensor}).after(10s);
  trace.happens(trace::FaultEnded{0, sensor}).after(5min);
  trace.happens(trace::FaultEnded{2}).after(3s);
  trace.publishes(sensor, "t", Qos::at_least_once);
  const Judgement judged = trace.judged();
  EXPECT_EQ(judged.costs.first_message.count(), 1u);
  EXPECT_LT(judged.costs.first_message.max(), 4s);
}

TEST_F(CostsTest, AFaultThatOnlySlowsIsNoOutage) {
  trace.happens(trace::FaultBegan{1}).after(10s).happens(trace::FaultEnded{1});
  trace.publishes(sensor, "t", Qos::at_least_once);
  EXPECT_EQ(trace.judged().costs.first_message.count(), 0u);
}

}  // namespace
}  // namespace mq::checks
