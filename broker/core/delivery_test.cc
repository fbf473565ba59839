// QoS 0, 1 and 2 in both directions (both standards, 3.3 to 3.7, 4.3 to 4.6).
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Deliveries : public BrokerVersions {};
INSTANTIATE_TEST_SUITE_P(Versions, Deliveries, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);

using Deliveries5 = BrokerTest;

// v3.1.1 MQTT-3.8.4-6, v5 MQTT-3.8.4-8: the smaller of both
TEST_P(Deliveries, TheQosIsTheSmallerOfPublishedAndGranted) {
  Peer& p = connect(v(), "p");
  std::uint16_t id = 0;
  for (Qos granted : {qos0, qos1, qos2}) {
    Peer& s = connect(v(), "s");
    subscribe(s, "t", granted);
    for (Qos published : {qos0, qos1, qos2}) {
      publish(p, "t", "x", published, published == qos0 ? 0 : ++id);
      const Publish got = expect_publish(s, "t", "x");
      EXPECT_EQ(got.qos, std::min(granted, published));
      EXPECT_EQ(got.packet_id == PacketId::none, got.qos == qos0);
      EXPECT_FALSE(got.dup);
      ack(s, got);
    }
  }
}

// v3.1.1 MQTT-4.3.2-2, v5 MQTT-4.3.2-4
TEST_P(Deliveries, QosOneIsAcknowledgedUnderItsId) {
  Peer& p = connect(v(), "p");
  publish(p, "t", "x", qos1, 77);
  const PubAck got = expect<PubAck>(p);
  EXPECT_EQ(got.packet_id, PacketId{77});
  EXPECT_EQ(got.reason,
            v() == Version::v5 ? ReasonCode::no_matching_subscribers : ReasonCode::success);
}

// v3.1.1 MQTT-4.3.3-2, v5 MQTT-4.3.3-8 to -12
TEST_P(Deliveries, QosTwoIsPassedOnOnceHoweverOftenItComes) {
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos0);
  Peer& p = connect(v(), "p", false);
  publish(p, "t", "x", qos2, 5);
  EXPECT_EQ(expect<PubRec>(p).packet_id, PacketId{5});
  expect_publish(s, "t", "x");
  publish(p, "t", "x", qos2, 5);
  expect<PubRec>(p);
  cut(p);
  Peer& again = connect(v(), "p", false);
  publish(again, "t", "x", qos2, 5);
  expect<PubRec>(again);
  expect_silence(s);
  say(again, PubRel{PacketId{5}});
  EXPECT_EQ(expect<PubComp>(again).packet_id, PacketId{5});
  publish(again, "t", "new", qos2, 5);
  expect<PubRec>(again);
  expect_publish(s, "t", "new");
}

TEST_P(Deliveries, AQosTwoIdIsRememberedOverACrashOfTheBroker) {
  Peer& p = connect(v(), "p", false);
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos2);
  publish(p, "t", "x", qos2, 5);
  expect<PubRec>(p);
  ack(s, expect_publish(s, "t", "x"));
  crash_and_restart();
  Peer& s2 = connect(v(), "s", false);
  Peer& p2 = connect(v(), "p", false);
  publish(p2, "t", "x", qos2, 5);
  expect<PubRec>(p2);
  expect_silence(s2);
  say(p2, PubRel{PacketId{5}});
  expect<PubComp>(p2);
}

TEST_P(Deliveries, APubRelForNothingIsCompleted) {
  Peer& p = connect(v(), "p");
  say(p, PubRel{PacketId{9}});
  const PubComp got = expect<PubComp>(p);
  EXPECT_EQ(got.packet_id, PacketId{9});
  EXPECT_EQ(got.reason,
            v() == Version::v5 ? ReasonCode::packet_identifier_not_found : ReasonCode::success);
}

// v3.1.1 MQTT-4.4.0-1, MQTT-4.6.0-1; v5 MQTT-4.4.0-1, MQTT-3.3.1-1
TEST_P(Deliveries, WhatIsNotAcknowledgedComesAgainInOrderWithDupAndItsId) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s", false);
  subscribe(s, "#", qos2);
  std::vector<Publish> first;
  for (int i = 0; i < 4; ++i) {
    publish(p, "t", std::to_string(i), i % 2 == 0 ? qos1 : qos2, static_cast<std::uint16_t>(i + 1));
    first.push_back(expect<Publish>(s));
  }
  say(s, PubRec{first[1].packet_id});
  expect<PubRel>(s);
  cut(s);
  publish(p, "t", "later", qos1, 9);

  Peer& back = connect(v(), "s", false);
  for (int i : {0, 1, 2, 3}) {
    if (i == 1) {
      EXPECT_EQ(expect<PubRel>(back).packet_id, first[1].packet_id);
      continue;
    }
    const Publish got = expect_publish(back, "t", std::to_string(i));
    EXPECT_TRUE(got.dup);
    EXPECT_EQ(got.packet_id, first[static_cast<std::size_t>(i)].packet_id);
  }
  const Publish later = expect_publish(back, "t", "later");
  EXPECT_FALSE(later.dup);
  for (const Publish& sent : first) EXPECT_NE(later.packet_id, sent.packet_id);
  say(back, PubComp{first[1].packet_id});
  expect_silence(back);
}

TEST_P(Deliveries, WhatWasSentBeforeACrashComesAgainWithDup) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos2);
  publish(p, "t", "one", qos1, 1);
  const Publish one = expect_publish(s, "t", "one");
  publish(p, "t", "two", qos2, 2);
  const Publish two = expect_publish(s, "t", "two");
  say(s, PubRec{two.packet_id});
  expect<PubRel>(s);
  crash_and_restart();
  Peer& back = connect(v(), "s", false);
  const Publish again = expect_publish(back, "t", "one");
  EXPECT_TRUE(again.dup);
  EXPECT_EQ(again.packet_id, one.packet_id);
  EXPECT_EQ(expect<PubRel>(back).packet_id, two.packet_id);
  expect_silence(back);
}

// v5 MQTT-4.5.0-1, v3.1.1 MQTT-4.5.0-1; and nothing of QoS 0
TEST_P(Deliveries, MessagesWaitForAnAbsentSessionButNotAtQosZero) {
  cut([&]() -> Peer& {
    Peer& s = connect(v(), "s", false);
    subscribe(s, "t", qos1);
    return s;
  }());
  Peer& p = connect(v(), "p");
  publish(p, "t", "zero", qos0);
  publish(p, "t", "one", qos1, 1);
  publish(p, "t", "two", qos2, 2);
  Peer& back = connect(v(), "s", false);
  EXPECT_EQ(expect_publish(back, "t", "one").qos, qos1);
  EXPECT_EQ(expect_publish(back, "t", "two").qos, qos1);
  expect_silence(back);
}

TEST_P(Deliveries, AQosTwoExchangeTakesItsFourSteps) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos2);
  publish(p, "t", "x", qos2, 3);
  const Publish got = expect_publish(s, "t", "x");
  say(s, PubRec{got.packet_id});
  EXPECT_EQ(expect<PubRel>(s).packet_id, got.packet_id);
  say(s, PubRec{got.packet_id});  // said again: the answer is the same
  EXPECT_EQ(expect<PubRel>(s).packet_id, got.packet_id);
  EXPECT_EQ(broker().census().queued_messages, 1u);
  say(s, PubComp{got.packet_id});
  EXPECT_EQ(broker().census().queued_messages, 0u);
  EXPECT_EQ(broker().census().queued_bytes, 0u);
}

TEST_P(Deliveries, AcknowledgementsForNothingAreNoFault) {
  Peer& s = connect(v(), "s");
  say(s, PubAck{PacketId{1}});
  say(s, PubComp{PacketId{2}});
  expect_silence(s);
  say(s, PubRec{PacketId{3}});
  EXPECT_EQ(expect<PubRel>(s).packet_id, PacketId{3});
  expect_open(s);
}

TEST_P(Deliveries, AnAcknowledgementOfTheWrongKindEndsTheLink) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos2);
  publish(p, "t", "x", qos2, 1);
  const Publish got = expect<Publish>(s);
  say(s, PubAck{got.packet_id});
  expect_thrown_out(s, Rule::acknowledgement_answers_a_packet,
                    info(Rule::acknowledgement_answers_a_packet).reason);
}

// v3.1.1 MQTT-3.3.5-1, v5 MQTT-3.3.4-2
TEST_P(Deliveries, OverlappingFiltersGiveOneCopyAtTheHighestQos) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s");
  subscribe(s, "a/+", qos0);
  subscribe(s, "a/b", qos2);
  subscribe(s, "#", qos1);
  publish(p, "a/b", "x", qos2, 1);
  EXPECT_EQ(expect_publish(s, "a/b", "x").qos, qos2);
  expect_silence(s);
}

TEST_P(Deliveries, MessagesOfATopicStayInOrderOverALostLink) {
  settings.limits.inflight_messages = 3;
  Peer& p = connect(v(), "p");
  {
    Peer& s = connect(v(), "s", false);
    subscribe(s, "t", qos1);
  }
  std::uint16_t sent = 0;
  int expected = 1;
  for (int round = 0; round < 5; ++round) {
    Peer& s = connect(v(), "s", false);
    for (int i = 0; i < 4; ++i) {
      ++sent;
      publish(p, "t", std::to_string(sent), qos1, sent);
    }
    for (int i = 0; i < 2; ++i) {
      const Publish got = expect_publish(s, "t", std::to_string(expected++));
      say(s, PubAck{got.packet_id});
    }
    cut(s);
  }
  Peer& s = connect(v(), "s", false);
  while (expected <= sent) {
    const Publish got = expect_publish(s, "t", std::to_string(expected++));
    say(s, PubAck{got.packet_id});
  }
  expect_silence(s);
}

TEST_P(Deliveries, LargePayloadsArriveWhole) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos2);
  for (std::size_t size : {0u, 255u, 256u, 257u, 70'000u})
    for (Qos qos : {qos0, qos1, qos2}) {
      const std::string payload(size, 'x');
      publish(p, "t", payload, qos, 1);
      ack(s, expect_publish(s, "t", payload));
      if (qos == qos2) say(p, PubRel{PacketId{1}});
    }
}

// v5 2.2.1: an id of an open QoS 2 message is not free for a QoS 1 message
TEST_F(Deliveries5, AnIdInUseIsRefused) {
  Peer& p = connect(Version::v5, "p");
  subscribe(p, "t", qos0);
  publish(p, "u", "x", qos2, 1);
  expect<PubRec>(p);
  publish(p, "t", "x", qos1, 1);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::packet_identifier_in_use);
  say(p, Subscribe{.packet_id = PacketId{1}, .entries = {{"v", {}}}});
  EXPECT_EQ(expect<SubAck>(p).reasons.front(), ReasonCode::packet_identifier_in_use);
  say(p, Unsubscribe{.packet_id = PacketId{1}, .filters = {"t"}});
  EXPECT_EQ(expect<UnsubAck>(p).reasons.front(), ReasonCode::packet_identifier_in_use);
  EXPECT_EQ(broker().census().subscriptions, 1u);
  expect_silence(p);
}

// v5 MQTT-4.4.0-2
TEST_F(Deliveries5, ARefusedMessageIsDone) {
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "t", qos2);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "x", qos1, 1);
  say(s, PubAck{expect<Publish>(s).packet_id, ReasonCode::quota_exceeded});
  publish(p, "t", "x", qos2, 2);
  say(s, PubRec{expect<Publish>(s).packet_id, ReasonCode::quota_exceeded});
  expect_silence(s);
  cut(s);
  expect_silence(connect(Version::v5, "s", false));
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

// v5 MQTT-3.3.2-5, -6
TEST_F(Deliveries5, AMessageExpiresWhileItWaits) {
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "t", qos1);
  cut(s);
  Peer& p = connect(Version::v5, "p");
  Properties short_lived, long_lived;
  short_lived.add(PropertyId::message_expiry_interval, 10u);
  long_lived.add(PropertyId::message_expiry_interval, 100u);
  publish(p, "t", "short", qos1, 1, false, short_lived);
  publish(p, "t", "long", qos1, 2, false, long_lived);
  advance(10s);
  Peer& back = connect(Version::v5, "s", false);
  const Publish got = expect_publish(back, "t", "long");
  EXPECT_EQ(got.properties.number(PropertyId::message_expiry_interval), 90u);
  expect_silence(back);
  EXPECT_EQ(broker().census().queued_messages, 1u);
}

// v5 MQTT-4.3.3-7: once begun, a delivery is finished
TEST_F(Deliveries5, AMessageThatWasSentDoesNotExpire) {
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "t", qos2);
  Peer& p = connect(Version::v5, "p");
  Properties lifetime;
  lifetime.add(PropertyId::message_expiry_interval, 10u);
  publish(p, "t", "x", qos2, 1, false, lifetime);
  EXPECT_EQ(expect<Publish>(s).properties.number(PropertyId::message_expiry_interval), 10u);
  cut(s);
  advance(20s);
  EXPECT_TRUE(expect_publish(connect(Version::v5, "s", false), "t", "x").dup);
}

TEST_F(Deliveries5, PropertiesTravelUnalteredAndInOrder) {
  Peer& s = connect(Version::v5, "s");
  Peer& old = connect(Version::v3_1_1, "old");
  subscribe(s, "t");
  subscribe(old, "t");
  Peer& p = connect(Version::v5, "p");
  Properties sent;
  sent.add(PropertyId::payload_format_indicator, 1u);
  sent.add_user("b", "1");
  sent.add(PropertyId::content_type, "text/plain");
  sent.add_user("a", "2");
  sent.add(PropertyId::response_topic, "answers");
  sent.add_user("b", "3");
  sent.add(PropertyId::correlation_data, Bytes::copy("id"));
  publish(p, "t", "x", qos1, 1, false, sent);
  EXPECT_EQ(expect_publish(s, "t", "x").properties, sent);
  expect_publish(old, "t", "x");
}

// v5 MQTT-3.3.2-7, -9, -12
TEST_F(Deliveries5, TopicAliasesWorkUpToTheMaximum) {
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "#", qos0);
  Peer& p = connect(Version::v5, "p", false);
  Properties alias;
  alias.add(PropertyId::topic_alias, 16u);
  publish(p, "t", "1", qos0, 0, false, alias);
  publish(p, "", "2", qos0, 0, false, alias);
  publish(p, "u", "3", qos0, 0, false, alias);
  publish(p, "", "4", qos0, 0, false, alias);
  EXPECT_TRUE(expect_publish(s, "t", "1").properties.empty());
  expect_publish(s, "t", "2");
  expect_publish(s, "u", "3");
  expect_publish(s, "u", "4");
  Properties past;
  past.add(PropertyId::topic_alias, 17u);
  publish(p, "t", "5", qos0, 0, false, past);
  expect_thrown_out(p, Rule::topic_alias_is_within_maximum, ReasonCode::topic_alias_invalid);
  Peer& again = connect(Version::v5, "p", false);
  publish(again, "", "6", qos0, 0, false, alias);
  expect_thrown_out(again, Rule::topic_alias_is_known, info(Rule::topic_alias_is_known).reason);
  expect_silence(s);
}

// v5 MQTT-3.1.2-26, -27, v5 MQTT-3.3.2-7, -11
TEST_F(Deliveries5, ASubscriberWhoGrantsAliasesGetsThemUpToItsMaximum) {
  settings.limits.topic_aliases_out = 3;
  Connect grants = hello(Version::v5, "s", false);
  grants.properties.add(PropertyId::topic_alias_maximum, 2u);
  Peer& s = connect(grants);
  subscribe(s, "#", qos1);
  Peer& none = connect(Version::v5, "none");
  subscribe(none, "#", qos1);
  Peer& p = connect(Version::v5, "p");
  const auto arrives = [&](Peer& at, const std::string& said, std::optional<std::uint32_t> alias) {
    const Publish got = expect<Publish>(at);
    EXPECT_EQ(got.topic, said);
    EXPECT_EQ(got.properties.number(PropertyId::topic_alias), alias);
  };
  std::uint16_t id = 0;
  for (const std::string topic : {"first", "second", "first", "third", "t", "second"}) {
    publish(p, topic, "x", id % 2 == 0 ? qos0 : qos1, id % 2 == 0 ? 0 : id);
    ++id;
  }
  arrives(s, "first", 1);
  arrives(s, "second", 2);
  arrives(s, "", 1);
  arrives(s, "third", {});
  arrives(s, "t", {});
  arrives(s, "", 2);
  for (const std::string topic : {"first", "second", "first", "third", "t", "second"})
    arrives(none, topic, {});
  // Another link knows nothing of it, nor does a repetition.
  cut(s);
  Peer& again = connect(grants);
  arrives(again, "second", 1);
  arrives(again, "third", 2);
  arrives(again, "", 1);
}

// v5 MQTT-3.1.2-24: telling an alias makes the packet larger.
TEST_F(Deliveries5, AnAliasThatMakesAPacketTooLargeIsNotTold) {
  Connect grants = hello(Version::v5, "s");
  grants.properties.add(PropertyId::topic_alias_maximum, 2u);
  grants.properties.add(PropertyId::maximum_packet_size, 40u);
  Peer& s = connect(grants);
  subscribe(s, "#", qos0);
  Peer& p = connect(Version::v5, "p");
  const std::string fits(40 - 2 - 2 - 5 - 1, 'x');
  publish(p, "topic", fits);
  publish(p, "topic", fits + "x");
  publish(p, "topic", "y");
  EXPECT_FALSE(expect_publish(s, "topic", fits).properties.number(PropertyId::topic_alias));
  EXPECT_EQ(expect_publish(s, "topic", "y").properties.number(PropertyId::topic_alias), 1u);
  expect_silence(s);
}

}  // namespace
}  // namespace mq::broker
