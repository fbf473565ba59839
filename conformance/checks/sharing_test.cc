#include "conformance/checks/sharing.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class SharingTest : public LedgerTest {
 protected:
  SharingTest() {
    other = trace.add_client({.id = "other", .clean_start = false, .session_expiry = 3600});
  }
  void all_join(Qos granted) {
    trace.connects(sensor).connects(dashboard).connects(other);
    trace.subscribes(dashboard, filter, granted).subscribes(other, filter, granted);
  }
  Verdict verdict() { return finding(judged(), "shared").verdict; }
  ClientIndex other{};
  const std::string filter = "$share/pool/fleet/+/temp";
};

// v5 MQTT-4.8.2-4
TEST_F(SharingTest, EachMessageGoesToOneMember) {
  all_join(q1);
  trace.delivers(trace.publishes(sensor, temp, q1), dashboard, q1);
  trace.delivers(trace.publishes(sensor, temp, q1), other, q1);
  EXPECT_EQ(verdict(), held);
}

TEST_F(SharingTest, AMessageForTwoMembersIsBrokenWithEachQos) {
  for (const Qos qos : {q0, q1, q2}) {
    TraceBuilder fresh;
    std::swap(trace, fresh);
    trace.broker_starts();
    sensor = trace.add_client({.id = "sensor"});
    dashboard = trace.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
    other = trace.add_client({.id = "other", .clean_start = false, .session_expiry = 3600});
    all_join(qos);
    const Stamp stamp = trace.publishes(sensor, temp, qos);
    trace.delivers(stamp, dashboard, qos).delivers(stamp, other, qos);
    EXPECT_EQ(verdict(), broken) << static_cast<int>(qos);
  }
}

TEST_F(SharingTest, WithQosOneASecondMemberMayGetItWhenTheFirstIsGone) {
  all_join(q1);
  const Stamp stamp = trace.publishes(sensor, temp, q1);
  trace.delivers(stamp, dashboard, q1).loses_link(dashboard).delivers(stamp, other, q1);
  EXPECT_EQ(verdict(), held);
}

TEST_F(SharingTest, WithQosOneAMemberThatWasGivenUpMayStillGetItsCopy) {
  all_join(q1);
  const Stamp stamp = trace.publishes(sensor, temp, q1);
  trace.link_closes_at(dashboard, End::broker, true).delivers(stamp, other, q1);
  trace.delivers(stamp, dashboard, q1);
  EXPECT_EQ(verdict(), held);
}

// v5 MQTT-4.8.2-5
TEST_F(SharingTest, WithQosTwoASecondMemberMayNot) {
  all_join(q2);
  const Stamp stamp = trace.publishes(sensor, temp, q2);
  trace.delivers(stamp, dashboard, q2).loses_link(dashboard).delivers(stamp, other, q2);
  EXPECT_EQ(verdict(), broken);
}

TEST_F(SharingTest, AMessageForNobodyIsLost) {
  all_join(q1);
  trace.publishes(sensor, temp, q1);
  EXPECT_EQ(verdict(), broken);
}

// It may have come by the other subscription or by the shared one.
TEST_F(SharingTest, AMemberWithAnotherSubscriptionThatMatchesMayHaveIt) {
  for (const bool has_another : {false, true}) {
    trace = TraceBuilder();
    trace.broker_starts();
    sensor = trace.add_client({.id = "sensor"});
    dashboard = trace.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
    other = trace.add_client({.id = "other", .clean_start = false, .session_expiry = 3600});
    all_join(q1);
    if (has_another) trace.subscribes(other, "fleet/#", q1);
    const Stamp stamp = trace.publishes(sensor, temp, q1);
    if (has_another) trace.delivers(stamp, other, q1);
    bool is_broken = false;
    for (const Finding& one : judged().findings)
      is_broken |= one.id == "shared" && one.verdict == broken;
    EXPECT_EQ(is_broken, !has_another);
  }
}

TEST_F(SharingTest, NothingIsSureWhileAMemberThatMayHaveItIsAway) {
  all_join(q1);
  trace.publishes(sensor, temp, q1);
  trace.loses_link(other);
  for (const Finding& one : judged().findings) EXPECT_NE(one.id, "shared");
}

}  // namespace
}  // namespace mq::checks
