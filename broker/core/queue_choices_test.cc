// What an operator may choose about queues: QoS 0 for clients that are away, QoS as subscribed,
// bytes under way.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class BrokerQueueChoices : public BrokerTest {
 protected:
  Peer& subscriber(Qos qos, std::uint32_t receive_maximum = 0) {
    Connect said = hello(Version::v5, "s", false);
    if (receive_maximum > 0) said.properties.add(PropertyId::receive_maximum, receive_maximum);
    Peer& peer = connect(said);
    if (!peer.conn_ack.session_present) subscribe(peer, "t", qos);
    return peer;
  }
  std::size_t queued() { return broker().census().queued_messages; }
};

class BrokerQueuesQos0 : public BrokerQueueChoices, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Choice, BrokerQueuesQos0, ::testing::Bool());

TEST_P(BrokerQueuesQos0, ForWhoIsAwayIfThatIsChosen) {
  settings.queues_qos0 = GetParam();
  cut(subscriber(qos0));
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "1");
  publish(p, "t", "2", qos1, 1);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::success);
  EXPECT_EQ(queued(), GetParam() ? 2u : 0u);
  Peer& s = subscriber(qos0);
  if (GetParam()) {
    EXPECT_EQ(expect_publish(s, "t", "1").qos, qos0);
    EXPECT_EQ(expect_publish(s, "t", "2").qos, qos0);
  }
  expect_silence(s);
  EXPECT_EQ(queued(), 0u);
  publish(p, "t", "3");
  expect_publish(s, "t", "3");
}

TEST_F(BrokerQueueChoices, Qos0ThatWaitsIsWithinTheLimitsAndNoReasonToRefuse) {
  settings.queues_qos0 = true;
  settings.limits.queued_messages = 2;
  cut(subscriber(qos0));
  Peer& p = connect(Version::v5, "p");
  for (const char* payload : {"1", "2", "3"}) publish(p, "t", payload);
  EXPECT_EQ(queued(), 2u);
  EXPECT_EQ(broker().census().dropped_messages, 1u);
  publish(p, "t", "4", qos1, 1);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::success);
  EXPECT_EQ(broker().census().dropped_messages, 2u);
}

TEST_F(BrokerQueueChoices, TheBrokersOwnWordWaitsForNobody) {
  settings.queues_qos0 = settings.upgrades_qos = true;
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "$SYS/#", qos1);
  handle(Announce{"$SYS/x", Bytes::copy("1")});
  EXPECT_EQ(expect_publish(s, "$SYS/x", "1").qos, qos0);
  cut(s);
  handle(Announce{"$SYS/x", Bytes::copy("2")});
  EXPECT_EQ(queued(), 0u);
}

TEST_F(BrokerQueueChoices, AWordThatIsNotRetainedIsHeardOnceAndLeavesWhatIsRetained) {
  handle(Announce{"$SYS/x", Bytes::copy("kept")});
  Peer& before = connect(Version::v5, "before");
  subscribe(before, "$SYS/#");
  expect_publish(before, "$SYS/x", "kept");
  handle(Announce{.topic = "$SYS/x", .payload = Bytes::copy("said"), .retain = false});
  EXPECT_FALSE(expect_publish(before, "$SYS/x", "said").retain);
  Peer& after = connect(Version::v5, "after");
  subscribe(after, "$SYS/#");
  expect_publish(after, "$SYS/x", "kept");
  expect_silence(after);
}

// v5 MQTT-4.6.0-6: messages of one topic and one QoS come in the order in which they were published
TEST_F(BrokerQueueChoices, NewQos0DoesNotOvertakeWhatWaits) {
  settings.queues_qos0 = true;
  cut(subscriber(qos1));
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "a", qos1, 1);
  publish(p, "t", "b", qos1, 2);
  publish(p, "t", "1");
  Peer& s = subscriber(qos1, 1);
  publish(p, "t", "2");
  ack(s, expect_publish(s, "t", "a"));
  const Publish second = expect_publish(s, "t", "b");
  expect_silence(s);
  ack(s, second);
  EXPECT_EQ(expect_publish(s, "t", "1").qos, qos0);
  expect_publish(s, "t", "2");
  expect_silence(s);
}

// v5 MQTT-4.3.1-1: at most once, also when the broker crashes
TEST_F(BrokerQueueChoices, Qos0ThatWaitedSurvivesACrashAndIsSentAtMostOnce) {
  settings.queues_qos0 = true;
  cut(subscriber(qos0));
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "1");
  publish(p, "t", "2");
  crash_and_restart();
  EXPECT_EQ(queued(), 2u);
  commits = false;
  Connect said = hello(Version::v5, "s", false);
  Peer& s = open();
  say(s, said);
  expect_silence(s);  // before it is forgotten for good
  commit();
  expect<ConnAck>(s);
  expect_publish(s, "t", "1");
  expect_publish(s, "t", "2");
  commits = true;
  crash_and_restart();
  EXPECT_EQ(queued(), 0u);
  expect_silence(connect(said));
}

TEST_F(BrokerQueueChoices, ASharedSubscriptionAtQos0KeepsItsMessagesIfThatIsChosen) {
  settings.queues_qos0 = true;
  Peer& member = connect(Version::v5, "m", false);
  subscribe(member, "$share/g/t", qos0);
  cut(member);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "1");
  EXPECT_EQ(queued(), 1u);
}

TEST_F(BrokerQueueChoices, MessagesComeAtTheQosOfTheSubscriptionIfThatIsChosen) {
  settings.upgrades_qos = true;
  Peer& s = subscriber(qos2);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "1");
  const Publish got = expect_publish(s, "t", "1");
  EXPECT_EQ(got.qos, qos2);
  ack(s, got);
  publish(p, "t", "2", qos1, 1);
  expect<PubAck>(p);
  EXPECT_EQ(expect_publish(s, "t", "2").qos, qos2);
  cut(s);
  publish(p, "t", "3");
  EXPECT_EQ(queued(), 2u);  // for at this QoS it waits
  subscribe(p, "t", qos0);
  publish(p, "t", "4", qos2, 2);
  EXPECT_EQ(expect<Publish>(p).qos, qos0);
}

struct UnderWay {
  std::size_t limit, messages;
};
class BrokerInflightBytes : public BrokerQueueChoices,
                            public ::testing::WithParamInterface<UnderWay> {};
INSTANTIATE_TEST_SUITE_P(Limits, BrokerInflightBytes,
                         ::testing::Values(UnderWay{0, 3}, UnderWay{1, 1}, UnderWay{10, 1},
                                           UnderWay{11, 2}, UnderWay{20, 2}, UnderWay{21, 3}));

// A message of 10 bytes: its topic and its payload.
TEST_P(BrokerInflightBytes, AreUnderWayAndNoMoreAreSent) {
  settings.limits.inflight_bytes = GetParam().limit;
  Peer& s = subscriber(qos2);
  Peer& p = connect(Version::v5, "p");
  for (std::uint16_t id = 1; id <= 3; ++id) publish(p, "t", "123456789", qos1, id);
  EXPECT_EQ(s.inbox.size(), GetParam().messages);
  for (int i = 0; i < 3; ++i) ack(s, expect_publish(s, "t", "123456789"));
  EXPECT_EQ(queued(), 0u);
}

// What PUBREC has answered takes no more room.
TEST_F(BrokerQueueChoices, AReceivedQos2MessageHasNoBytesUnderWay) {
  settings.limits.inflight_bytes = 1;
  Peer& s = subscriber(qos2);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "1", qos2, 1);
  publish(p, "t", "2", qos2, 2);
  const Publish first = expect_publish(s, "t", "1");
  expect_silence(s);
  say(s, PubRec{first.packet_id});
  expect<PubRel>(s);
  publish(p, "t", "3", qos2, 3);
  expect_publish(s, "t", "2");
  expect_silence(s);
}

}  // namespace
}  // namespace mq::broker
