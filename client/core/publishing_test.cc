// Our messages towards the broker: QoS 1 and 2 to the end, repetition after a broken link, limits.
#include "client/core/client_fixture.h"

namespace mq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = Completed::Outcome;

std::string version_name(const testing::TestParamInfo<Version>& version) {
  return version.param == Version::v5 ? "v5" : version.param == Version::v3_1 ? "v3_1" : "v3_1_1";
}

class ClientPublishing : public ClientFixture {
 protected:
  void SetUp() override {
    settings.version = GetParam();
    settings.clean_start = false;
    settings.session_expiry = 3600;
  }
  static ConnAck resumed() { return ConnAck{.session_present = true}; }
  std::optional<Outcome> outcome(Handle handle) const {
    const auto completed = outcome_of(handle);
    return completed ? std::optional(completed->outcome) : std::nullopt;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ClientPublishing, testing::Values(Version::v3_1_1, Version::v5),
                         version_name);
class ClientPublishing5 : public ClientPublishing {};
INSTANTIATE_TEST_SUITE_P(Versions, ClientPublishing5, testing::Values(Version::v5), version_name);
class ClientPublishing31 : public ClientPublishing {};
INSTANTIATE_TEST_SUITE_P(Versions, ClientPublishing31, testing::Values(Version::v3_1),
                         version_name);

TEST_P(ClientPublishing, SendsQos0OnceAndForgetsIt) {
  connect();
  const Handle handle = publish("a", Qos::at_most_once);
  EXPECT_THAT(publishes(), ElementsAre("x:0"));
  EXPECT_EQ(outcome(handle), Outcome::acknowledged);
  reconnect(resumed());
  EXPECT_THAT(publishes(), IsEmpty());
}

TEST_P(ClientPublishing, RefusesQos0WithoutAConnection) {
  create();
  EXPECT_EQ(outcome(publish("a", Qos::at_most_once)), Outcome::not_connected);
  start();
  EXPECT_EQ(outcome(publish("a", Qos::at_most_once)), Outcome::not_connected);
}

// v5 MQTT-4.3.2-1 to -3
TEST_P(ClientPublishing, CompletesQos1WithPuback) {
  connect();
  const Handle handle = publish("a", Qos::at_least_once);
  EXPECT_THAT(publishes(), ElementsAre("x:1"));
  EXPECT_EQ(outcome(handle), std::nullopt);
  hear(PubAck{PacketId{1}});
  EXPECT_EQ(outcome(handle), Outcome::acknowledged);
  EXPECT_EQ(client->queued_messages(), 0u);
}

// v5 MQTT-4.3.3-1 to -7
TEST_P(ClientPublishing, CompletesQos2WithPubcomp) {
  connect();
  const Handle handle = publish("a", Qos::exactly_once);
  hear(PubRec{PacketId{1}});
  EXPECT_EQ(outcome(handle), Outcome::received);
  EXPECT_THAT(sent_of<PubRel>(), ElementsAre(PubRel{PacketId{1}}));
  hear(PubComp{PacketId{1}});
  EXPECT_EQ(outcome(handle), Outcome::acknowledged);
  EXPECT_EQ(client->queued_messages(), 0u);
}

// v5 MQTT-4.4.0-1, MQTT-3.3.1-1, MQTT-4.6.0-1; v3.1.1 MQTT-4.4.0-1, MQTT-4.6.0-1
TEST_P(ClientPublishing, RepeatsWhatHasNoAnswerInOrderWithDup) {
  connect();
  for (const char* payload : {"a", "b", "c", "d"})
    publish("t", payload[0] == 'b' ? Qos::exactly_once : Qos::at_least_once, payload);
  hear(PubAck{PacketId{3}});
  reconnect(resumed());
  EXPECT_THAT(publishes(), ElementsAre("a:1!", "b:2!", "d:4!"));
  hear(PubAck{PacketId{1}});
  reconnect(resumed());
  EXPECT_THAT(publishes(), ElementsAre("b:2!", "d:4!"));
}

TEST_P(ClientPublishing, RepeatsPubrelInTheOrderOfPubrec) {
  connect();
  for (const char* payload : {"a", "b", "c"}) publish("t", Qos::exactly_once, payload);
  hear(PubRec{PacketId{2}});
  hear(PubRec{PacketId{1}});
  reconnect(resumed());
  EXPECT_THAT(publishes(), ElementsAre("c:3!"));
  EXPECT_THAT(sent_of<PubRel>(), ElementsAre(PubRel{PacketId{2}}, PubRel{PacketId{1}}));
}

TEST_P(ClientPublishing, MarksNoDupOnWhatWasNeverSent) {
  settings.limits.inflight_messages = 1;
  connect();
  publish("t", Qos::at_least_once, "a");
  publish("t", Qos::at_least_once, "b");
  reconnect(resumed());
  EXPECT_THAT(publishes(), ElementsAre("a:1!"));
  hear(PubAck{PacketId{1}});
  EXPECT_THAT(publishes(), ElementsAre("a:1!", "b:2"));
}

// v5 MQTT-3.2.2-5: the broker forgot; what is unacknowledged is a new message to it.
TEST_P(ClientPublishing, SendsAnewWhenTheBrokerLostTheSession) {
  connect();
  const Handle a = publish("t", Qos::at_least_once, "a");
  const Handle b = publish("t", Qos::exactly_once, "b");
  reconnect({});
  EXPECT_EQ(outcome(a), Outcome::session_lost);
  EXPECT_EQ(outcome(b), Outcome::session_lost);
  EXPECT_THAT(publishes(), ElementsAre("a:3", "b:4"));
  hear(PubAck{PacketId{3}});
  EXPECT_EQ(outcome(a), Outcome::acknowledged);
}

TEST_P(ClientPublishing, KeepsTheOrderWhenTheSessionIsLost) {
  settings.limits.inflight_messages = 2;
  connect();
  for (const char* payload : {"a", "b", "c", "d"}) publish("t", Qos::at_least_once, payload);
  reconnect({});
  hear(PubAck{PacketId{3}});
  hear(PubAck{PacketId{4}});
  EXPECT_THAT(publishes(), ElementsAre("a:3", "b:4", "c:5", "d:6"));
}

TEST_P(ClientPublishing, NeverSendsAnewWhatTheBrokerAlreadyTook) {
  connect();
  const Handle handle = publish("t", Qos::exactly_once);
  hear(PubRec{PacketId{1}});
  reconnect({});
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_EQ(outcome(handle), Outcome::session_lost);
  EXPECT_EQ(client->queued_messages(), 0u);
}

// 3.1 has no flag for it: a session that should exist is taken to exist.
TEST_P(ClientPublishing31, TakesASessionOf31ForPresent) {
  connect();
  publish("t", Qos::exactly_once);
  reconnect({});
  EXPECT_THAT(publishes(), ElementsAre("x:1!"));
}

// v5 MQTT-3.3.4-7
TEST_P(ClientPublishing5, KeepsTheBrokersReceiveMaximum) {
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::receive_maximum, std::uint32_t{2});
  connect(conn_ack);
  for (const char* payload : {"a", "b", "c", "d"}) publish("t", Qos::exactly_once, payload);
  EXPECT_THAT(publishes(), ElementsAre("a:1", "b:2"));
  hear(PubRec{PacketId{1}});
  EXPECT_THAT(publishes(), SizeIs(2));  // PUBREC frees nothing, PUBCOMP does
  hear(PubComp{PacketId{1}});
  EXPECT_THAT(publishes(), ElementsAre("a:1", "b:2", "c:3"));
  hear(PubRec{PacketId{2}, ReasonCode::quota_exceeded});
  EXPECT_THAT(publishes(), ElementsAre("a:1", "b:2", "c:3", "d:4"));
}

TEST_P(ClientPublishing5, KeepsASmallerReceiveMaximumWhenItRepeats) {
  connect();
  for (const char* payload : {"a", "b", "c"}) publish("t", Qos::at_least_once, payload);
  ConnAck conn_ack{.session_present = true};
  conn_ack.properties.add(PropertyId::receive_maximum, std::uint32_t{1});
  reconnect(conn_ack);
  EXPECT_THAT(publishes(), ElementsAre("a:1!"));
  hear(PubAck{PacketId{1}});
  EXPECT_THAT(publishes(), ElementsAre("a:1!", "b:2!"));
}

// v5 MQTT-3.3.4-8: only PUBLISH waits for the quota.
TEST_P(ClientPublishing5, DelaysNothingElseAtTheReceiveMaximum) {
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::receive_maximum, std::uint32_t{1});
  connect(conn_ack);
  publish("t", Qos::at_least_once);
  publish("t", Qos::at_least_once);
  publish("t", Qos::at_most_once, "zero");
  subscribe("f");
  EXPECT_THAT(publishes(), ElementsAre("x:1", "zero:0"));
  EXPECT_THAT(sent_of<Subscribe>(), SizeIs(1));
}

TEST_P(ClientPublishing, LimitsWhatIsInFlight) {
  settings.limits.inflight_messages = 3;
  connect();
  for (int i = 0; i < 5; ++i) publish("t", Qos::at_least_once);
  EXPECT_THAT(publishes(), SizeIs(3));
  hear(PubAck{PacketId{2}});
  EXPECT_THAT(publishes(), SizeIs(4));
}

TEST_P(ClientPublishing, LimitsTheMessagesThatWait) {
  settings.limits.queued_messages = 2;
  settings.limits.inflight_messages = 1;
  connect();
  publish("t", Qos::at_least_once);  // goes out, waits for nothing
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once)), std::nullopt);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once)), std::nullopt);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once)), Outcome::queue_full);
  hear(PubAck{PacketId{1}});
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once)), std::nullopt);
}

TEST_P(ClientPublishing, LimitsTheBytesThatWait) {
  settings.limits.queued_bytes = 10;
  create();
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once, "12345")), std::nullopt);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once, "1234")), Outcome::queue_full);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once, "123")), std::nullopt);
}

TEST_P(ClientPublishing, PublishesNothingMoreOntoABacklog) {
  settings.limits.backlog_bytes = 100;
  network_drains = false;
  connect();
  give(Drained{bytes_sent});
  const std::string payload(40, 'p');
  for (int i = 0; i < 4; ++i) publish("t", Qos::at_least_once, payload);
  EXPECT_THAT(publishes(), SizeIs(3));  // the third passed the limit
  EXPECT_EQ(outcome(publish("t", Qos::at_most_once)), Outcome::queue_full);
  give(Drained{100});
  EXPECT_THAT(publishes(), SizeIs(4));
}

// v5 MQTT-3.2.2-15
TEST_P(ClientPublishing5, KeepsTheBrokersMaximumPacketSize) {
  const std::size_t at_the_limit = encoded_bytes(Publish{.topic = "t",
                                                         .packet_id = PacketId{1},
                                                         .qos = Qos::at_least_once,
                                                         .payload = Bytes::copy("12345")},
                                                 Version::v5);
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::maximum_packet_size,
                          static_cast<std::uint32_t>(at_the_limit));
  connect(conn_ack);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once, "12345")), std::nullopt);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once, "123456")), Outcome::too_large);
  EXPECT_EQ(outcome(publish("t", Qos::at_most_once, "123456789")), Outcome::too_large);
}

TEST_P(ClientPublishing5, DropsWhatBecameTooLargeWhileItWaited) {
  create();
  const Handle large = publish("t", Qos::at_least_once, std::string(100, 'x'));
  const Handle small = publish("t", Qos::at_least_once);
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::maximum_packet_size, std::uint32_t{50});
  start();
  hear(conn_ack);
  EXPECT_EQ(outcome(large), Outcome::too_large);
  EXPECT_EQ(outcome(small), std::nullopt);
  EXPECT_THAT(publishes(), ElementsAre("x:1"));
}

// v5 MQTT-3.2.2-11
TEST_P(ClientPublishing5, RefusesAQosThatTheBrokerDoesNotTake) {
  create();
  const Handle early = publish("t", Qos::exactly_once);
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::maximum_qos, std::uint32_t{1});
  start();
  hear(conn_ack);
  EXPECT_EQ(outcome_of(early)->reason, ReasonCode::qos_not_supported);
  EXPECT_EQ(outcome_of(publish("t", Qos::exactly_once))->reason, ReasonCode::qos_not_supported);
  EXPECT_EQ(outcome(publish("t", Qos::at_least_once)), std::nullopt);
}

// v5 MQTT-3.2.2-14
TEST_P(ClientPublishing5, RefusesRetainWhereTheBrokerHasNone) {
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::retain_available, std::uint32_t{0});
  connect(conn_ack);
  give(PublishOrder{Handle{77}, Publish{.topic = "t", .retain = true}});
  EXPECT_EQ(outcome_of(Handle{77})->outcome, Outcome::refused);
  EXPECT_EQ(outcome_of(Handle{77})->reason, ReasonCode::retain_not_supported);
}

// v5 MQTT-3.2.2-18: we know of no alias that the broker would understand.
TEST_P(ClientPublishing5, SendsNoTopicAlias) {
  connect();
  Properties properties;
  properties.add(PropertyId::topic_alias, std::uint32_t{1});
  publish("t", Qos::at_most_once, "x", properties);
  publish("t", Qos::at_least_once, "x", properties);
  for (const Publish& one : sent_of<Publish>()) EXPECT_TRUE(one.properties.empty());
  EXPECT_THAT(publishes(), SizeIs(2));
}

// v5 MQTT-3.2.2-17, v5 MQTT-3.3.2-7, -9
TEST_P(ClientPublishing5, SaysATopicOnceWhereTheBrokerGrantsAliases) {
  settings.limits.topic_aliases = 3;
  ConnAck two;
  two.properties.add(PropertyId::topic_alias_maximum, std::uint32_t{2});
  connect(two);
  sent.clear();
  const auto said = [&] {
    std::vector<std::string> all;
    for (const Publish& one : sent_of<Publish>())
      all.push_back(one.topic + ":" +
                    std::to_string(one.properties.number(PropertyId::topic_alias).value_or(0)));
    return all;
  };
  Qos qos = Qos::at_most_once;
  for (const char* topic : {"first", "second", "first", "third", "t", "second"}) {
    publish(topic, qos);
    qos = qos == Qos::at_most_once ? Qos::at_least_once : Qos::at_most_once;
  }
  EXPECT_THAT(said(), ElementsAre("first:1", "second:2", ":1", "third:0", "t:0", ":2"));
  // The next connection knows nothing of it.
  two.session_present = true;
  reconnect(two);
  EXPECT_THAT(said(), ElementsAre("second:1", "third:2", ":1"));
}

// v5 MQTT-3.2.2-15
TEST_P(ClientPublishing5, TellsNoAliasWhereThatMakesThePacketTooLarge) {
  ConnAck small;
  small.properties.add(PropertyId::topic_alias_maximum, std::uint32_t{2});
  small.properties.add(PropertyId::maximum_packet_size, std::uint32_t{40});
  connect(small);
  sent.clear();
  const std::size_t room = 40 - 2 - 2 - 5 - 1;
  publish("topic", Qos::at_most_once, std::string(room, 'x'));
  publish("topic", Qos::at_most_once, "y");
  const auto all = sent_of<Publish>();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_FALSE(all[0].properties.number(PropertyId::topic_alias));
  EXPECT_EQ(all[1].properties.number(PropertyId::topic_alias), 1u);
}

TEST_P(ClientPublishing, RefusesWhatNoBrokerMayBeSent) {
  connect();
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once}) {
    for (const std::string& topic : {std::string(), std::string("a/+"), std::string("#"),
                                     std::string("a\xff"), std::string("a\0b", 3)})
      EXPECT_EQ(outcome_of(publish(topic, qos))->reason, ReasonCode::topic_name_invalid);
    EXPECT_EQ(outcome(publish(std::string(0xFFFF, 't'), qos)).value_or(Outcome::acknowledged),
              Outcome::acknowledged);
    EXPECT_EQ(outcome(publish(std::string(0x10000, 't'), qos)), Outcome::refused);
  }
}

// v5 MQTT-3.3.2-13, -14, -19, MQTT-1.5.7-1, MQTT-3.3.4-6
TEST_P(ClientPublishing5, RefusesPropertiesThatNoBrokerMayBeSent) {
  connect();
  sent.clear();
  const Property forbidden[] = {
      {PropertyId::response_topic, std::string("a/+")},
      {PropertyId::response_topic, std::string("a/\xff")},
      {PropertyId::response_topic, std::string()},
      {PropertyId::content_type, std::string("\xc0\x80")},
      {PropertyId::user_property, UserProperty{"k", "\xed\xa0\x80"}},
      {PropertyId::user_property, UserProperty{std::string("\0", 1), "v"}},
      {PropertyId::subscription_identifier, 1u}};
  for (const Property& property : forbidden) {
    PublishOrder order{Handle{50}, {.topic = "a", .qos = Qos::at_least_once}};
    order.message.properties.add(property.id, property.value);
    give(order);
    EXPECT_EQ(outcome(Handle{50}), Outcome::refused);
    forget();
  }
  EXPECT_THAT(sent, IsEmpty());
}

TEST_P(ClientPublishing5, TellsThatTheBrokerRefused) {
  connect();
  const Handle one = publish("t", Qos::at_least_once);
  const Handle two = publish("t", Qos::exactly_once);
  hear(PubAck{PacketId{1}, ReasonCode::not_authorized});
  hear(PubRec{PacketId{2}, ReasonCode::quota_exceeded});
  EXPECT_EQ(outcome_of(one)->outcome, Outcome::refused);
  EXPECT_EQ(outcome_of(one)->reason, ReasonCode::not_authorized);
  EXPECT_EQ(outcome_of(two)->reason, ReasonCode::quota_exceeded);
  EXPECT_THAT(sent_of<PubRel>(), IsEmpty());
}

// v5 3.3.2.3.3
TEST_P(ClientPublishing5, DropsAMessageThatExpiresWhileItWaits) {
  create();
  Properties properties;
  properties.add(PropertyId::message_expiry_interval, std::uint32_t{10});
  const Handle handle = publish("t", Qos::at_least_once, "x", properties);
  EXPECT_EQ(client->deadline(), now + 10s);
  tick_at(now + 10s - 1ns);
  EXPECT_EQ(outcome(handle), std::nullopt);
  tick_at(now + 1ns);
  EXPECT_EQ(outcome(handle), Outcome::expired);
  EXPECT_EQ(client->queued_messages(), 0u);
  EXPECT_EQ(client->deadline(), std::nullopt);
}

TEST_P(ClientPublishing5, DropsAMessageThatExpiresAfterItsSessionWasLost) {
  connect();
  Properties properties;
  properties.add(PropertyId::message_expiry_interval, std::uint32_t{10});
  const Handle handle = publish("t", Qos::at_least_once, "x", properties);
  cut();
  wait_for_link();
  give(LinkUp{});
  now += 10s;
  hear(ConnAck{});
  EXPECT_EQ(outcome(handle), Outcome::expired);
}

TEST_P(ClientPublishing5, SendsTheExpiryThatIsLeft) {
  create();
  Properties properties;
  properties.add(PropertyId::message_expiry_interval, std::uint32_t{10});
  publish("t", Qos::at_least_once, "x", properties);
  now += 4s;
  connect();
  ASSERT_THAT(sent_of<Publish>(), SizeIs(1));
  EXPECT_EQ(sent_of<Publish>()[0].properties.number(PropertyId::message_expiry_interval), 6u);
}

// v5 MQTT-2.2.1-3: an id that is in use is not given out again.
TEST_P(ClientPublishing5, ReusesNoPacketIdThatIsInUse) {
  connect();
  publish("t", Qos::at_least_once, "first");
  for (int i = 2; i <= 0xFFFF; ++i) {
    publish("t", Qos::at_least_once);
    hear(PubAck{PacketId{static_cast<std::uint16_t>(i)}});
  }
  sent.clear();
  publish("t", Qos::at_least_once, "next");
  EXPECT_THAT(publishes(), ElementsAre("next:2"));
}

TEST_P(ClientPublishing, ClosesOnAnAnswerToNothing) {
  const PacketId id{1};
  const std::vector<Packet> answers = {PubAck{id}, PubComp{id}};
  for (const Packet& answer : answers) {
    fresh_connection();
    hear(answer);
    EXPECT_EQ(closed_because, Rule::acknowledgement_answers_a_packet);
  }
}

TEST_P(ClientPublishing, ClosesOnAnAnswerOfTheWrongKind) {
  const PacketId id{1};
  const std::vector<std::pair<Qos, Packet>> answers = {{Qos::at_least_once, PubRec{id}},
                                                       {Qos::at_least_once, PubComp{id}},
                                                       {Qos::exactly_once, PubAck{id}},
                                                       {Qos::exactly_once, PubComp{id}}};
  for (const auto& [qos, answer] : answers) {
    fresh_connection();
    publish("t", qos);
    hear(answer);
    EXPECT_EQ(closed_because, Rule::acknowledgement_answers_a_packet);
  }
}

// v5 3.6.2.1: the broker holds an id that we do not know.
TEST_P(ClientPublishing5, AnswersAnUnknownPubrecSoThatTheBrokerForgetsIt) {
  connect();
  hear(PubRec{PacketId{9}});
  EXPECT_THAT(sent_of<PubRel>(),
              ElementsAre(PubRel{PacketId{9}, ReasonCode::packet_identifier_not_found}));
  EXPECT_FALSE(closed_because.has_value());
}

// The store: what must survive a crash is durable before the packet that depends on it goes.
TEST_P(ClientPublishing, SendsNoPublishBeforeItsPacketIdIsDurable) {
  connect();
  store_answers = false;
  publish("t", Qos::exactly_once);
  EXPECT_THAT(publishes(), IsEmpty());
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(std::get<SavePublish>(records[0]).phase, SavePublish::Phase::published);
  give(Persisted{persists});
  EXPECT_THAT(publishes(), ElementsAre("x:1"));
  hear(PubRec{PacketId{1}});
  EXPECT_THAT(sent_of<PubRel>(), IsEmpty());
  give(Persisted{persists});
  EXPECT_THAT(sent_of<PubRel>(), SizeIs(1));
}

TEST_P(ClientPublishing, MarksNoDupOnAMessageThatTheStoreHeldBack) {
  connect();
  store_answers = false;
  publish("t", Qos::at_least_once);
  store_answers = true;
  reconnect(resumed());
  give(Persisted{persists});
  EXPECT_THAT(publishes(), ElementsAre("x:1"));
}

TEST_P(ClientPublishing, GoesOnAfterARestart) {
  Recovered recovered;
  const auto message = [](const char* payload, int id) {
    return Publish{.topic = "t",
                   .packet_id = PacketId{static_cast<std::uint16_t>(id)},
                   .qos = Qos::exactly_once,
                   .payload = Bytes::copy(payload)};
  };
  recovered.records = {SavePublish{1, SavePublish::Phase::received, message("a", 5)},
                       SavePublish{2, SavePublish::Phase::published, message("b", 1)},
                       SavePublish{3, SavePublish::Phase::queued, message("c", 0)}};
  create(recovered);
  connect(resumed());
  EXPECT_THAT(sent_of<PubRel>(), ElementsAre(PubRel{PacketId{5}}));
  EXPECT_THAT(publishes(), ElementsAre("b:1!", "c:2"));
  publish("t", Qos::at_least_once, "d");
  EXPECT_EQ(std::get<SavePublish>(records.back()).position, 4u);
}

TEST_P(ClientPublishing, LeavesNothingInTheStoreWhenAllIsDone) {
  connect();
  publish("t", Qos::at_least_once);
  publish("t", Qos::exactly_once);
  hear(PubAck{PacketId{1}});
  hear(PubRec{PacketId{2}});
  hear(PubComp{PacketId{2}});
  std::set<std::uint64_t> left;
  for (const Record& record : records) {
    if (const auto* save = std::get_if<SavePublish>(&record)) left.insert(save->position);
    if (const auto* drop = std::get_if<DropPublish>(&record)) left.erase(drop->position);
  }
  EXPECT_THAT(left, IsEmpty());
}

TEST_P(ClientPublishing, AsksNothingOfTheStoreForASessionThatDoesNotLast) {
  settings.clean_start = true;
  settings.session_expiry = 0;
  store_answers = false;
  connect();
  publish("t", Qos::exactly_once);
  hear(PubRec{PacketId{1}});
  EXPECT_THAT(sent_of<PubRel>(), SizeIs(1));
  EXPECT_THAT(records, IsEmpty());
}

}  // namespace
}  // namespace mq::client
