#include "reports/journey/journey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "conformance/checks/testing/trace_builder.h"
#include "reports/journey/follower.h"
#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using checks::ClientIndex;
using checks::TraceBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Gives the follower every event, as a reading of events.ndjson does.
class Follow final : public trace::Observer {
 public:
  Follow(ClientIndex client, const JourneyLimits& limits, const std::set<trace::Stamp>& named)
      : attempts_(2, limits.attempts_max), follower_(client, named, limits) {}
  void observe(const trace::Event& event) override {
    if (const auto* attempt = std::get_if<trace::Attempted>(&event.what))
      attempts_.add(attempt->stamp, event.at);
    follower_.observe(event, attempts_);
  }
  Journey finish() { return follower_.finish(); }

 private:
  checks::Attempts attempts_;
  JourneyFollower follower_;
};

Journey journey_of(ClientIndex client, const TraceBuilder& trace, const JourneyLimits& limits = {},
                   const std::set<trace::Stamp>& named = {}) {
  Follow follow(client, limits, named);
  trace.feed(follow);
  return follow.finish();
}

std::vector<std::string> packets(const JourneyMessage& message) {
  std::vector<std::string> all;
  for (const JourneyPacket& packet : message.packets)
    all.push_back((packet.by_client ? "up: " : "down: ") + packet.text +
                  (packet.received ? "" : " (lost)"));
  return all;
}

class Journeys : public ::testing::Test {
 protected:
  TraceBuilder trace;
  ClientIndex sensor = trace.add_client({.id = "sensor"});
  ClientIndex screen = trace.add_client({.id = "screen"});
};

TEST_F(Journeys, APublishedMessageHasItsPacketsAndHowLongItTook) {
  trace.connects(sensor).after(10s);
  trace.publishes(sensor, "a", Qos::exactly_once);
  const Journey journey = journey_of(sensor, trace);
  ASSERT_THAT(journey.messages, SizeIs(1));
  const JourneyMessage& message = journey.messages[0];
  EXPECT_TRUE(message.published);
  EXPECT_EQ(message.topic, "a");
  EXPECT_EQ(message.outcome, "acknowledged");
  EXPECT_FALSE(message.trouble);
  EXPECT_GT(message.latency, Duration{});
  EXPECT_THAT(packets(message), ElementsAre("up: PUBLISH QoS 2, id 1", "down: PUBREC id 1",
                                            "up: PUBREL id 1", "down: PUBCOMP id 1"));
}

TEST_F(Journeys, AReceivedMessageNamesItsPublisherAndTookSinceThen) {
  trace.connects(sensor).connects(screen).subscribes(screen, "#", Qos::at_least_once);
  const auto stamp = trace.publishes(sensor, "a", Qos::at_least_once);
  trace.after(3s).delivers(stamp, screen, Qos::at_least_once);
  const Journey journey = journey_of(screen, trace);
  ASSERT_THAT(journey.messages, SizeIs(1));
  const JourneyMessage& message = journey.messages[0];
  EXPECT_FALSE(message.published);
  EXPECT_EQ(message.other, sensor);
  EXPECT_EQ(message.outcome, "given to the application");
  EXPECT_GT(message.latency, Duration(3s));
}

TEST_F(Journeys, WhatIsLostIsInTroubleAndShowsWhichPacketNeverArrived) {
  trace.connects(sensor);
  const auto stamp = trace.attempts(sensor, "a", Qos::at_least_once);
  trace.sends(stamp).loses_link(sensor).connects(sensor).sends(stamp, true);
  const Journey journey = journey_of(sensor, trace);
  ASSERT_THAT(journey.messages, SizeIs(1));
  EXPECT_TRUE(journey.messages[0].trouble);
  EXPECT_EQ(journey.messages[0].outcome, "not acknowledged");
  EXPECT_THAT(packets(journey.messages[0]),
              ElementsAre("up: PUBLISH QoS 1, id 1 (lost)", "up: PUBLISH QoS 1, id 1, DUP (lost)"));
}

TEST_F(Journeys, AMessageOfQos0IsSettledWhenItReachesTheBroker) {
  trace.connects(sensor);
  const auto arrives = trace.attempts(sensor, "a", Qos::at_most_once);
  trace.sends(arrives).broker_gets(arrives);
  const auto vanishes = trace.attempts(sensor, "b", Qos::at_most_once);
  trace.sends(vanishes).loses_link(sensor);
  const auto refused = trace.attempts(sensor, "c", Qos::at_most_once);
  trace.refuses(sensor, refused);
  const Journey journey = journey_of(sensor, trace);
  ASSERT_THAT(journey.messages, SizeIs(3));
  EXPECT_EQ(journey.messages[0].outcome, "reached the broker");
  EXPECT_EQ(journey.messages[1].outcome, "did not reach the broker");
  EXPECT_THAT(journey.messages[2].outcome, ::testing::StartsWith("not sent: "));
  EXPECT_THAT(journey.messages[2].packets, IsEmpty());
}

TEST_F(Journeys, QoS2GivenTwiceIsTroubleAndQoS1IsNot) {
  trace.connects(sensor).connects(screen).subscribes(screen, "#", Qos::exactly_once);
  const auto once = trace.publishes(sensor, "a", Qos::at_least_once);
  trace.delivers(once, screen, Qos::at_least_once).delivers(once, screen, Qos::at_least_once);
  const auto twice = trace.publishes(sensor, "b", Qos::exactly_once);
  trace.delivers(twice, screen, Qos::exactly_once).delivers(twice, screen, Qos::exactly_once);
  const Journey journey = journey_of(screen, trace);
  ASSERT_THAT(journey.messages, SizeIs(2));
  EXPECT_FALSE(journey.messages[0].trouble);
  EXPECT_TRUE(journey.messages[1].trouble);
  EXPECT_EQ(journey.messages[0].outcome, "given to the application more than once");
}

TEST_F(Journeys, ConnectionsTellOfTheirSessionAndTheirEnd) {
  trace.connects(sensor, {.clean_start = false, .present = false}).after(5s).loses_link(sensor);
  trace.connects(sensor, {.clean_start = false, .present = true}).after(5s).disconnects(sensor);
  const Journey journey = journey_of(sensor, trace);
  ASSERT_THAT(journey.connections, SizeIs(2));
  EXPECT_FALSE(journey.connections[0].session_present);
  EXPECT_EQ(journey.connections[0].ended, "reset");
  EXPECT_TRUE(journey.connections[1].session_present);
  EXPECT_TRUE(journey.connections[1].accepted);
  EXPECT_EQ(journey.connections[1].ended, "closed by the client");
}

TEST_F(Journeys, LimitsKeepTheFirstAndLastConnectionsAndTheMessagesInTrouble) {
  const JourneyLimits limits{
      .connections_max = 4, .messages_max = 3, .packets_max = 2, .followed_max = 4};
  for (int i = 0; i < 6; ++i) {
    trace.connects(sensor);
    trace.publishes(sensor, "a", Qos::exactly_once);
    trace.loses_link(sensor);
  }
  const auto lost = trace.attempts(sensor, "lost", Qos::at_least_once);
  trace.refuses(sensor, lost);
  const Journey journey = journey_of(sensor, trace, limits);
  std::vector<std::uint32_t> numbers;
  for (const JourneyConnection& one : journey.connections) numbers.push_back(one.number);
  EXPECT_THAT(numbers, ElementsAre(1, 2, 5, 6));
  EXPECT_EQ(journey.connections_left_out, 2);
  ASSERT_THAT(journey.messages, SizeIs(3));
  EXPECT_EQ(journey.messages.back().topic, "lost");
  EXPECT_EQ(journey.messages_left_out, 4);
  EXPECT_THAT(journey.messages[0].packets, SizeIs(2));
  EXPECT_EQ(journey.messages[0].packets_left_out, 2);
}

TEST_F(Journeys, AMessageThatEvidenceNamesIsKeptHoweverWellItDid) {
  trace.connects(sensor);
  const auto named = trace.publishes(sensor, "quick", Qos::at_least_once);
  for (int i = 0; i < 5; ++i) {
    const auto slow = trace.attempts(sensor, "slow", Qos::at_least_once);
    trace.after(1s).sends(slow).broker_gets(slow).is_acknowledged(slow);
  }
  const JourneyLimits limits{.messages_max = 2};
  const auto topics = [](const Journey& journey) {
    std::vector<std::string> all;
    for (const JourneyMessage& message : journey.messages) all.push_back(message.topic);
    return all;
  };
  EXPECT_THAT(topics(journey_of(sensor, trace, limits)), ElementsAre("slow", "slow"));
  EXPECT_THAT(topics(journey_of(sensor, trace, limits, {named})), ElementsAre("quick", "slow"));
}

TEST_F(Journeys, AnExchangeMayBeUnderWayForAsManyMessagesAsTheLimitSays) {
  const JourneyLimits limits{.messages_max = 100, .followed_max = 4};
  trace.connects(sensor);
  std::vector<trace::Stamp> open;
  for (int i = 0; i < 5; ++i) open.push_back(trace.attempts(sensor, "a", Qos::at_least_once));
  for (const trace::Stamp& stamp : open)
    trace.sends(stamp).broker_gets(stamp).is_acknowledged(stamp);
  std::size_t unknown = 0;
  for (const JourneyMessage& one : journey_of(sensor, trace, limits).messages)
    unknown += one.outcome == "not acknowledged";
  EXPECT_EQ(unknown, 1) << "the oldest was let go when the fifth came";
}

TEST(JourneysOfARun, AreThoseOfTheClientsThatEvidenceNamesAndOfTheWorst) {
  const testing::DemoRun demo({.sensors = 40});
  const Results results = demo.results();
  ASSERT_THAT(results.journeys, SizeIs(JourneyLimits{}.clients_max));
  for (const checks::Evidence& evidence : results.findings[1].evidence)
    for (const ClientIndex client : evidence.clients)
      EXPECT_THAT(results.journeys,
                  ::testing::Contains(::testing::Field(&Journey::client, client)));
  std::size_t received = 0;
  for (const Journey& journey : results.journeys)
    for (const JourneyMessage& message : journey.messages)
      received += !message.published && message.latency.has_value();
  EXPECT_GT(received, 0) << "what others attempted is read as well";
}

TEST(JourneysOfARun, AnUnreadableTraceHasNone) {
  std::istringstream nonsense("{}");
  EXPECT_THAT(follow_journeys(nonsense, Results{}), IsEmpty());
}

}  // namespace
}  // namespace mq::report
