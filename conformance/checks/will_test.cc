#include "conformance/checks/will.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// A device with a will, and a watcher whose session and subscription stay.
class WillTest : public testing::Test {
 protected:
  WillTest() {
    trace.broker_starts();
    device = trace.add_client({.id = "device", .clean_start = false, .session_expiry = 3600});
    watcher = trace.add_client({.id = "watcher", .clean_start = false, .session_expiry = 3600});
    trace.connects(watcher).subscribes(watcher, "state/#", q2);
  }
  TraceBuilder& connects(std::uint32_t delay_s = 0, Qos qos = q1, bool clean_start = false) {
    connects_in(trace, delay_s, qos, clean_start);
    return trace;
  }
  void connects_in(TraceBuilder& story, std::uint32_t delay_s = 0, Qos qos = q1,
                   bool clean_start = false) {
    Stamp next = story.will_of(device);
    ++next.number;
    Will will{"state/device", Bytes::copy(to_text(next)), qos, false, {}};
    if (delay_s > 0) will.properties.add(PropertyId::will_delay_interval, delay_s);
    story.connects(device, {.clean_start = clean_start, .will = will});
  }
  TraceBuilder& will_comes(Qos qos = q1, bool dup = false) {
    return trace.delivers(trace.will_of(device), watcher, qos,
                          {.topic = "state/device", .dup = dup});
  }
  static Verdict verdict(TraceBuilder& story) {
    story.after(1s).calm().after(5min);
    return finding(story.judged(), "will").verdict;
  }
  static std::string evidence(TraceBuilder& story) {
    const auto judgement = story.judged();
    const auto& all = finding(judgement, "will").evidence;
    return all.empty() ? "" : all.front().text;
  }
  TraceBuilder trace;
  ClientIndex device{};
  ClientIndex watcher{};
};

TEST_F(WillTest, AnEmptyTraceTriesNothing) { EXPECT_EQ(verdict(trace), not_tried); }

TEST_F(WillTest, AConnectionThatHoldsTriesNothing) {
  connects();
  EXPECT_EQ(verdict(trace), not_tried);
}

// v5 MQTT-3.1.2-8
TEST_F(WillTest, ALostConnectionPublishesTheWill) {
  connects();
  trace.loses_link(device);
  TraceBuilder fault = trace;
  will_comes();
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
  EXPECT_THAT(evidence(fault), HasSubstr("its will for state/device, due at 00:00:00."));
  EXPECT_THAT(evidence(fault), HasSubstr("had not reached watcher"));
}

TEST_F(WillTest, AWillThatNobodyWatchesForTriesNothing) {
  trace.unsubscribes(watcher, "state/#");
  connects();
  trace.loses_link(device);
  EXPECT_EQ(verdict(trace), not_tried);
}

TEST_F(WillTest, OnlyTheBrokersEndOfTheConnectionCounts) {
  connects();
  trace.link_closes_at(device, End::client, true);
  EXPECT_EQ(verdict(trace), not_tried) << "the broker's end is half-open";
}

// v5 MQTT-3.14.4-3
TEST_F(WillTest, ADisconnectDiscardsTheWill) {
  connects();
  trace.disconnects(device);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(trace), held);
  fault.delivers(fault.will_of(device), watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(fault), broken);
  EXPECT_THAT(evidence(fault), HasSubstr("although it had left with DISCONNECT at"));
}

TEST_F(WillTest, ADisconnectThatTheBrokerNeverGotDoesNotDiscardTheWill) {
  connects();
  trace.packet(device, End::client, true, Disconnect{});
  trace.link_closes_at(device, End::client, true).after(90s);
  trace.link_closes_at(device, End::broker, true);
  TraceBuilder fault = trace;
  will_comes();
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, ADisconnectWithWillLeavesIt) {
  connects();
  const Disconnect leaving{ReasonCode::disconnect_with_will, {}};
  trace.packet(device, End::client, true, leaving).packet(device, End::broker, false, leaving);
  trace.loses_link(device);
  TraceBuilder fault = trace;
  will_comes();
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

// v5 MQTT-3.1.3-9
TEST_F(WillTest, AClientThatIsBackInTimeCancelsItsWill) {
  connects(60);
  trace.loses_link(device).after(30s);
  const Stamp cancelled = trace.will_of(device);
  connects(60);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(trace), held);
  fault.after(30s).delivers(cancelled, watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(fault), broken);
  EXPECT_THAT(evidence(fault), HasSubstr("although it was back at 00:00:30."));
}

TEST_F(WillTest, AClientThatIsBackTooLateDoesNotCancelItsWill) {
  connects(60);
  trace.loses_link(device).after(63s);
  const Stamp due = trace.will_of(device);
  connects(60);
  TraceBuilder fault = trace;
  trace.delivers(due, watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, AroundTheEndOfTheDelayBothAreRight) {
  for (const bool comes : {true, false}) {
    TraceBuilder story = trace;
    connects_in(story, 60);
    story.loses_link(device).after(60s);
    const Stamp will = story.will_of(device);
    connects_in(story, 60);
    if (comes) story.delivers(will, watcher, q1, {.topic = "state/device"});
    EXPECT_EQ(verdict(story), not_tried) << comes;
  }
}

TEST_F(WillTest, AWillThatIgnoresItsDelayIsBroken) {
  connects(60);
  trace.loses_link(device);
  will_comes();
  EXPECT_EQ(verdict(trace), broken);
  EXPECT_THAT(evidence(trace), HasSubstr("before its delay was over at 00:01:00."));
}

TEST_F(WillTest, TheEndOfTheSessionIsTheEndOfTheDelay) {
  connects(60);
  trace.loses_link(device).after(10s);
  const Stamp will = trace.will_of(device);
  connects(60, q1, /*clean_start=*/true);
  TraceBuilder fault = trace;
  trace.delivers(will, watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, AWillOfASessionThatIsReplacedMayBePublishedBeforeTheConnAck) {
  connects(60);
  trace.loses_link(device).after(10s);
  const Stamp will = trace.will_of(device);
  trace.connects(device, {.clean_start = true, .answered = false});
  trace.delivers(will, watcher, q1, {.topic = "state/device"});
  trace.packet(device, End::broker, true, ConnAck{});
  trace.packet(device, End::client, false, ConnAck{});
  EXPECT_EQ(verdict(trace), held);
}

TEST_F(WillTest, AWillWhileItsConnectionIsServedIsBroken) {
  connects();
  will_comes();
  trace.after(5s);
  TraceBuilder lost = trace;
  trace.packet(device, End::client, true, PingReq{}).packet(device, End::broker, false, PingReq{});
  TraceBuilder late = trace;
  trace.packet(device, End::client, false, PingResp{});
  EXPECT_EQ(verdict(trace), broken);
  EXPECT_THAT(evidence(trace), HasSubstr("although its connection held"));
  lost.loses_link(device);
  EXPECT_EQ(verdict(lost), held) << "the broker may have given up before it closed its end";
  late.packet(device, End::client, false, PubAck{PacketId{3}, {}, {}}).loses_link(device);
  EXPECT_EQ(verdict(late), held) << "what was sent before may arrive late";
}

// What the broker still had to send to a stalled link delays the end that the trace shows.
TEST_F(WillTest, AnEndThatShowsLateAccusesNobody) {
  for (const bool comes : {true, false}) {
    TraceBuilder story = trace;
    Stamp will = story.will_of(device);
    ++will.number;
    Will delayed{"state/device", Bytes::copy(to_text(will)), q1, false, {}};
    delayed.properties.add(PropertyId::will_delay_interval, 60u);
    story.connects(device, {.will = delayed, .keep_alive = 20});
    story.link_closes_at(device, End::client, true).after(95s);  // 30 s of silence, 60 s of delay
    if (comes) story.delivers(will, watcher, q1, {.topic = "state/device"});
    story.after(5min).link_closes_at(device, End::broker).after(10s).connects(device);
    EXPECT_EQ(verdict(story), not_tried) << comes;
  }
}

TEST_F(WillTest, AWillComesOnce) {
  for (const Qos qos : {q0, q1, q2}) {
    TraceBuilder story = trace;
    connects_in(story, 0, qos);
    story.loses_link(device);
    const Stamp will = story.will_of(device);
    story.delivers(will, watcher, qos, {.topic = "state/device"});
    story.delivers(will, watcher, qos, {.topic = "state/device"});
    EXPECT_EQ(verdict(story), broken) << static_cast<int>(qos);
    EXPECT_THAT(evidence(story), HasSubstr("reached watcher again"));
  }
}

TEST_F(WillTest, AWillMayBeRepeatedWithDup) {
  connects();
  trace.loses_link(device);
  will_comes();
  will_comes(q1, /*dup=*/true);
  EXPECT_EQ(verdict(trace), held);
}

// The first copy was lost with the watcher's connection, before it was certain that it had to come.
TEST_F(WillTest, AWillOfWhichOnlyTheRepetitionArrivesHasCome) {
  connects();
  trace.loses_link(device);
  will_comes(q1, /*dup=*/true);
  EXPECT_EQ(verdict(trace), held) << evidence(trace);
}

TEST_F(WillTest, ATakenOverConnectionPublishesAWillWithoutDelay) {
  connects();
  trace.link_closes_at(device, End::client, true);
  const Stamp will = trace.will_of(device);
  // The broker still holds the first connection when the second comes.
  trace.after(5s).opens(device);
  trace.packet(device, End::client, true, Connect{.client_id = "device", .clean_start = false});
  trace.packet(device, End::broker, false, Connect{.client_id = "device", .clean_start = false});
  trace.broker_closes(device, 1).packet(device, End::broker, true, ConnAck{true, {}, {}});
  trace.packet(device, End::client, false, ConnAck{true, {}, {}});
  TraceBuilder fault = trace;
  trace.delivers(will, watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, ATakeoverThatResumesTheSessionCancelsADelayedWill) {
  connects(60);
  trace.link_closes_at(device, End::client, true);
  const Stamp will = trace.will_of(device);
  trace.after(5s).opens(device);
  trace.packet(device, End::client, true, Connect{.client_id = "device", .clean_start = false});
  trace.packet(device, End::broker, true, ConnAck{true, {}, {}}).broker_closes(device, 1);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(trace), held);
  fault.delivers(will, watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(fault), broken);
}

// The new CONNECT ends the session, and with it the delay; then the older connection is closed.
TEST_F(WillTest, ATakeoverThatStartsCleanMayPublishADelayedWillAtOnce) {
  connects(60);
  trace.link_closes_at(device, End::client, true);
  const Stamp will = trace.will_of(device);
  const Connect again{.client_id = "device", .clean_start = true};
  trace.after(5s).opens(device);
  TraceBuilder fault = trace;
  trace.packet(device, End::client, true, again).packet(device, End::broker, false, again);
  for (TraceBuilder* story : {&trace, &fault})
    story->delivers(will, watcher, q1, {.topic = "state/device"}).broker_closes(device, 1);
  trace.packet(device, End::broker, true, ConnAck{});
  EXPECT_NE(verdict(trace), broken);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, ARefusedConnectionHasNoWill) {
  Stamp next = trace.will_of(device);
  ++next.number;
  trace.connects(device, {.answered = false,
                          .will = Will{"state/device", Bytes::copy(to_text(next)), q1, false, {}}});
  trace.packet(device, End::broker, true, ConnAck{false, ReasonCode::not_authorized, {}});
  trace.loses_link(device);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(trace), held);
  fault.delivers(next, watcher, q1, {.topic = "state/device"});
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, AfterACrashAWillMayComeOrNot) {
  for (const bool comes : {true, false}) {
    TraceBuilder story = trace;
    connects_in(story, 0);
    story.broker_crashes().link_closes_at(device, End::client);
    story.link_closes_at(watcher, End::client).after(5s).broker_starts().connects(watcher);
    if (comes) story.delivers(story.will_of(device), watcher, q1, {.topic = "state/device"});
    EXPECT_EQ(verdict(story), not_tried) << comes;
  }
}

TEST_F(WillTest, ADisconnectThatACrashMayHaveForgottenAccusesNobody) {
  struct Course {
    bool disk_is_full;
    Duration until_crash;
    Verdict verdict;
  };
  for (const auto& [disk_is_full, until_crash, expected] :
       {Course{false, 1s, held}, {false, 10s, broken}, {true, 10s, held}}) {
    TraceBuilder story = trace;
    story.run().faults = {{.kind = "disk", .target = "broker", .clients = {}}};
    connects_in(story, 0);
    if (disk_is_full) story.happens(mq::trace::FaultBegan{0});
    story.disconnects(device).after(until_crash);
    story.broker_crashes().link_closes_at(watcher, End::client).after(5s).broker_starts();
    story.connects(watcher);
    story.delivers(story.will_of(device), watcher, q1, {.topic = "state/device"});
    EXPECT_EQ(verdict(story), expected) << disk_is_full << ' ' << until_crash.count();
  }
}

TEST_F(WillTest, AWatcherWhoseSessionEndsIsNotOwedAWill) {
  connects();
  trace.loses_link(watcher).loses_link(device);
  trace.connects(watcher, {.clean_start = true}).subscribes(watcher, "state/#", q1);
  EXPECT_EQ(verdict(trace), not_tried);
}

TEST_F(WillTest, AWatcherThatIsAwayGetsTheWillWhenItIsBack) {
  connects();
  trace.loses_link(watcher).loses_link(device).after(10s).connects(watcher);
  TraceBuilder fault = trace;
  will_comes();
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(WillTest, AQos0WillIsNotOwedOverABrokenConnection) {
  connects(0, q0);
  trace.loses_link(device).loses_link(watcher).connects(watcher);
  EXPECT_EQ(verdict(trace), not_tried);
}

}  // namespace
}  // namespace mq::checks
