#include "conformance/checks/sometimes.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class SometimesTest : public testing::Test {
 protected:
  SometimesTest() {
    trace.broker_starts();
    a = trace.add_client({.id = "a", .clean_start = false, .session_expiry = 60});
    b = trace.add_client({.id = "b", .clean_start = false, .session_expiry = 60});
    trace.connects(a).connects(b);
  }
  std::uint64_t reached(const std::string& phrase) {
    TraceBuilder story = trace;
    for (const auto& state : story.judged().states)
      if (state.phrase == phrase) return state.reached;
    ADD_FAILURE() << "no state " << phrase;
    return 0;
  }
  TraceBuilder trace;
  ClientIndex a{};
  ClientIndex b{};
};

TEST_F(SometimesTest, AQuietRunReachesNothing) {
  trace.subscribes(b, "t", q2);
  for (const Qos qos : {q0, q1, q2}) {
    const auto stamp = trace.publishes(a, "t", qos);
    trace.delivers(stamp, b, qos);
  }
  trace.disconnects(a);
  const auto judgement = trace.judged();
  EXPECT_EQ(judgement.states.size(), trace::sometimes_states.size());
  for (const auto& state : judgement.states) EXPECT_EQ(state.reached, 0u) << state.phrase;
}

TEST_F(SometimesTest, OnlyWhatIsAskedForBecomesAFinding) {
  trace.run().expectations.push_back({.id = "sometimes",
                                      .argument = "a session was resumed",
                                      .qos = {},
                                      .percentile = 0,
                                      .below = {},
                                      .as_written = {}});
  TraceBuilder good = trace;
  const auto& missed = trace.judged();
  EXPECT_EQ(missed.findings.back().id, "sometimes: a session was resumed");
  EXPECT_EQ(missed.findings.back().verdict, Verdict::not_tried);
  EXPECT_TRUE(missed.findings.back().expected);
  good.loses_link(a).connects(a);
  EXPECT_EQ(good.judged().findings.back().verdict, Verdict::held);
}

TEST_F(SometimesTest, APublishSentAgain) {
  const auto stamp = trace.attempts(a, "t", q1);
  trace.sends(stamp);
  EXPECT_EQ(reached("a PUBLISH was sent again"), 0u);
  trace.sends(stamp, /*again=*/true);
  EXPECT_EQ(reached("a PUBLISH was sent again"), 1u);
}

TEST_F(SometimesTest, APubRelLostAndSentAgain) {
  const PubRel release{PacketId{7}, {}, {}};
  trace.packet(a, End::client, true, release);
  EXPECT_EQ(reached("a PUBREL was lost and sent again"), 0u);
  TraceBuilder arrived = trace;
  trace.loses_link(a).connects(a).packet(a, End::client, true, release);
  EXPECT_EQ(reached("a PUBREL was lost and sent again"), 1u);
  trace = arrived;
  trace.packet(a, End::broker, false, release).loses_link(a).connects(a);
  trace.packet(a, End::client, true, release);
  EXPECT_EQ(reached("a PUBREL was lost and sent again"), 0u) << "only its PUBCOMP was lost";
}

TEST_F(SometimesTest, ASessionResumedOrExpired) {
  trace.loses_link(a).after(10s).connects(a);
  EXPECT_EQ(reached("a session was resumed"), 1u);
  EXPECT_EQ(reached("a session expired"), 0u);
  trace.loses_link(a).after(70s).connects(a, {.present = false});
  EXPECT_EQ(reached("a session was resumed"), 1u);
  EXPECT_EQ(reached("a session expired"), 1u);
}

TEST_F(SometimesTest, AWillPublishedOrCancelled) {
  trace.subscribes(b, "w", q1).loses_link(a);
  Stamp will = trace.will_of(a);
  ++will.number;
  Will delayed{"w", Bytes::copy(to_text(will)), q1, false, {}};
  delayed.properties.add(PropertyId::will_delay_interval, 30u);
  trace.connects(a, {.will = delayed}).loses_link(a);
  TraceBuilder published = trace;
  trace.after(5s).connects(a);
  EXPECT_EQ(reached("a will was cancelled by a resumed session"), 1u);
  EXPECT_EQ(reached("a will was published"), 0u);
  trace = published;
  trace.after(31s).delivers(will, b, q1, {.topic = "w"});
  EXPECT_EQ(reached("a will was cancelled by a resumed session"), 0u);
  EXPECT_EQ(reached("a will was published"), 1u);
}

TEST_F(SometimesTest, AConnectionTakenOver) {
  trace.link_closes_at(a, End::client, true);
  TraceBuilder known = trace;
  trace.connects(a);
  EXPECT_EQ(reached("a connection was taken over"), 1u);
  trace = known;
  trace.link_closes_at(a, End::broker).connects(a);
  EXPECT_EQ(reached("a connection was taken over"), 0u);
}

TEST_F(SometimesTest, AMessageThatWaited) {
  trace.subscribes(b, "t", q1).loses_link(b);
  const auto stamp = trace.publishes(a, "t", q1);
  trace.connects(b);
  EXPECT_EQ(reached("a message waited for an absent subscriber"), 0u);
  trace.delivers(stamp, b, q1);
  EXPECT_EQ(reached("a message waited for an absent subscriber"), 1u);
}

TEST_F(SometimesTest, ARetainedMessage) {
  const auto stamp = trace.publishes(a, "t", q1, {.retain = true});
  trace.subscribes(b, "t", q1).delivers(stamp, b, q1, {.retain = true});
  EXPECT_EQ(reached("a retained message was delivered"), 1u);
}

TEST_F(SometimesTest, AClientThatGaveUp) {
  trace.link_closes_at(a, End::client, /*by_this_end=*/true);
  EXPECT_EQ(reached("a client gave up and reconnected"), 0u);
  trace.connects(a);
  EXPECT_EQ(reached("a client gave up and reconnected"), 1u);
  trace.loses_link(a).connects(a);
  EXPECT_EQ(reached("a client gave up and reconnected"), 1u) << "it was cut off";
}

TEST_F(SometimesTest, AQos2MessageAgainBeforeItsPubRel) {
  const auto stamp = trace.attempts(a, "t", q2);
  trace.sends(stamp).broker_gets(stamp);
  EXPECT_EQ(reached("a QoS 2 message was received again before its PUBREL"), 0u);
  TraceBuilder released = trace;
  trace.sends(stamp, true).broker_gets(stamp);
  EXPECT_EQ(reached("a QoS 2 message was received again before its PUBREL"), 1u);
  trace = released;
  trace.is_acknowledged(stamp).broker_gets(stamp);
  EXPECT_EQ(reached("a QoS 2 message was received again before its PUBREL"), 0u);
}

TEST_F(SometimesTest, ARestartWithMessagesInFlight) {
  TraceBuilder idle = trace;
  const auto stamp = trace.attempts(a, "t", q1);
  trace.sends(stamp).broker_crashes().after(1s).broker_starts();
  EXPECT_EQ(reached("the broker restarted with messages in flight"), 1u);
  trace = idle;
  trace.publishes(a, "t", q1);
  trace.broker_crashes().after(1s).broker_starts();
  EXPECT_EQ(reached("the broker restarted with messages in flight"), 0u);
}

}  // namespace
}  // namespace mq::checks
