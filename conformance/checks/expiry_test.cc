#include "conformance/checks/expiry.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class ExpiryTest : public LedgerTest {
 protected:
  // A message of ten seconds, which is sent on after `waits`.
  void sends_on(Duration waits, std::optional<std::uint32_t> left, bool dup = false) {
    if (!std::exchange(are_connected, true)) both_connect(q1);
    TraceBuilder::PublishOptions options;
    options.properties.add(PropertyId::message_expiry_interval, std::uint32_t{10});
    const Stamp stamp = trace.publishes(sensor, temp, q1, options);
    Publish onward{.topic = temp,
                   .packet_id = PacketId{1},
                   .qos = q1,
                   .dup = dup,
                   .payload = Bytes::copy(to_text(stamp))};
    if (left) onward.properties.add(PropertyId::message_expiry_interval, *left);
    trace.after(waits).packet(dashboard, End::broker, true, onward);
  }
  Verdict verdict() { return finding(judged(), "expiry").verdict; }

  bool are_connected = false;
};

// v5 MQTT-3.3.2-5
TEST_F(ExpiryTest, AMessageIsPassedOnWhileItLasts) {
  sends_on(9s, 1);
  EXPECT_EQ(verdict(), held);
}

TEST_F(ExpiryTest, AMessageIsNotPassedOnAfterwards) {
  sends_on(12s, 1);
  EXPECT_EQ(verdict(), broken);
}

// What a broker has given to its system says what was true then, however slow the link is.
TEST_F(ExpiryTest, WhatStandsBehindAMegabyteOnASlowLinkMayBeLate) {
  both_connect(q1);
  are_connected = true;
  const Publish big{.topic = "fw", .payload = Bytes::copy(std::string(1'000'000, 'x'))};
  trace.packet(dashboard, End::broker, true, big);
  sends_on(8s, 10);
  for (const Finding& finding : judged().findings) EXPECT_NE(finding.id, "expiry");  // not judged
}

TEST_F(ExpiryTest, WhatStandsBehindNothingThatIsUnderWayMayNot) {
  both_connect(q1);
  are_connected = true;
  const Publish big{.topic = "fw", .payload = Bytes::copy(std::string(1'000'000, 'x'))};
  trace.packet(dashboard, End::broker, true, big).packet(dashboard, End::client, false, big);
  sends_on(8s, 10);
  EXPECT_EQ(verdict(), broken);
}

// The time that a broker stands still, or waits for its disk, counts like any other.
TEST_F(ExpiryTest, WhatWaitedForTheBrokerIsOverAllTheSame) {
  trace.run().faults = {{.kind = "pause", .target = "broker", .clients = {}},
                        {.kind = "disk", .target = "broker", .clients = {}}};
  trace.happens(mq::trace::FaultBegan{0}).happens(mq::trace::FaultBegan{1});
  sends_on(12s, 10);
  trace.happens(mq::trace::FaultEnded{0}).happens(mq::trace::FaultEnded{1});
  EXPECT_EQ(verdict(), broken);
}

TEST_F(ExpiryTest, OfWhatCameAgainWithLessTimeNothingIsSaid) {
  both_connect(q1);
  TraceBuilder::PublishOptions options;
  options.properties.add(PropertyId::message_expiry_interval, std::uint32_t{10});
  const Stamp stamp = trace.publishes(sensor, temp, q1, options);
  Publish again{
      .topic = temp, .packet_id = PacketId{9}, .qos = q1, .payload = Bytes::copy(to_text(stamp))};
  again.properties.add(PropertyId::message_expiry_interval, std::uint32_t{4});
  trace.packet(sensor, End::broker, false, again).packet(dashboard, End::broker, true, again);
  for (const Finding& one : judged().findings) EXPECT_NE(one.id, "expiry");
}

TEST_F(ExpiryTest, WhatWasBegunInTimeMayBeRepeated) {
  sends_on(12s, 1, true);
  for (const Finding& one : judged().findings) EXPECT_NE(one.id, "expiry");
}

// v5 MQTT-3.3.2-6
TEST_F(ExpiryTest, WhatIsLeftIsToldAndLessByWhatItHasWaited) {
  sends_on(5s, 10);
  EXPECT_EQ(verdict(), broken);
}

TEST_F(ExpiryTest, NotTellingItIsBroken) {
  sends_on(5s, std::nullopt);
  EXPECT_EQ(verdict(), broken);
}

TEST_F(ExpiryTest, TellingTooLittleIsBroken) {
  sends_on(5s, 2);
  EXPECT_EQ(verdict(), broken);
}

TEST_F(ExpiryTest, ABrokerThatWasDownMayCountFromItsStart) {
  both_connect(q1);
  TraceBuilder::PublishOptions options;
  options.properties.add(PropertyId::message_expiry_interval, std::uint32_t{10});
  const Stamp stamp = trace.publishes(sensor, temp, q1, options);
  trace.after(1s).broker_crashes().after(30s).broker_starts().after(1s);
  trace.connects(dashboard);
  Publish onward{
      .topic = temp, .packet_id = PacketId{1}, .qos = q1, .payload = Bytes::copy(to_text(stamp))};
  onward.properties.add(PropertyId::message_expiry_interval, std::uint32_t{9});
  trace.packet(dashboard, End::broker, true, onward);
  EXPECT_EQ(verdict(), held);
}

}  // namespace
}  // namespace mq::checks
