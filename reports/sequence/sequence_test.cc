#include "reports/sequence/sequence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"
#include "reports/sequence/follower.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using checks::ClientIndex;
using checks::TraceBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

checks::Evidence evidence(const TraceBuilder& trace, std::vector<ClientIndex> clients,
                          std::optional<trace::Stamp> message) {
  checks::Evidence made;
  made.at = trace.now();
  made.text = "what happened";
  made.clients = std::move(clients);
  made.message = message;
  made.from = Instant{};
  made.until = trace.now();
  return made;
}

SequenceDiagram draw(TraceBuilder& trace, const checks::Evidence& about,
                     std::size_t steps_max = 60) {
  SequenceFollower follower(trace.run(), about, steps_max);
  trace.feed(follower);
  return follower.finish();
}

std::vector<std::string> texts(const SequenceDiagram& diagram) {
  std::vector<std::string> all;
  for (const SequenceStep& step : diagram.steps) {
    std::string text = diagram.lanes.empty() ? "" : diagram.lanes[step.from];
    if (step.what == SequenceStep::What::packet) text += "->" + diagram.lanes[step.to];
    all.push_back(text + ": " + step.text +
                  (step.what == SequenceStep::What::packet && !step.received ? " (lost)" : ""));
  }
  return all;
}

class Sequence : public ::testing::Test {
 protected:
  TraceBuilder trace;
  ClientIndex sensor = trace.add_client({.id = "sensor"});
  ClientIndex other = trace.add_client({.id = "other"});
  ClientIndex screen = trace.add_client({.id = "screen"});
};

TEST_F(Sequence, ShowsWhatTheBrokerLogsOfItsParties) {
  trace.connects(sensor);
  for (const char* line : {"New client connected as sensor (p2)", "other is gone", "sensors",
                           "a lonesensor", "nobody"})
    trace.happens(trace::BrokerSaid{line});
  const SequenceDiagram diagram = draw(trace, evidence(trace, {sensor}, std::nullopt));
  EXPECT_THAT(texts(diagram),
              ::testing::Contains("broker: log: New client connected as sensor (p2)"));
  EXPECT_THAT(texts(diagram), ::testing::Not(::testing::Contains(HasSubstr("log: s"))));
  EXPECT_THAT(texts(diagram), ::testing::Not(::testing::Contains(HasSubstr("lonesensor"))));
  EXPECT_THAT(texts(diagram), ::testing::Not(::testing::Contains(HasSubstr("other is gone"))));
}

TEST_F(Sequence, FollowsOneMessageFromPublisherToSubscriber) {
  trace.connects(sensor).connects(other).connects(screen).subscribes(screen, "#",
                                                                     Qos::at_least_once);
  trace.after(10s).publishes(other, "b", Qos::at_least_once);
  const auto stamp = trace.publishes(sensor, "a", Qos::at_least_once);
  trace.delivers(stamp, screen, Qos::at_least_once);
  auto about = evidence(trace, {sensor, screen}, stamp);
  about.from = Instant(9s);
  const SequenceDiagram diagram = draw(trace, about);
  EXPECT_THAT(diagram.lanes, ElementsAre("sensor", "broker", "screen"));
  EXPECT_THAT(texts(diagram),
              ElementsAre("sensor: application publishes", "sensor->broker: PUBLISH QoS 1, id 1",
                          "broker->sensor: PUBACK id 1", "sensor: application is told: done",
                          "broker->screen: PUBLISH QoS 1, id 1", "screen: given to the application",
                          "screen: here the promise is broken"));
  EXPECT_GT(*diagram.steps[1].received, diagram.steps[1].at);
}

TEST_F(Sequence, ShowsWhatLeftItsSenderAndNeverArrived) {
  trace.connects(sensor);
  const auto stamp = trace.attempts(sensor, "a", Qos::at_least_once);
  trace.sends(stamp).loses_link(sensor).connects(sensor).sends(stamp, true).broker_gets(stamp);
  const auto all = texts(draw(trace, evidence(trace, {sensor}, stamp)));
  EXPECT_THAT(all, ::testing::Contains("sensor->broker: PUBLISH QoS 1, id 1 (lost)"));
  EXPECT_THAT(all, ::testing::Contains("sensor->broker: PUBLISH QoS 1, id 1, DUP"));
  EXPECT_THAT(all, ::testing::Contains("sensor: connection 1 reset"));
}

TEST_F(Sequence, APacketIdThatIsUsedAgainIsAnotherExchange) {
  trace.connects(sensor);
  const auto first = trace.publishes(sensor, "a", Qos::at_least_once);
  const auto all = texts(draw(trace, evidence(trace, {sensor}, first)));
  trace.packet(sensor, trace::End::client, true,
               Publish{.topic = "z", .packet_id = PacketId{1}, .qos = Qos::at_least_once});
  trace.packet(sensor, trace::End::broker, true, PubAck{.packet_id = PacketId{1}});
  const auto more = texts(draw(trace, evidence(trace, {sensor}, first)));
  EXPECT_EQ(more.size(), all.size());
}

TEST_F(Sequence, WithoutAMessageShowsConnectionsAndSubscriptions) {
  trace.connects(screen)
      .subscribes(screen, "#", Qos::at_least_once)
      .loses_link(screen)
      .connects(screen);
  const auto all = texts(draw(trace, evidence(trace, {screen}, std::nullopt)));
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("screen->broker: CONNECT")));
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("SUBSCRIBE id")));
  EXPECT_THAT(all, ::testing::Contains(HasSubstr("CONNACK, session present")));
}

TEST_F(Sequence, LeavesOutTheMiddleOfALongStory) {
  trace.connects(sensor);
  for (int i = 0; i < 50; ++i) trace.loses_link(sensor).connects(sensor);
  const SequenceDiagram diagram = draw(trace, evidence(trace, {sensor}, std::nullopt), 20);
  EXPECT_EQ(diagram.steps.size(), 20U);
  EXPECT_GT(diagram.left_out, 100U);
  EXPECT_EQ(diagram.steps[10].what, SequenceStep::What::gap);
  EXPECT_EQ(diagram.steps.back().text, "here the promise is broken");
  for (std::size_t i = 12; i + 3 < diagram.steps.size(); ++i)
    EXPECT_EQ(diagram.steps[i].received.has_value(),
              diagram.steps[i].what == SequenceStep::What::packet)
        << i;
}

}  // namespace
}  // namespace mq::report
