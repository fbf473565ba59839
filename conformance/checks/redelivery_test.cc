#include "conformance/checks/redelivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class RedeliveryTest : public testing::Test {
 protected:
  RedeliveryTest() {
    trace.broker_starts();
    device = trace.add_client({.id = "device", .clean_start = false, .session_expiry = 60});
    trace.connects(device);
  }
  // The broker sends the device a message of its own.
  TraceBuilder& broker_sends(Stamp stamp, bool dup) {
    Publish publish;
    publish.topic = "t";
    publish.qos = q1;
    publish.packet_id = PacketId{7};
    publish.dup = dup;
    publish.payload = Bytes::copy(to_text(stamp));
    return trace.packet(device, End::broker, true, publish);
  }
  Finding judged() { return finding(trace.judged(), "redelivery"); }
  TraceBuilder trace;
  ClientIndex device{};
};

TEST_F(RedeliveryTest, WithoutARepetitionNothingIsTried) {
  trace.publishes(device, "t", q1);
  EXPECT_EQ(judged().verdict, Verdict::not_tried);
}

// v5 MQTT-3.3.1-1
TEST_F(RedeliveryTest, AClientThatRepeatsAMessageSaysSo) {
  for (const bool dup : {true, false}) {
    const auto stamp = trace.attempts(device, "t", q1);
    trace.sends(stamp).loses_link(device).connects(device).sends(stamp, dup);
    const auto finding = judged();
    EXPECT_EQ(finding.verdict, dup ? Verdict::held : Verdict::broken);
    if (!dup) {
      EXPECT_THAT(finding.evidence.front().text, HasSubstr("device sent the broker mess"));
    }
  }
}

// v5 MQTT-3.3.1-1
TEST_F(RedeliveryTest, ABrokerThatRepeatsAMessageSaysSo) {
  for (const bool dup : {true, false}) {
    const auto stamp = trace.publishes(device, "t", q1);
    broker_sends(stamp, false).loses_link(device).connects(device);
    broker_sends(stamp, dup);
    const auto finding = judged();
    EXPECT_EQ(finding.verdict, dup ? Verdict::held : Verdict::broken);
    if (!dup) {
      EXPECT_THAT(finding.evidence.front().text, HasSubstr("The broker sent device mess"));
    }
  }
}

TEST_F(RedeliveryTest, InANewSessionNothingIsARepetition) {
  const auto stamp = trace.attempts(device, "t", q1);
  trace.sends(stamp);
  broker_sends(stamp, false);
  trace.loses_link(device).after(2min).connects(device, {.present = false}).sends(stamp);
  broker_sends(stamp, false);
  EXPECT_EQ(judged().verdict, Verdict::not_tried);
}

TEST_F(RedeliveryTest, AnAnsweredPacketIdIsFree) {
  const auto stamp = trace.publishes(device, "t", q1);
  broker_sends(stamp, false).packet(device, End::broker, false, PubAck{PacketId{7}, {}, {}});
  broker_sends(stamp, false);
  EXPECT_EQ(judged().verdict, Verdict::not_tried);
}

TEST_F(RedeliveryTest, ABrokerThatCrashedMayNotKnowThatItSentIt) {
  const auto stamp = trace.publishes(device, "t", q1);
  broker_sends(stamp, false).broker_crashes().link_closes_at(device, End::client);
  trace.after(1s).broker_starts().connects(device);
  broker_sends(stamp, false);
  EXPECT_EQ(judged().verdict, Verdict::not_tried);
}

}  // namespace
}  // namespace mq::checks
