// What the standard leaves to a server, as settings: what is offered, what CONNACK says of it, and
// what becomes of a client that asks for more (5.0: 3.2.2.3; 4.8.2; 4.11).
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Offered : public BrokerVersions {
 protected:
  // The answer to a CONNECT that is refused.
  ConnAck refusal(const Connect& connect) {
    Peer& peer = open(connect.version);
    say(peer, connect);
    EXPECT_TRUE(peer.closed);
    return expect<ConnAck>(peer);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Offered, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);
using Offered5 = Offered;
INSTANTIATE_TEST_SUITE_P(Versions, Offered5, ::testing::Values(Version::v5), version_name);

// v5 MQTT-3.2.2-9, v5 MQTT-3.2.2-11, v5 MQTT-3.2.2-12
TEST_P(Offered, AMaximumQosIsSaidAndKept) {
  settings.offers.maximum_qos = qos1;
  Peer& p = connect(v(), "p");
  if (v() == Version::v5) {
    EXPECT_EQ(p.conn_ack.properties.number(PropertyId::maximum_qos), 1u);
  }
  EXPECT_EQ(subscribe(p, "t", qos2).reasons.at(0), ReasonCode::granted_qos_1);
  publish(p, "t", "at the maximum", qos1, 1);
  expect_publish(p, "t", "at the maximum");
  expect<PubAck>(p);
  publish(p, "t", "one past it", qos2, 2);
  expect_thrown_out(p, Rule::qos_is_within_maximum, ReasonCode::qos_not_supported);
  if (v() != Version::v5) return;
  Connect with_will = hello(v(), "w");
  with_will.will = Will{.topic = "w", .qos = qos2};
  EXPECT_EQ(refusal(with_will).reason, ReasonCode::qos_not_supported);
}

// v5 MQTT-3.2.2-13, v5 MQTT-3.2.2-14
TEST_P(Offered, RetainedMessagesMayBeLeftOut) {
  settings.offers.retained_messages = false;
  Peer& p = connect(v(), "p");
  if (v() == Version::v5) {
    EXPECT_EQ(p.conn_ack.properties.number(PropertyId::retain_available), 0u);
  }
  publish(p, "t", "x", qos0, 0, true);
  expect_thrown_out(p, Rule::retain_is_available, ReasonCode::retain_not_supported);
  EXPECT_EQ(broker().census().retained, 0u);
  if (v() != Version::v5) return;
  Connect with_will = hello(v(), "w");
  with_will.will = Will{.topic = "w", .retain = true};
  EXPECT_EQ(refusal(with_will).reason, ReasonCode::retain_not_supported);
}

// v5 3.2.2.3.11 to 3.2.2.3.13
TEST_P(Offered, KindsOfSubscriptionsMayBeLeftOut) {
  settings.offers.wildcard_subscriptions = false;
  settings.offers.shared_subscriptions = false;
  settings.offers.subscription_identifiers = false;
  Peer& s = connect(v(), "s");
  const auto refused = [&](ReasonCode reason) {
    return v() == Version::v5 ? reason : ReasonCode::unspecified_error;
  };
  EXPECT_EQ(subscribe(s, "a/+").reasons.at(0),
            refused(ReasonCode::wildcard_subscriptions_not_supported));
  EXPECT_EQ(subscribe(s, "$share/g/a").reasons.at(0),
            refused(ReasonCode::shared_subscriptions_not_supported));
  EXPECT_EQ(subscribe(s, "a", qos1).reasons.at(0), ReasonCode::granted_qos_1);
  EXPECT_EQ(broker().census().subscriptions, 1u);
  if (v() != Version::v5) return;
  EXPECT_EQ(subscribe(s, "b", qos1, {}, 7).reasons.at(0),
            ReasonCode::subscription_identifiers_not_supported);
  for (PropertyId id :
       {PropertyId::wildcard_subscription_available, PropertyId::shared_subscription_available,
        PropertyId::subscription_identifier_available})
    EXPECT_EQ(s.conn_ack.properties.number(id), 0u);
}

// v5 MQTT-3.1.3-6, v5 MQTT-3.1.3-8
TEST_P(Offered, EmptyClientIdsMayBeRefused) {
  settings.offers.empty_client_ids = false;
  const auto wanted = v() == Version::v5 ? ReasonCode::client_identifier_not_valid
                                         : connect_return::identifier_rejected;
  EXPECT_EQ(refusal(hello(v(), "")).reason, wanted);
}

TEST_P(Offered5, AnAssignedNameBeginsAsTheOperatorSays) {
  settings.assigned_id_prefix = "plant-7-";
  Peer& p = connect(v(), "");
  EXPECT_TRUE(
      p.conn_ack.properties.text(PropertyId::assigned_client_identifier)->starts_with("plant-7-"));
}

// v5 MQTT-3.1.2-21, v5 MQTT-3.2.2-22
TEST_P(Offered5, ALongestKeepAliveIsSaidAndCounts) {
  settings.keep_alive_max = 10s;
  for (const std::uint16_t wanted : {std::uint16_t{0}, std::uint16_t{11}}) {
    Connect patient = hello(v(), "p");
    patient.keep_alive = wanted;
    Peer& p = connect(patient);
    EXPECT_EQ(p.conn_ack.properties.number(PropertyId::server_keep_alive), 10u);
    advance(15s - 1ns);
    expect_open(p);
    advance(1ns);
    expect_thrown_out(p, Rule::silence_closes_link, ReasonCode::keep_alive_timeout);
  }
  Connect at_the_limit = hello(v(), "q");
  at_the_limit.keep_alive = 10;
  EXPECT_FALSE(connect(at_the_limit).conn_ack.properties.number(PropertyId::server_keep_alive));
}

TEST_P(Offered, WhoCannotBeToldOfAShorterKeepAliveIsRefused) {
  if (v() == Version::v5) return;
  settings.keep_alive_max = 10s;
  Connect patient = hello(v(), "p");
  patient.keep_alive = 11;
  EXPECT_EQ(refusal(patient).reason, connect_return::identifier_rejected);
  patient.keep_alive = 10;
  expect_open(connect(patient));
}

// v5 MQTT-3.1.2-28, v5 4.10.1
TEST_P(Offered5, ResponseInformationIsForThoseWhoAsk) {
  settings.response_information = "answers/%c/";
  Connect asks = hello(v(), "p");
  asks.properties.add(PropertyId::request_response_information, 1u);
  EXPECT_EQ(*connect(asks).conn_ack.properties.text(PropertyId::response_information),
            "answers/p/");
  EXPECT_EQ(connect(v(), "q").conn_ack.properties.text(PropertyId::response_information), nullptr);
}

// v5 4.11
TEST_P(Offered, ABrokerThatMovedSaysWhere) {
  settings.server_moved = true;
  settings.server_reference = "other:1883";
  const ConnAck ack = refusal(hello(v(), "p"));
  EXPECT_EQ(ack.reason,
            v() == Version::v5 ? ReasonCode::server_moved : connect_return::server_unavailable);
  if (v() != Version::v5) return;
  EXPECT_EQ(*ack.properties.text(PropertyId::server_reference), "other:1883");
}

TEST_P(Offered5, ABrokerThatStopsOrIsFullNamesAnother) {
  settings.server_reference = "other:1883";
  settings.limits.sessions = 1;
  Peer& p = connect(v(), "p");
  EXPECT_EQ(refusal(hello(v(), "q")).reason, ReasonCode::use_another_server);
  handle(Shutdown{});
  const Disconnect said = expect<Disconnect>(p);
  EXPECT_EQ(said.reason, ReasonCode::use_another_server);
  EXPECT_EQ(*said.properties.text(PropertyId::server_reference), "other:1883");
}

// v5 MQTT-3.1.2-29
TEST_P(Offered5, RefusalsAreExplainedUnlessUnwanted) {
  settings.limits.topic_levels = 2;
  for (const bool wanted : {true, false}) {
    Connect said = hello(v(), "p");
    if (!wanted) said.properties.add(PropertyId::request_problem_information, 0u);
    Peer& p = connect(said);
    publish(p, "a/b/c", "x", qos1, 1);
    EXPECT_EQ(expect<PubAck>(p).properties.text(PropertyId::reason_string) != nullptr, wanted);
    publish(p, "a/b/c", "x", qos2, 1);
    EXPECT_EQ(expect<PubRec>(p).properties.text(PropertyId::reason_string) != nullptr, wanted);
    EXPECT_EQ(subscribe(p, "a/b/c").properties.text(PropertyId::reason_string) != nullptr, wanted);
    publish(p, "a/b", "x", qos1, 1);
    EXPECT_TRUE(expect<PubAck>(p).properties.empty());
  }
}

// v5 MQTT-3.4.2-2
TEST_P(Offered5, AnExplanationThatDoesNotFitIsLeftOut) {
  settings.limits.topic_levels = 2;
  Connect said = hello(v(), "p");
  said.properties.add(PropertyId::maximum_packet_size, 40u);
  Peer& p = connect(said);
  publish(p, "a/b/c", "x", qos1, 1);
  const PubAck ack = expect<PubAck>(p);
  EXPECT_EQ(ack.reason, ReasonCode::topic_name_invalid);
  EXPECT_TRUE(ack.properties.empty());
}

// v5 3.3.2.3.2
TEST_P(Offered5, PayloadsThatAreNoTextAreRefusedIfAskedFor) {
  Properties text;
  text.add(PropertyId::payload_format_indicator, 1u);
  for (const bool validates : {false, true}) {
    settings.validates_payload_format = validates;
    crash_and_restart();
    Peer& p = connect(v(), "p");
    publish(p, "t", "f\xC3\xBCnf", qos1, 1, false, text);
    EXPECT_FALSE(failed(expect<PubAck>(p).reason));
    publish(p, "t", std::string("a\0b", 3), qos1, 1, false, text);
    EXPECT_FALSE(failed(expect<PubAck>(p).reason));
    publish(p, "t", std::string("a\0\xC3", 3), qos1, 2, false, text);
    EXPECT_EQ(expect<PubAck>(p).reason == ReasonCode::payload_format_invalid, validates);
    publish(p, "t", "\xC3", qos0, 0, false, text);
    EXPECT_EQ(p.closed.has_value(), validates);
  }
}

// v5 MQTT-3.8.3-3: also of what was retained, and after a restart.
TEST_P(Offered5, NoLocalKeepsAwayOnesOwnRetainedMessages) {
  Peer& p = connect(v(), "p", false);
  publish(p, "mine", "1", qos1, 1, true);
  expect<PubAck>(p);
  Peer& other = connect(v(), "other", false);
  publish(other, "theirs", "2", qos1, 1, true);
  subscribe(p, "+", qos0, {.no_local = true});
  expect_publish(p, "theirs", "2");
  expect_silence(p);
  crash_and_restart();
  Peer& again = connect(v(), "p", false);
  subscribe(again, "+", qos0, {.no_local = true});
  expect_publish(again, "theirs", "2");
  expect_silence(again);
  subscribe(again, "mine", qos0);
  expect_publish(again, "mine", "1");
}

// v5 4.8.2, v5 MQTT-4.8.2-5
TEST_P(Offered, WhatAMemberLeavesBehindGoesToAnother) {
  settings.limits.inflight_messages = 1;
  Peer& a = connect(v(), "a", false);
  subscribe(a, "$share/g/t", qos2);
  Peer& p = connect(v(), "p");
  publish(p, "t", "sent at 1", qos1, 1);
  publish(p, "t", "queued at 2", qos2, 2);
  expect_publish(a, "t", "sent at 1");
  cut(a);
  Peer& b = connect(v(), "b");
  subscribe(b, "$share/g/t", qos2);
  expect_silence(b);  // it may still come back
  connect(v(), "a", true);
  const Publish first = expect_publish(b, "t", "sent at 1");
  EXPECT_FALSE(first.dup);
  ack(b, first);
  ack(b, expect_publish(b, "t", "queued at 2"));
}

TEST_P(Offered, AQosTwoMessageThatWasBegunDiesWithItsMember) {
  Peer& a = connect(v(), "a", false);
  subscribe(a, "$share/g/t", qos2);
  Peer& p = connect(v(), "p");
  publish(p, "t", "begun", qos2, 1);
  expect_publish(a, "t", "begun");
  cut(a);
  Peer& b = connect(v(), "b");
  subscribe(b, "$share/g/t", qos2);
  connect(v(), "a", true);
  expect_silence(b);
}

// A session without expiry has no records: the message that the store had for another is gone
// there.
TEST_P(Offered, WhatAFleetingMemberLeavesBehindIsStoredAnew) {
  Peer& a = connect(v(), "a");
  subscribe(a, "$share/g/t", qos1);
  Peer& c = connect(v(), "c", false);
  subscribe(c, "t", qos1);
  Peer& p = connect(v(), "p");
  publish(p, "t", "1", qos1, 1);
  expect_publish(a, "t", "1");
  ack(c, expect_publish(c, "t", "1"));
  Peer& b = connect(v(), "b", false);
  subscribe(b, "$share/g/t", qos1);
  cut(a);
  expect_publish(b, "t", "1");
  crash_and_restart();
  expect_publish(connect(v(), "b", false), "t", "1");
}

TEST_P(Offered, WhatAMemberLeavesBehindIsKnownAfterARestart) {
  Peer& a = connect(v(), "a", false);
  subscribe(a, "$share/g/t", qos1);
  Peer& b = connect(v(), "b", false);
  subscribe(b, "$share/g/t", qos1);
  cut(a);
  cut(b);
  Peer& p = connect(v(), "p");
  publish(p, "t", "1", qos1, 1);
  publish(p, "t", "2", qos1, 2);
  crash_and_restart();
  connect(v(), "a", true);
  Peer& left = connect(v(), "b", false);
  expect_publish(left, "t", "1");
  expect_publish(left, "t", "2");
}

}  // namespace
}  // namespace mq::broker
