// The broker's messages towards us, subscriptions, and everything that a broker can do wrong.
#include "client/core/client_fixture.h"

namespace mq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string version_name(const testing::TestParamInfo<Version>& version) {
  return version.param == Version::v5 ? "v5" : version.param == Version::v3_1 ? "v3_1" : "v3_1_1";
}

class ClientReceiving : public ClientFixture {
 protected:
  void SetUp() override {
    settings.version = GetParam();
    settings.clean_start = false;
    settings.session_expiry = 3600;
  }
  static ConnAck resumed() { return ConnAck{.session_present = true}; }

  static Publish message(std::string payload, int id, Qos qos) {
    return Publish{.topic = "t",
                   .packet_id = PacketId{static_cast<std::uint16_t>(id)},
                   .qos = qos,
                   .payload = Bytes::copy(payload)};
  }
  static Publish again(Publish publish) {
    publish.dup = true;
    return publish;
  }
  std::vector<std::string> delivered() const {
    std::vector<std::string> payloads;
    for (const Message& one : news_of<Message>()) payloads.emplace_back(one.publish.payload.text());
    return payloads;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ClientReceiving, testing::Values(Version::v3_1_1, Version::v5),
                         version_name);
class ClientReceiving5 : public ClientReceiving {};
INSTANTIATE_TEST_SUITE_P(Versions, ClientReceiving5, testing::Values(Version::v5), version_name);
class ClientReceiving3 : public ClientReceiving {};
INSTANTIATE_TEST_SUITE_P(Versions, ClientReceiving3,
                         testing::Values(Version::v3_1, Version::v3_1_1), version_name);

TEST_P(ClientReceiving, AcknowledgesEachQosInItsWay) {
  connect();
  sent.clear();
  hear(message("zero", 0, Qos::at_most_once));
  EXPECT_THAT(sent, IsEmpty());
  hear(message("one", 7, Qos::at_least_once));
  EXPECT_THAT(sent_of<PubAck>(), ElementsAre(PubAck{PacketId{7}}));
  hear(message("two", 8, Qos::exactly_once));
  EXPECT_THAT(sent_of<PubRec>(), ElementsAre(PubRec{PacketId{8}}));
  hear(PubRel{PacketId{8}});
  EXPECT_THAT(sent_of<PubComp>(), ElementsAre(PubComp{PacketId{8}}));
  EXPECT_THAT(delivered(), ElementsAre("zero", "one", "two"));
}

// v5 MQTT-4.3.3-10, v3.1.1 MQTT-4.3.3-2: exactly once, also over a broken link.
TEST_P(ClientReceiving, DeliversARepeatedQos2MessageOnce) {
  connect();
  hear(message("two", 8, Qos::exactly_once));
  reconnect(resumed());
  hear(again(message("two", 8, Qos::exactly_once)));
  EXPECT_THAT(delivered(), IsEmpty());
  EXPECT_THAT(sent_of<PubRec>(), SizeIs(1));
  hear(PubRel{PacketId{8}});
  hear(message("new", 8, Qos::exactly_once));
  EXPECT_THAT(delivered(), ElementsAre("new"));
}

TEST_P(ClientReceiving, TakesAnOldIdForNewWhenTheSessionIsLost) {
  connect();
  hear(message("two", 8, Qos::exactly_once));
  reconnect({});
  hear(message("other", 8, Qos::exactly_once));
  EXPECT_THAT(delivered(), ElementsAre("other"));
}

// v5 MQTT-4.6.0-2 and -3
TEST_P(ClientReceiving, AcknowledgesInTheOrderOfArrivalAlsoWhenTheStoreIsSlow) {
  connect();
  sent.clear();
  store_answers = false;
  hear(message("a", 1, Qos::exactly_once));
  hear(message("b", 2, Qos::at_least_once));
  hear(message("c", 3, Qos::exactly_once));
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_THAT(delivered(), SizeIs(3));
  give(Persisted{persists});
  EXPECT_THAT(sent, ElementsAre(Packet{PubRec{PacketId{1}}}, Packet{PubAck{PacketId{2}}},
                                Packet{PubRec{PacketId{3}}}));
}

// Else a message under the freed id would be taken for a repetition after a crash of ours.
TEST_P(ClientReceiving, SendsPubcompOnlyWhenTheIdIsDurablyForgotten) {
  connect();
  hear(message("a", 1, Qos::exactly_once));
  store_answers = false;
  hear(PubRel{PacketId{1}});
  EXPECT_THAT(sent_of<PubComp>(), IsEmpty());
  give(Persisted{persists});
  EXPECT_THAT(sent_of<PubComp>(), SizeIs(1));
}

TEST_P(ClientReceiving, KnowsAfterARestartWhatItHandedOn) {
  Recovered recovered;
  recovered.records = {SaveIncoming{PacketId{4}}};
  create(recovered);
  connect(resumed());
  hear(again(message("old", 4, Qos::exactly_once)));
  EXPECT_THAT(delivered(), IsEmpty());
}

// v5 3.7.2.1
TEST_P(ClientReceiving, AnswersAnUnknownPubrel) {
  connect();
  hear(PubRel{PacketId{9}});
  const auto reason = five() ? ReasonCode::packet_identifier_not_found : ReasonCode::success;
  EXPECT_THAT(sent_of<PubComp>(), ElementsAre(PubComp{PacketId{9}, reason}));
}

// 3.1.1 lets a server repeat on one connection, 5.0 does not (MQTT-4.4.0-1).
TEST_P(ClientReceiving, JudgesARepetitionOnTheSameConnectionByItsVersion) {
  connect();
  hear(message("two", 8, Qos::exactly_once));
  hear(again(message("two", 8, Qos::exactly_once)));
  EXPECT_THAT(delivered(), SizeIs(1));
  if (five()) {
    EXPECT_EQ(closed_because, Rule::packet_id_is_free);
  } else {
    EXPECT_FALSE(closed_because.has_value());
    EXPECT_THAT(sent_of<PubRec>(), SizeIs(2));
  }
}

// v5 MQTT-3.3.4-9
TEST_P(ClientReceiving5, HoldsTheBrokerToOurReceiveMaximum) {
  settings.limits.receive_maximum = 3;
  connect();
  for (int id = 1; id <= 3; ++id) hear(message("m", id, Qos::exactly_once));
  hear(PubRel{PacketId{2}});
  hear(message("m", 4, Qos::exactly_once));
  EXPECT_FALSE(closed_because.has_value());
  hear(message("m", 5, Qos::at_least_once));
  EXPECT_EQ(closed_because, Rule::receive_maximum_is_kept);
  EXPECT_EQ(sent_of<Disconnect>().at(0).reason, ReasonCode::receive_maximum_exceeded);
}

TEST_P(ClientReceiving5, BeginsTheReceiveMaximumAnewOnEachConnection) {
  settings.limits.receive_maximum = 2;
  connect();
  for (int id = 1; id <= 2; ++id) hear(message("m", id, Qos::exactly_once));
  reconnect(resumed());
  for (int id = 3; id <= 4; ++id) hear(message("m", id, Qos::exactly_once));
  EXPECT_FALSE(closed_because.has_value());
}

TEST_P(ClientReceiving5, ResolvesTopicAliases) {
  settings.limits.topic_alias_maximum = 2;
  connect();
  const auto with_alias = [](std::string topic, std::uint32_t alias) {
    Publish publish{.topic = std::move(topic)};
    publish.properties.add(PropertyId::topic_alias, alias);
    return publish;
  };
  hear(with_alias("long/topic", 2));
  hear(with_alias("", 2));
  hear(with_alias("other", 2));
  hear(with_alias("", 2));
  ASSERT_THAT(news_of<Message>(), SizeIs(4));
  EXPECT_EQ(news_of<Message>()[1].publish.topic, "long/topic");
  EXPECT_EQ(news_of<Message>()[3].publish.topic, "other");
  reconnect(resumed());
  hear(with_alias("", 2));  // it lived as long as its connection
  EXPECT_EQ(closed_because, Rule::topic_alias_is_known);
  reconnect(resumed());
  hear(with_alias("t", 3));
  EXPECT_EQ(closed_because, Rule::topic_alias_is_within_maximum);
  EXPECT_EQ(sent_of<Disconnect>().at(0).reason, ReasonCode::topic_alias_invalid);
}

// ---- Subscriptions

TEST_P(ClientReceiving, TellsWhatTheBrokerGranted) {
  connect();
  const Handle handle = subscribe("f", Qos::exactly_once);
  ASSERT_THAT(sent_of<Subscribe>(), SizeIs(1));
  hear(SubAck{.packet_id = PacketId{1}, .reasons = {ReasonCode::granted_qos_1}});
  ASSERT_THAT(news_of<Subscribed>(), SizeIs(1));
  EXPECT_EQ(news_of<Subscribed>()[0].handle, handle);
  EXPECT_THAT(news_of<Subscribed>()[0].reasons, ElementsAre(ReasonCode::granted_qos_1));
  give(UnsubscribeOrder{Handle{90}, {"f", "g"}});
  UnsubAck answer{.packet_id = PacketId{2}};
  if (five()) answer.reasons = {ReasonCode::success, ReasonCode::no_subscription_existed};
  hear(answer);
  ASSERT_THAT(news_of<Unsubscribed>(), SizeIs(1));
  EXPECT_EQ(news_of<Unsubscribed>()[0].reasons.size(), five() ? 2u : 0u);
}

TEST_P(ClientReceiving, SubscribesAgainWhatHadNoAnswer) {
  connect();
  subscribe("f");
  give(UnsubscribeOrder{Handle{90}, {"g"}});
  hear(SubAck{.packet_id = PacketId{1}, .reasons = {ReasonCode::success}});
  reconnect(resumed());
  EXPECT_THAT(sent_of<Subscribe>(), IsEmpty());
  ASSERT_THAT(sent_of<Unsubscribe>(), SizeIs(1));
  hear(UnsubAck{.packet_id = sent_of<Unsubscribe>()[0].packet_id,
                .reasons = std::vector(five() ? 1u : 0u, ReasonCode::success)});
  EXPECT_THAT(news_of<Unsubscribed>(), SizeIs(1));
}

TEST_P(ClientReceiving, LimitsTheOrdersThatWait) {
  settings.limits.queued_messages = 2;
  create();
  subscribe("a");
  subscribe("b");
  EXPECT_THAT(news_of<Subscribed>(), IsEmpty());
  subscribe("c");
  ASSERT_THAT(news_of<Subscribed>(), SizeIs(1));
  EXPECT_THAT(news_of<Subscribed>()[0].reasons, ElementsAre(ReasonCode::quota_exceeded));
}

TEST_P(ClientReceiving, RefusesFiltersThatNoBrokerMayBeSent) {
  connect();
  sent.clear();
  for (const std::string& filter : {std::string(), std::string("a/#/b"), std::string("a+"),
                                    std::string("a\xff"), std::string("a\0b", 3)}) {
    forget();
    subscribe(filter);
    ASSERT_THAT(news_of<Subscribed>(), SizeIs(1));
    EXPECT_THAT(news_of<Subscribed>()[0].reasons, ElementsAre(ReasonCode::topic_filter_invalid));
    give(UnsubscribeOrder{Handle{90}, {filter}});
    ASSERT_THAT(news_of<Unsubscribed>(), SizeIs(1));
  }
  give(SubscribeOrder{Handle{91}, {}, {}});
  EXPECT_THAT(sent, IsEmpty());
}

TEST_P(ClientReceiving3, SendsOnlyTheQosOfASubscriptionBefore5) {
  connect();
  give(SubscribeOrder{
      Handle{1},
      {{"f", {.qos = Qos::at_least_once, .no_local = true, .retain_as_published = true}}},
      {}});
  ASSERT_THAT(sent_of<Subscribe>(), SizeIs(1));
  EXPECT_EQ(sent_of<Subscribe>()[0].entries[0].options,
            SubscriptionOptions{.qos = Qos::at_least_once});
}

// v5 3.2.2.3.11 to .13, MQTT-3.8.3-4
// v5 3.8.3.1, 3.8.2.1.2
TEST_P(ClientReceiving5, SendsAllOptionsOfASubscriptionAndItsIdentifier) {
  connect();
  const SubscriptionOptions all{.qos = Qos::exactly_once,
                                .no_local = true,
                                .retain_as_published = true,
                                .retain_handling = RetainHandling::do_not_send};
  Properties identifier;
  identifier.add(PropertyId::subscription_identifier, 268'435'455u);
  give(SubscribeOrder{Handle{1}, {{"a", all}}, identifier});
  ASSERT_THAT(sent_of<Subscribe>(), SizeIs(1));
  const Subscribe order = sent_of<Subscribe>()[0];
  EXPECT_EQ(order.entries.at(0).options, all);
  EXPECT_EQ(order.properties.number(PropertyId::subscription_identifier), 268'435'455u);
}

TEST_P(ClientReceiving5, SubscribesToNothingThatTheBrokerDoesNotOffer) {
  const auto reason_of = [&](SubscribeOrder order) {
    forget();
    give(order);
    const auto told = news_of<Subscribed>();
    return told.empty() ? ReasonCode::success : told.at(0).reasons.at(0);
  };
  SubscribeOrder identified{Handle{1}, {{"f", {}}}, {}};
  identified.properties.add(PropertyId::subscription_identifier, std::uint32_t{5});
  const SubscribeOrder wild{Handle{2}, {{"f/#", {}}}, {}};
  const SubscribeOrder in_group{Handle{3}, {{"$share/g/f", {}}}, {}};
  const SubscribeOrder in_group_no_local{Handle{4}, {{"$share/g/f", {.no_local = true}}}, {}};
  connect();
  for (const SubscribeOrder& order : {identified, wild, in_group})
    EXPECT_EQ(reason_of(order), ReasonCode::success);
  EXPECT_EQ(reason_of(in_group_no_local), ReasonCode::protocol_error);
  client.reset();
  ConnAck poor;
  for (const PropertyId id :
       {PropertyId::wildcard_subscription_available, PropertyId::shared_subscription_available,
        PropertyId::subscription_identifier_available})
    poor.properties.add(id, std::uint32_t{0});
  connect(poor);
  EXPECT_EQ(reason_of(identified), ReasonCode::subscription_identifiers_not_supported);
  EXPECT_EQ(reason_of(wild), ReasonCode::wildcard_subscriptions_not_supported);
  EXPECT_EQ(reason_of(in_group), ReasonCode::shared_subscriptions_not_supported);
}

// ---- What a broker can do wrong

TEST_P(ClientReceiving, ClosesOnASubackThatDoesNotFit) {
  connect();
  subscribe("f");
  hear(SubAck{.packet_id = PacketId{1}, .reasons = {ReasonCode::success, ReasonCode::success}});
  EXPECT_EQ(closed_because, Rule::suback_answers_each_filter);
  fresh_connection();
  subscribe("f");
  hear(SubAck{.packet_id = PacketId{2}, .reasons = {ReasonCode::success}});
  EXPECT_EQ(closed_because, Rule::acknowledgement_answers_a_packet);
  fresh_connection();
  subscribe("f");
  hear(UnsubAck{.packet_id = PacketId{1},
                .reasons = std::vector(five() ? 1u : 0u, ReasonCode::success)});
  EXPECT_EQ(closed_because, Rule::acknowledgement_answers_a_packet);
}

// v5 MQTT-3.2.2-2 and -4, v3.1.1 MQTT-3.2.2-1
TEST_P(ClientReceiving, ClosesWhenACleanStartFindsASession) {
  settings.clean_start = true;
  start();
  hear(resumed());
  EXPECT_EQ(closed_because, Rule::clean_start_has_no_session);
  EXPECT_THAT(news_of<Connected>(), IsEmpty());
}

// v5 MQTT-4.12.0-6
TEST_P(ClientReceiving5, ClosesOnAnAuthenticationMethodThatWeDidNotName) {
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::authentication_method, std::string("m"));
  start();
  hear(conn_ack);
  EXPECT_EQ(closed_because, Rule::auth_needs_a_method);
}

// v5 MQTT-3.1.2-29
TEST_P(ClientReceiving5, ClosesOnAnExplanationThatWeAskedNotToGet) {
  for (const bool asked_not : {false, true}) {
    if (asked_not)
      settings.connect_properties.add(PropertyId::request_problem_information, std::uint32_t{0});
    fresh_connection();
    publish("t", Qos::at_least_once);
    PubAck answer{PacketId{1}};
    answer.properties.add(PropertyId::reason_string, std::string("because"));
    hear(answer);
    EXPECT_EQ(closed_because.has_value(), asked_not);
  }
  fresh_connection();
  Publish with_user_property{.topic = "t"};
  with_user_property.properties.add_user("k", "v");
  hear(with_user_property);
  EXPECT_FALSE(closed_because.has_value());
}

TEST_P(ClientReceiving, ClosesOnMalformedBytes) {
  struct Row {
    std::vector<int> bytes;
    ReasonCode reason;
  };
  const std::vector<Row> rows = {
      {{0x00, 0x00}, ReasonCode::malformed_packet},                     // no such kind
      {{0x30, 0x03, 0x00, 0x01, '#'}, ReasonCode::topic_name_invalid},  // a wildcard
      {{0x36, 0x06, 0x00, 0x01, 't', 0x00, 0x01, 0x00}, ReasonCode::malformed_packet},  // QoS 3
      {{0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}, ReasonCode::malformed_packet},  // five bytes of length
      {{0x40, 0x02, 0x00, 0x00}, ReasonCode::malformed_packet},              // packet id 0
      {{0x41, 0x02, 0x00, 0x01}, ReasonCode::malformed_packet},              // reserved bits
      {{0x10, 0x00}, ReasonCode::malformed_packet},                          // a CONNECT to us
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.bytes[0]);
    fresh_connection();
    std::vector<std::byte> bytes;
    for (const int value : row.bytes) bytes.push_back(static_cast<std::byte>(value));
    give(BytesIn{bytes});
    ASSERT_TRUE(closed_because.has_value());
    EXPECT_NE(closed_because, Rule::none);
    EXPECT_THAT(sent_of<Disconnect>(), SizeIs(five() ? 1 : 0));
    cut();
    ASSERT_THAT(news_of<Disconnected>(), SizeIs(1));
    EXPECT_NE(news_of<Disconnected>()[0].because, Rule::none);
  }
}

// v5 MQTT-3.1.2-24
TEST_P(ClientReceiving, ClosesOnAPacketOverItsLimitAsSoonAsItsLengthIsKnown) {
  settings.limits.packet_bytes = 100;
  connect();
  hear(Publish{.topic = "t", .payload = Bytes::copy(std::string(five() ? 94 : 95, 'x'))});
  EXPECT_FALSE(closed_because.has_value());
  EXPECT_THAT(news_of<Message>(), SizeIs(1));
  hear_bytes({0x30, 99});
  EXPECT_EQ(closed_because, Rule::packet_fits_the_maximum);
}

// Whatever bytes come, the client lives, closes at most once per link and comes back.
TEST_P(ClientReceiving, SurvivesNoise) {
  Rng noise(20250101);
  settings.reconnect.first = 1ms;
  connect();
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> bytes(1 + noise.below(40));
    for (auto& byte : bytes) byte = static_cast<std::byte>(noise.next());
    // Half of the rounds begin as something that the client expects.
    if (noise.below(2) == 0) bytes[0] = static_cast<std::byte>(0x30 | noise.below(7));
    if (bytes.size() > 1 && noise.below(2) == 0)
      bytes[1] = static_cast<std::byte>(bytes.size() - 2);
    if (noise.below(4) == 0) publish("t", static_cast<Qos>(noise.below(3)));
    give(BytesIn{bytes});
    if (!closed_because) continue;
    cut();
    forget();
    wait_for_link();
    give(LinkUp{});
    hear(noise.below(2) == 0 ? resumed() : ConnAck{});
    ASSERT_TRUE(client->connected());
  }
}

// A broker that asks and never reads the answers: they are bounded.
TEST_P(ClientReceiving, LeavesABrokerThatReadsNoAnswers) {
  settings.limits.backlog_bytes = 1000;
  connect();
  network_drains = false;
  const std::size_t before = bytes_sent;
  for (int i = 0; i < 100'000 && !closed_because; ++i)
    hear(message("x", 1 + i % 60'000, Qos::at_least_once));
  EXPECT_EQ(closed_because, Rule::limit_is_kept);
  EXPECT_LE(bytes_sent - before, 1000u + 64 * 1024 + 10);
  EXPECT_GE(bytes_sent - before, 1000u + 64 * 1024 - 10);
}

// v5 MQTT-3.2.2-15
TEST_P(ClientReceiving5, LeavesABrokerThatTakesNoAnswer) {
  ConnAck tiny;
  tiny.properties.add(PropertyId::maximum_packet_size, std::uint32_t{3});
  connect(tiny);
  sent.clear();
  hear(message("x", 1, Qos::at_least_once));
  EXPECT_EQ(closed_because, Rule::packet_fits_the_maximum);
  EXPECT_THAT(sent, IsEmpty());
}

}  // namespace
}  // namespace mq::client
