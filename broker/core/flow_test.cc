// Windows, queues and slow readers (5.0, 4.9; security.md, section 3).
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Flow : public BrokerVersions {};
INSTANTIATE_TEST_SUITE_P(Versions, Flow, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);
using Flow5 = BrokerTest;

TEST_P(Flow, TheWindowIsKeptAndTheRestFollows) {
  settings.limits.inflight_messages = 2;
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos2);
  for (std::uint16_t i = 1; i <= 5; ++i) publish(p, "t", std::to_string(i), qos2, i);
  const Publish one = expect_publish(s, "t", "1");
  const Publish two = expect_publish(s, "t", "2");
  expect_silence(s);
  say(s, PubRec{one.packet_id});
  expect<PubRel>(s);
  expect_silence(s);  // PUBREC alone frees nothing
  say(s, PubComp{one.packet_id});
  const Publish three = expect_publish(s, "t", "3");
  expect_silence(s);
  ack(s, two);
  const Publish four = expect_publish(s, "t", "4");
  ack(s, three);
  expect_publish(s, "t", "5");
  ack(s, four);
  expect_silence(s);
}

TEST_P(Flow, AQueueIsBoundedInBytesToo) {
  settings.limits.queued_bytes = 100;
  cut([&]() -> Peer& {
    Peer& s = connect(v(), "s", false);
    subscribe(s, "t", qos1);
    return s;
  }());
  Peer& p = connect(v(), "p");
  publish(p, "t", std::string(99, 'x'), qos1, 1);
  EXPECT_EQ(broker().census().queued_bytes, 100u);
  publish(p, "t", "", qos1, 2);
  EXPECT_EQ(broker().census().dropped_messages, 1u);
}

TEST_P(Flow, ASlowReaderLosesQosZeroAndKeepsTheRestWaiting) {
  settings.limits.hold = 0s;
  settings.limits.backlog_bytes = 100;
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos1);
  drains = false;
  publish(p, "t", std::string(200, 'x'), qos0);
  publish(p, "t", "dropped", qos0);
  publish(p, "t", "waits", qos1, 1);
  expect<Publish>(s);
  expect_silence(s);
  EXPECT_EQ(broker().census().dropped_messages, 1u);
  handle(Drained{s.link, 100'000});
  expect_publish(s, "t", "waits");
}

TEST_P(Flow, WhoNeverReadsTheAnswersIsCutOff) {
  settings.limits.backlog_bytes = 1000;
  Peer& a = connect(v(), "a");
  drains = false;
  for (int i = 0; i < 50'000 && !a.closed; ++i) say(a, PingReq{});
  expect_closed(a, Rule::limit_is_kept);
  EXPECT_LT(a.bytes, 70'000u);
}

// v5 MQTT-3.3.4-7
TEST_F(Flow5, TheReceiveMaximumIsEnforcedAtOnePast) {
  settings.limits.receive_maximum = 3;
  Peer& p = connect(Version::v5, "p");
  for (std::uint16_t i = 1; i <= 3; ++i) publish(p, "t", "x", qos2, i);
  for (int i = 0; i < 3; ++i) expect<PubRec>(p);
  publish(p, "t", "again", qos2, 3);  // counted already
  expect<PubRec>(p);
  say(p, PubRel{PacketId{1}});
  expect<PubComp>(p);
  publish(p, "t", "x", qos1, 4);  // answered at once, so it stands for nothing
  expect<PubAck>(p);
  publish(p, "t", "x", qos2, 5);
  expect<PubRec>(p);
  publish(p, "t", "x", qos1, 6);
  expect_thrown_out(p, Rule::receive_maximum_is_kept, ReasonCode::receive_maximum_exceeded);
}

TEST_F(Flow5, AnAcknowledgementThatWaitsForTheStoreCountsForTheReceiveMaximum) {
  settings.limits.receive_maximum = 2;
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "t", qos1);
  Peer& p = connect(Version::v5, "p");
  commits = false;
  publish(p, "t", "x", qos1, 1);
  publish(p, "t", "x", qos1, 2);
  expect_silence(p);
  commit();
  expect<PubAck>(p);
  expect<PubAck>(p);
  publish(p, "t", "x", qos1, 3);
  publish(p, "t", "x", qos1, 4);
  expect_open(p);
  publish(p, "t", "x", qos1, 5);
  commit();
  expect<PubAck>(p);
  expect<PubAck>(p);
  expect_thrown_out(p, Rule::receive_maximum_is_kept, ReasonCode::receive_maximum_exceeded);
}

// 3.1.1 has no receive maximum
TEST_P(Flow, OpenQosTwoMessagesAreLimited) {
  settings.limits.open_qos2_messages = 3;
  Peer& p = connect(v(), "p");
  for (std::uint16_t i = 1; i <= 3; ++i) {
    publish(p, "t", "x", qos2, i);
    expect<PubRec>(p);
  }
  expect_open(p);
  publish(p, "t", "x", qos2, 4);
  expect_thrown_out(p, Rule::limit_is_kept, ReasonCode::quota_exceeded);
}

// v5 MQTT-3.3.4-9, -10
TEST_F(Flow5, TheClientsReceiveMaximumIsKeptAlsoOverAResume) {
  Connect said = hello(Version::v5, "s", false);
  said.properties.add(PropertyId::receive_maximum, 4u);
  Peer& s = connect(said);
  subscribe(s, "t", qos2);
  Peer& p = connect(Version::v5, "p");
  for (std::uint16_t i = 1; i <= 6; ++i) publish(p, "t", std::to_string(i), qos2, i);
  for (int i = 1; i <= 4; ++i) expect_publish(s, "t", std::to_string(i));
  expect_silence(s);
  cut(s);
  said.properties = hello(Version::v5, "s", false).properties;
  said.properties.add(PropertyId::receive_maximum, 1u);
  Peer& back = connect(said);
  for (int i = 1; i <= 6; ++i) {
    const Publish got = expect_publish(back, "t", std::to_string(i));
    EXPECT_EQ(got.dup, i <= 4);
    expect_silence(back);
    ack(back, got);
  }
}

// v5 MQTT-3.1.2-24, -25
TEST_F(Flow5, WhatTheClientCannotTakeIsPassedOver) {
  Connect said = hello(Version::v5, "s");
  said.properties.add(PropertyId::maximum_packet_size, 50u);
  Peer& s = connect(said);
  subscribe(s, "t", qos1);
  Peer& p = connect(Version::v5, "p");
  for (Qos qos : {qos0, qos1}) {
    const std::size_t overhead = qos == qos0 ? 6 : 8;
    publish(p, "t", std::string(50 - overhead + 1, 'x'), qos, 1);
    expect_silence(s);
    publish(p, "t", std::string(50 - overhead, 'x'), qos, 1);
    const Publish got = expect<Publish>(s);
    EXPECT_EQ(encoded_bytes(got, Version::v5), 50u);
    ack(s, got);
  }
  EXPECT_EQ(broker().census().dropped_messages, 2u);
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

}  // namespace
}  // namespace mq::broker
