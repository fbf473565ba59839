// SUBSCRIBE, UNSUBSCRIBE, retained messages (both standards, 3.3.1.3, 3.8 to 3.11 and 4.7).
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Subscribing : public BrokerVersions {};
INSTANTIATE_TEST_SUITE_P(Versions, Subscribing, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);
using Subscribing5 = BrokerTest;

class RetainedMessages : public BrokerVersions {};
INSTANTIATE_TEST_SUITE_P(Versions, RetainedMessages,
                         ::testing::Values(Version::v3_1_1, Version::v5), version_name);
using RetainedMessages5 = BrokerTest;

// v3.1.1 MQTT-3.8.4-1 to -5, v5 MQTT-3.8.4-1 to -7, MQTT-3.9.3-1
TEST_P(Subscribing, EachFilterIsAnsweredInOrder) {
  Peer& s = connect(v(), "s");
  say(s, Subscribe{.packet_id = PacketId{10},
                   .entries = {{"a", {.qos = qos2}}, {"b", {.qos = qos0}}, {"c", {.qos = qos1}}}});
  const SubAck got = expect<SubAck>(s);
  EXPECT_EQ(got.packet_id, PacketId{10});
  EXPECT_THAT(got.reasons, ::testing::ElementsAre(ReasonCode::granted_qos_2, ReasonCode::success,
                                                  ReasonCode::granted_qos_1));
}

// v3.1.1 MQTT-3.8.4-3, v5 MQTT-3.8.4-3
TEST_P(Subscribing, TheSameFilterReplaces) {
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos2);
  subscribe(s, "t", qos0);
  EXPECT_EQ(broker().census().subscriptions, 1u);
  publish(s, "t", "x", qos1, 1);
  EXPECT_EQ(expect_publish(s, "t", "x").qos, qos0);
}

// v3.1.1 MQTT-3.10.4-1 to -6, v5 MQTT-3.10.4-1 to -6
TEST_P(Subscribing, UnsubscribingStopsNewMessagesAndFinishesWhatWasBegun) {
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s", false);
  subscribe(s, "a/+", qos1);
  publish(p, "a/b", "begun", qos1, 1);
  const Publish begun = expect_publish(s, "a/b", "begun");
  say(s, Unsubscribe{.packet_id = PacketId{4}, .filters = {"a/b", "a/+"}});
  const UnsubAck got = expect<UnsubAck>(s);
  EXPECT_EQ(got.packet_id, PacketId{4});
  if (v() == Version::v5) {
    EXPECT_THAT(got.reasons,
                ::testing::ElementsAre(ReasonCode::no_subscription_existed, ReasonCode::success));
  }
  publish(p, "a/b", "new", qos1, 2);
  expect_silence(s);
  cut(s);
  EXPECT_TRUE(expect_publish(connect(v(), "s", false), "a/b", "begun").dup);
}

TEST_P(Subscribing, SubscriptionsUpToTheLimitAreTakenAndOneMoreIsNot) {
  settings.limits.subscriptions_per_session = 2;
  Peer& s = connect(v(), "s");
  subscribe(s, "a");
  subscribe(s, "b");
  EXPECT_EQ(subscribe(s, "c").reasons.front(),
            v() == Version::v5 ? ReasonCode::quota_exceeded : ReasonCode::unspecified_error);
  EXPECT_EQ(subscribe(s, "b").reasons.front(), ReasonCode::granted_qos_2);
  publish(s, "c", "x");
  expect_silence(s);
}

TEST_P(Subscribing, FiltersAndTopicsAreLimitedInLevelsAndBytes) {
  settings.limits.topic_levels = 3;
  settings.limits.topic_bytes = 10;
  Peer& s = connect(v(), "s");
  const ReasonCode refusal =
      v() == Version::v5 ? ReasonCode::topic_filter_invalid : ReasonCode::unspecified_error;
  EXPECT_EQ(subscribe(s, "a/b/c").reasons.front(), ReasonCode::granted_qos_2);
  EXPECT_EQ(subscribe(s, "a/b/c/d").reasons.front(), refusal);
  EXPECT_EQ(subscribe(s, "1234567890").reasons.front(), ReasonCode::granted_qos_2);
  EXPECT_EQ(subscribe(s, "12345678901").reasons.front(), refusal);
  publish(s, "a/b/c", "x", qos0);
  expect_publish(s, "a/b/c", "x");
  publish(s, "1234567890", "x", qos0);
  expect_publish(s, "1234567890", "x");
  if (v() == Version::v5) {
    publish(s, "a/b/c/d", "x", qos1, 1);
    EXPECT_EQ(expect<PubAck>(s).reason, ReasonCode::topic_name_invalid);
  }
  publish(s, "a/b/c/d", "x", qos0);
  EXPECT_EQ(s.closed, Rule::limit_is_kept);
}

// v3.1.1 MQTT-4.7.2-1, v5 MQTT-4.7.2-1
TEST_P(Subscribing, WildcardsDoNotReachTopicsWithADollar) {
  Peer& s = connect(v(), "s");
  subscribe(s, "#");
  subscribe(s, "+/a");
  subscribe(s, "$own/#");
  publish(s, "$own/a", "x", qos0);
  expect_publish(s, "$own/a", "x");
  publish(s, "$other/a", "x", qos0);
  expect_silence(s);
}

// security.md: clients do not write the broker's own topics
TEST_P(Subscribing, NobodyPublishesBelowSys) {
  Peer& s = connect(v(), "s");
  subscribe(s, "$SYS/#");
  publish(s, "$SYS/x", "x", qos0);
  expect_silence(s);
  publish(s, "$SYS/x", "x", qos1, 1);
  EXPECT_EQ(expect<PubAck>(s).reason,
            v() == Version::v5 ? ReasonCode::not_authorized : ReasonCode::success);
  publish(s, "$SYSTEM", "x", qos0);
  expect_silence(s);
}

// v5 MQTT-3.3.4-3, -4
TEST_F(Subscribing5, ACopyCarriesTheIdentifiersOfAllFiltersThatMatch) {
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "a/+", qos1, {}, 5);
  subscribe(s, "a/b", qos1, {}, 200'000);
  subscribe(s, "#", qos1);
  subscribe(s, "other", qos1, {}, 7);
  for (Qos qos : {qos0, qos1}) {
    publish(s, "a/b", "x", qos, 1);
    if (qos == qos1) s.inbox.pop_back();  // PUBACK
    const Publish got = expect_publish(s, "a/b", "x");
    std::vector<std::uint32_t> identifiers;
    for (const Property& property : got.properties.all())
      if (property.id == PropertyId::subscription_identifier)
        identifiers.push_back(std::get<std::uint32_t>(property.value));
    EXPECT_THAT(identifiers, ::testing::UnorderedElementsAre(5u, 200'000u));
  }
}

// v5 MQTT-3.8.3-3
TEST_F(Subscribing5, NoLocalKeepsAwayWhatOneSaidOneself) {
  Peer& s = connect(Version::v5, "s");
  Peer& p = connect(Version::v5, "p");
  subscribe(s, "t", qos1, {.no_local = true});
  publish(s, "t", "own", qos0);
  expect_silence(s);
  publish(p, "t", "other's", qos0);
  expect_publish(s, "t", "other's");
  subscribe(s, "#", qos0);
  publish(s, "t", "own by the other filter", qos0);
  expect_publish(s, "t", "own by the other filter");
  expect_silence(s);
}

// v5 MQTT-3.3.1-12, -13
TEST_F(Subscribing5, RetainIsPassedOnIfTheSubscriptionWantsIt) {
  Peer& s = connect(Version::v5, "s");
  Peer& p = connect(Version::v5, "p");
  subscribe(s, "t", qos1, {.retain_as_published = true});
  publish(p, "t", "x", qos0, 0, true);
  EXPECT_TRUE(expect_publish(s, "t", "x").retain);
  publish(p, "t", "x", qos0, 0, false);
  EXPECT_FALSE(expect_publish(s, "t", "x").retain);
  subscribe(s, "t", qos1, {.retain_handling = RetainHandling::do_not_send});
  publish(p, "t", "x", qos0, 0, true);
  EXPECT_FALSE(expect_publish(s, "t", "x").retain);
}

// v5 MQTT-4.8.2-1 to -3
TEST_F(Subscribing5, ASharedSubscriptionGivesEachMessageToOneMember) {
  Peer& a = connect(Version::v5, "a");
  Peer& b = connect(Version::v5, "b");
  Peer& other = connect(Version::v5, "other");
  Peer& p = connect(Version::v5, "p");
  subscribe(a, "$share/g/t/+", qos1, {}, 3);
  subscribe(b, "$share/g/t/+", qos0);
  subscribe(other, "$share/h/t/+", qos1);
  for (std::uint16_t i = 1; i <= 10; ++i) publish(p, "t/x", "x", qos1, i);
  EXPECT_EQ(a.inbox.size(), 5u);
  EXPECT_EQ(b.inbox.size(), 5u);
  EXPECT_EQ(other.inbox.size(), 10u);
  const Publish got = expect<Publish>(a);
  EXPECT_EQ(got.qos, qos1);
  EXPECT_EQ(got.properties.number(PropertyId::subscription_identifier), 3u);
  EXPECT_EQ(expect<Publish>(b).qos, qos0);
}

TEST_F(Subscribing5, ASharedSubscriptionPrefersMembersWhoAreThere) {
  Peer& a = connect(Version::v5, "a", false);
  Peer& b = connect(Version::v5, "b", false);
  Peer& p = connect(Version::v5, "p");
  subscribe(a, "$share/g/t", qos1);
  subscribe(b, "$share/g/t", qos1);
  cut(a);
  for (std::uint16_t i = 1; i <= 4; ++i) publish(p, "t", "x", qos1, i);
  EXPECT_EQ(b.inbox.size(), 4u);
  cut(b);
  publish(p, "t", "for whoever comes", qos1, 5);
  EXPECT_EQ(broker().census().queued_messages, 5u);
}

TEST_F(Subscribing5, ASharedSubscriptionWithoutAnybodyThereLosesQosZeroOnly) {
  settings.limits.queued_messages = 1;
  Peer& p = connect(Version::v5, "p");
  Peer& a = connect(Version::v5, "a", false);
  subscribe(a, "$share/g/t", qos0);
  subscribe(a, "$share/g/u", qos1);
  cut(a);
  publish(p, "t", "x", qos1, 1);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::no_matching_subscribers);
  publish(p, "u", "x", qos1, 2);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::success);
  EXPECT_EQ(broker().census().dropped_messages, 0u);
  publish(p, "u", "one too many", qos1, 3);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::quota_exceeded);
  EXPECT_EQ(broker().census().dropped_messages, 1u);
}

TEST_F(Subscribing5, SharedAndOrdinarySubscriptionsDoNotMix) {
  Peer& a = connect(Version::v5, "a");
  subscribe(a, "$share/g/t", qos0);
  say(a, Unsubscribe{.packet_id = PacketId{1}, .filters = {"t"}});
  EXPECT_EQ(expect<UnsubAck>(a).reasons.front(), ReasonCode::no_subscription_existed);
  subscribe(a, "t", qos0);
  publish(a, "t", "x", qos0);
  expect<Publish>(a);
  expect<Publish>(a);
  say(a, Unsubscribe{.packet_id = PacketId{1}, .filters = {"$share/g/t"}});
  EXPECT_EQ(expect<UnsubAck>(a).reasons.front(), ReasonCode::success);
  publish(a, "t", "x", qos0);
  expect<Publish>(a);
  expect_silence(a);
}

// v5 MQTT-3.8.3-4
TEST_F(Subscribing5, NoLocalOnASharedSubscriptionIsAProtocolError) {
  Peer& a = connect(Version::v5, "a");
  say(a, Subscribe{.packet_id = PacketId{1},
                   .entries = {{"$share/g/t", {.qos = qos1, .no_local = true}}}});
  expect_thrown_out(a, Rule::shared_subscription_takes_local, ReasonCode::protocol_error);
}

// v3.1.1 MQTT-3.3.1-5 to -8, v5 MQTT-3.3.1-5 to -9
TEST_P(RetainedMessages, TheLastOneIsKeptForThoseWhoComeLater) {
  Peer& p = connect(v(), "p");
  publish(p, "f2/kuehltheke/temp", "4", qos1, 1, true);
  publish(p, "f2/kuehltheke/temp", "5", qos1, 2, true);
  publish(p, "f2/kuehltheke/temp", "6", qos1, 3, false);
  Peer& s = connect(v(), "s");
  subscribe(s, "f2/+/temp", qos2);
  const Publish got = expect_publish(s, "f2/kuehltheke/temp", "5");
  EXPECT_TRUE(got.retain);
  EXPECT_EQ(got.qos, qos1);
  expect_silence(s);
  subscribe(s, "f2/+/temp", qos2);  // v3.1.1 MQTT-3.8.4-3: sent again
  expect_publish(s, "f2/kuehltheke/temp", "5");
}

// v3.1.1 MQTT-3.3.1-9, v5 MQTT-3.3.1-12
TEST_P(RetainedMessages, ToThoseWhoAreThereItComesWithoutTheFlag) {
  Peer& s = connect(v(), "s");
  subscribe(s, "t");
  publish(s, "t", "x", qos0, 0, true);
  EXPECT_FALSE(expect_publish(s, "t", "x").retain);
}

// v3.1.1 MQTT-3.3.1-10, -11; v5 MQTT-3.3.1-6, -7
TEST_P(RetainedMessages, AnEmptyPayloadClears) {
  Peer& p = connect(v(), "p");
  publish(p, "t", "x", qos0, 0, true);
  EXPECT_EQ(broker().census().retained, 1u);
  Peer& s = connect(v(), "s");
  publish(p, "t", "", qos0, 0, true);
  EXPECT_EQ(broker().census().retained, 0u);
  subscribe(s, "t");
  expect_silence(s);
  EXPECT_EQ(store.messages(), 0u);
}

TEST_P(RetainedMessages, TheySurviveACrash) {
  Peer& p = connect(v(), "p");
  publish(p, "a", "x", qos1, 1, true);
  publish(p, "b", "y", qos0, 0, true);
  publish(p, "b", "z", qos0, 0, true);
  crash_and_restart();
  Peer& s = connect(v(), "s");
  subscribe(s, "#");
  expect_publish(s, "a", "x");
  expect_publish(s, "b", "z");
  EXPECT_EQ(store.messages(), 2u);
}

TEST_P(RetainedMessages, TheyAreLimitedInNumberAndBytes) {
  settings.limits.retained_messages = 2;
  settings.limits.retained_bytes = 100;
  Peer& p = connect(v(), "p");
  publish(p, "a", "x", qos0, 0, true);
  publish(p, "b", std::string(97, 'x'), qos0, 0, true);
  EXPECT_EQ(broker().census().retained, 2u);
  publish(p, "c", "x", qos0, 0, true);
  EXPECT_EQ(broker().census().retained, 2u);
  EXPECT_EQ(broker().census().dropped_messages, 1u);
  publish(p, "b", std::string(98, 'x'), qos1, 1, true);
  if (v() == Version::v5)
    EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::quota_exceeded);
  else
    expect_closed(p, Rule::limit_is_kept);
  EXPECT_EQ(broker().census().dropped_messages, 2u);
  EXPECT_EQ(broker().census().retained, 2u);
  Peer& q = connect(v(), "q");
  publish(q, "a", "y", qos0, 0, true);  // replacing takes no more room
  EXPECT_EQ(broker().census().dropped_messages, 2u);
  // v3.1.1 MQTT-3.3.1-7: a message that was not refused has outdated the old one.
  publish(q, "b", std::string(98, 'x'), qos0, 0, true);
  EXPECT_EQ(broker().census().retained, 1u);
  EXPECT_EQ(broker().census().dropped_messages, 3u);
}

// v3.1.1 MQTT-4.7.2-1 holds for retained messages too
TEST_P(RetainedMessages, WildcardsDoNotReachThoseWithADollar) {
  Peer& p = connect(v(), "p");
  publish(p, "$a/b", "x", qos0, 0, true);
  publish(p, "a/b", "x", qos0, 0, true);
  Peer& s = connect(v(), "s");
  subscribe(s, "#");
  expect_publish(s, "a/b", "x");
  expect_silence(s);
  subscribe(s, "+/b");
  expect_publish(s, "a/b", "x");
  expect_silence(s);
  subscribe(s, "$a/#");
  expect_publish(s, "$a/b", "x");
}

// v5 MQTT-3.3.1-9 to -11
TEST_F(RetainedMessages5, RetainHandlingIsObeyed) {
  Peer& s = connect(Version::v5, "s");
  publish(s, "t", "x", qos0, 0, true);
  subscribe(s, "t", qos0, {.retain_handling = RetainHandling::do_not_send});
  expect_silence(s);
  subscribe(s, "t", qos0, {.retain_handling = RetainHandling::send_if_new});
  expect_silence(s);
  subscribe(s, "+", qos0, {.retain_handling = RetainHandling::send_if_new});
  expect_publish(s, "t", "x");
  subscribe(s, "$share/g/t", qos0);
  expect_silence(s);
}

TEST_F(RetainedMessages5, ARetainedMessageExpires) {
  Peer& p = connect(Version::v5, "p");
  Properties lifetime;
  lifetime.add(PropertyId::message_expiry_interval, 10u);
  publish(p, "t", "x", qos0, 0, true, lifetime);
  advance(4s);
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "t", qos0, {}, 9);
  const Publish got = expect_publish(s, "t", "x");
  EXPECT_EQ(got.properties.number(PropertyId::message_expiry_interval), 6u);
  EXPECT_EQ(got.properties.number(PropertyId::subscription_identifier), 9u);
  advance(6s);
  EXPECT_EQ(broker().census().retained, 0u);
  EXPECT_EQ(store.messages(), 0u);
}

TEST_F(RetainedMessages5, MoreOfThemThanAQueueTakesReachANewSubscriber) {
  settings.limits.queued_messages = 10;
  Peer& p = connect(Version::v5, "p");
  for (int i = 0; i < 50; ++i) publish(p, "t/" + std::to_string(i), "x", qos1, 1, true);
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "#", qos1);
  for (int i = 0; i < 50; ++i) ack(s, expect<Publish>(s));
  expect_silence(s);
}

}  // namespace
}  // namespace mq::broker
