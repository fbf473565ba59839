#include "conformance/checks/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::uint32_t never = 0xFFFFFFFF;

Properties expiry(std::uint32_t seconds) {
  Properties properties;
  properties.add(PropertyId::session_expiry_interval, seconds);
  return properties;
}

class SessionTest : public testing::Test {
 protected:
  SessionTest() {
    trace.broker_starts();
    device = trace.add_client({.id = "device", .clean_start = false, .session_expiry = 60});
    old = trace.add_client(
        {.id = "old", .version = Version::v3_1_1, .clean_start = false, .session_expiry = never});
    guest = trace.add_client({.id = "guest"});
  }
  Verdict verdict() { return finding(trace.judged(), "session").verdict; }
  std::string evidence() {
    const auto judgement = trace.judged();
    const auto& all = finding(judgement, "session").evidence;
    return all.empty() ? "" : all.front().text;
  }
  TraceBuilder trace;
  ClientIndex device{};
  ClientIndex old{};
  ClientIndex guest{};
};

TEST_F(SessionTest, AnEmptyTraceTriesNothing) { EXPECT_EQ(verdict(), not_tried); }

TEST_F(SessionTest, AFirstConnectionAloneProvesNothing) {
  trace.connects(device).connects(old).connects(guest);
  EXPECT_EQ(verdict(), not_tried);
}

// v5 MQTT-3.2.2-3
TEST_F(SessionTest, AFirstConnectionHasNoSession) {
  trace.connects(device, {.present = true});
  EXPECT_EQ(verdict(), broken);
  EXPECT_THAT(evidence(), HasSubstr("device connected at 00:00:00.030 for the first time, but"));
}

TEST_F(SessionTest, AClientThatIsBackInTimeFindsItsSession) {
  trace.connects(device).loses_link(device).after(50s).connects(device);
  EXPECT_EQ(verdict(), held);
}

TEST_F(SessionTest, ASessionThatIsForgottenTooEarlyIsBroken) {
  trace.connects(device).loses_link(device).after(50s).connects(device, {.present = false});
  EXPECT_EQ(verdict(), broken);
  EXPECT_THAT(evidence(), HasSubstr("has no session for it, which had to live until 00:00:54.0"));
}

TEST_F(SessionTest, ABrokerWithAFullDiskMayHaveGivenItUpBeforeThatShows) {
  for (const Duration after : {Duration(1s), Duration(61s)}) {
    TraceBuilder story = trace;
    story.run().faults = {{.kind = "disk", .target = "broker", .clients = {}}};
    story.connects(device, {.session_expiry = 3600});
    story.happens(mq::trace::FaultBegan{0}).loses_link(device).after(10s);
    story.happens(mq::trace::FaultEnded{0}).after(after).connects(device, {.present = false});
    EXPECT_EQ(finding(story.judged(), "session").verdict == broken, after > 1min);
  }
}

TEST_F(SessionTest, AroundTheExpiryBothAnswersAreRight) {
  // The broker's end may have closed a little earlier than the trace shows it, but not later.
  for (const auto& [present, away] :
       {std::pair(true, 61s), {false, 61s}, {true, 55s}, {false, 55s}}) {
    TraceBuilder story = trace;
    story.connects(device).loses_link(device).after(away).connects(device, {.present = present});
    EXPECT_EQ(finding(story.judged(), "session").verdict, not_tried) << present;
  }
}

// v5 MQTT-4.1.0-2
TEST_F(SessionTest, ASessionThatOutlivesItsExpiryIsBroken) {
  trace.connects(device).loses_link(device).after(63s);
  TraceBuilder good = trace;
  trace.connects(device, {.present = true});
  EXPECT_EQ(verdict(), broken);
  EXPECT_THAT(evidence(), HasSubstr("which had ended at 00:01:00.0"));
  good.connects(device, {.present = false});
  EXPECT_EQ(finding(good.judged(), "session").verdict, held);
}

TEST_F(SessionTest, TheExpiryCountsFromTheBrokersEndOfTheConnection) {
  trace.connects(device).link_closes_at(device, End::client, true).after(50s);
  trace.link_closes_at(device, End::broker).after(50s).connects(device, {.present = true});
  EXPECT_EQ(verdict(), not_tried) << "the device thought it gone, the broker not";
}

TEST_F(SessionTest, ABrokerThatNeverSawTheEndMayKeepTheSession) {
  trace.connects(device).link_closes_at(device, End::client, true).after(1h);
  trace.connects(device, {.present = true});
  EXPECT_EQ(verdict(), not_tried);
}

// v3.1.1 MQTT-3.1.2-4
TEST_F(SessionTest, A311SessionWithoutCleanSessionNeverEnds) {
  trace.connects(old).loses_link(old).after(1000h).connects(old);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(), held);
  fault.loses_link(old).connects(old, {.present = false});
  EXPECT_EQ(finding(fault.judged(), "session").verdict, broken);
}

// v5 MQTT-3.2.2-2
TEST_F(SessionTest, ACleanStartHasNoSession) {
  trace.connects(device).loses_link(device);
  TraceBuilder fault = trace;
  trace.connects(device, {.clean_start = true});
  EXPECT_EQ(verdict(), held);
  fault.connects(device, {.clean_start = true, .present = true});
  EXPECT_EQ(finding(fault.judged(), "session").verdict, broken);
}

TEST_F(SessionTest, ASessionWithoutExpiryEndsWithItsConnection) {
  trace.connects(guest, {.clean_start = false}).loses_link(guest);
  TraceBuilder fault = trace;
  trace.connects(guest, {.clean_start = false, .present = false});
  EXPECT_EQ(verdict(), held);
  fault.connects(guest, {.clean_start = false, .present = true});
  EXPECT_EQ(finding(fault.judged(), "session").verdict, broken);
}

TEST_F(SessionTest, AConnectWithoutAnswerMayHaveMadeASession) {
  for (const bool present : {true, false}) {
    TraceBuilder story = trace;
    story.connects(device, {.answered = false}).loses_link(device);
    story.connects(device, {.present = present});
    EXPECT_EQ(finding(story.judged(), "session").verdict, not_tried) << present;
  }
}

TEST_F(SessionTest, AnAttemptInBetweenDoesNotShortenASession) {
  trace.connects(device).loses_link(device).after(30s);
  trace.connects(device, {.answered = false}).loses_link(device).after(20s);
  TraceBuilder fault = trace;
  trace.connects(device);
  EXPECT_EQ(verdict(), held);
  fault.connects(device, {.present = false});
  EXPECT_EQ(finding(fault.judged(), "session").verdict, broken);
}

TEST_F(SessionTest, ACrashKeepsOrEndsSessionsAsTheDurabilitySays) {
  for (const auto durability : {trace::Durability::none, trace::Durability::process}) {
    for (const bool present : {true, false}) {
      TraceBuilder story = trace;
      story.run().durability = durability;
      story.connects(device).broker_crashes().after(1s).broker_starts();
      story.link_closes_at(device, End::client).after(1s).connects(device, {.present = present});
      const bool keeps = durability != trace::Durability::none;
      EXPECT_EQ(finding(story.judged(), "session").verdict, keeps == present ? held : broken);
    }
  }
}

TEST_F(SessionTest, ASessionRecoveredFromACrashMayCountItsExpiryAnew) {
  trace.connects(device).loses_link(device).after(30s);
  trace.broker_crashes().after(10s).broker_starts().after(50s);
  trace.connects(device, {.present = true});
  EXPECT_EQ(verdict(), not_tried);
}

// The same, of one that no CONNACK has told of.
TEST_F(SessionTest, ASessionBegunByAnUnansweredConnectMayCountItsExpiryAnewToo) {
  trace.connects(device, {.answered = false}).broker_crashes();
  trace.link_closes_at(device, End::broker, true, CloseCause::crashed);
  trace.link_closes_at(device, End::client).after(40s).broker_starts().after(50s);
  trace.connects(device, {.present = true});
  EXPECT_EQ(verdict(), not_tried) << evidence();
}

TEST_F(SessionTest, AConnAckOnItsWayWhenTheBrokerCrashedMakesNoSession) {
  trace.run().durability = trace::Durability::none;
  trace.connects(device, {.answered = false}).broker_crashes();
  trace.link_closes_at(device, End::broker, true, CloseCause::crashed);
  trace.packet(device, End::client, false, ConnAck{false, ReasonCode::success, {}});
  trace.link_closes_at(device, End::client).after(1s).broker_starts();
  trace.connects(device, {.present = false});
  EXPECT_EQ(verdict(), held);
}

// The link held back the answer for so long that the session had run out when it came.
TEST_F(SessionTest, AConnAckThatComesAfterTheBrokersEndClosedDoesNotProlongTheSession) {
  trace.opens(device).packet(device, End::client, true, Connect{.properties = expiry(60)});
  trace.packet(device, End::broker, false, Connect{.properties = expiry(60)});
  trace.packet(device, End::broker, true, ConnAck{}).link_closes_at(device, End::broker, true);
  trace.after(50s).packet(device, End::client, false, ConnAck{});
  trace.link_closes_at(device, End::client).after(30s).connects(device, {.present = false});
  EXPECT_NE(verdict(), broken) << evidence();
}

TEST_F(SessionTest, AConnAckThatComesAfterTheBrokerCameBackCountsFromThere) {
  trace.opens(device).packet(device, End::client, true, Connect{.properties = expiry(60)});
  trace.packet(device, End::broker, false, Connect{.properties = expiry(60)});
  trace.packet(device, End::broker, true, ConnAck{}).broker_crashes().after(100s).broker_starts();
  trace.packet(device, End::client, false, ConnAck{}).link_closes_at(device, End::client);
  trace.after(30s).connects(device, {.present = true});
  EXPECT_NE(verdict(), broken) << evidence();
}

TEST_F(SessionTest, AConnectionOnItsWayWhenTheBrokerCrashesMayReachItLater) {
  trace.run().durability = trace::Durability::none;
  trace.connects(device).loses_link(device).opens_slowly(device).broker_crashes().after(5s);
  trace.broker_starts().is_opened(device);
  trace.packet(device, End::client, true, Connect{.clean_start = false, .properties = expiry(60)});
  trace.packet(device, End::client, false, ConnAck{false, {}, {}}).after(30s);
  trace.loses_link(device).connects(device, {.present = true});
  EXPECT_EQ(verdict(), held);
}

TEST_F(SessionTest, AConnectThatArrivesAfterItsClientGaveUpMakesASession) {
  trace.connects(device, {.answered = false}).link_closes_at(device, End::client, true);
  trace.connects(device, {.answered = false});
  trace.packet_on(device, 1, End::broker, false, Connect{.clean_start = false});
  trace.packet(device, End::client, false, ConnAck{true, {}, {}});
  EXPECT_EQ(verdict(), not_tried);
}

TEST_F(SessionTest, AnAttemptWhoseEndTheBrokerLearnsLateMadeASession) {
  trace.connects(device, {.answered = false}).link_closes_at(device, End::client, true);
  trace.after(1s).opens_slowly(device).broker_closes(device, 1).is_opened(device);
  trace.packet(device, End::client, true, Connect{.clean_start = false, .properties = expiry(60)});
  trace.packet(device, End::client, false, ConnAck{true, {}, {}});
  EXPECT_EQ(verdict(), not_tried);
}

TEST_F(SessionTest, AResumedSessionMayBeAnotherOneThanTheOneThatExpired) {
  trace.connects(guest).connects(device).subscribes(device, "news", q1);
  trace.loses_link(device).after(1s);
  trace.publishes(guest, "news", q1);
  trace.after(70s).connects(device, {.answered = false}).loses_link(device);
  trace.after(1s).connects(device, {.present = true}).calm().after(5min);
  const auto judgement = trace.judged();
  EXPECT_EQ(finding(judgement, "session").verdict, not_tried);
  EXPECT_EQ(finding(judgement, "qos1").verdict, not_tried);
}

TEST_F(SessionTest, AResumedSessionOutOfWhichNothingComesIsBroken) {
  trace.connects(guest).connects(device).subscribes(device, "news", q1);
  trace.loses_link(device).after(1s);
  const auto owed = trace.publishes(guest, "news", q1);
  trace.connects(device);
  TraceBuilder good = trace;
  trace.calm().after(5min);
  EXPECT_EQ(verdict(), broken);
  EXPECT_THAT(evidence(), HasSubstr("nothing of what it owed (1 message) came out"));
  good.delivers(owed, device, q1).calm().after(5min);
  EXPECT_EQ(finding(good.judged(), "session").verdict, held);
}

TEST_F(SessionTest, AResumedSessionThatLostItsSubscriptionsIsBroken) {
  trace.connects(guest).connects(device).subscribes(device, "news", q1);
  trace.loses_link(device).after(1s).connects(device);
  trace.publishes(guest, "news", q1);
  trace.calm().after(5min);
  EXPECT_EQ(verdict(), broken);
}

TEST_F(SessionTest, OneLostMessageAmongOthersIsNotAnEmptySession) {
  trace.connects(guest).connects(device).subscribes(device, "news", q1);
  trace.loses_link(device).after(1s);
  trace.publishes(guest, "news", q1);
  const auto second = trace.publishes(guest, "news", q1);
  trace.connects(device).delivers(second, device, q1).calm().after(5min);
  const auto judgement = trace.judged();
  EXPECT_EQ(finding(judgement, "session").verdict, held);
  EXPECT_EQ(finding(judgement, "qos1").verdict, broken);
}

}  // namespace
}  // namespace mq::checks
