// The course of a client's connection: CONNECT, refusals, keep alive, reconnecting, stopping.
#include "client/core/client_fixture.h"

namespace mq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string version_name(const testing::TestParamInfo<Version>& version) {
  return version.param == Version::v5 ? "v5" : version.param == Version::v3_1 ? "v3_1" : "v3_1_1";
}

class ClientConnection : public ClientFixture {
 protected:
  void SetUp() override { settings.version = GetParam(); }

  Connect sent_connect() {
    const auto all = sent_of<Connect>();
    return all.empty() ? Connect{} : all.back();
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ClientConnection,
                         testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

class ClientConnection5 : public ClientConnection {};
INSTANTIATE_TEST_SUITE_P(Versions, ClientConnection5, testing::Values(Version::v5), version_name);

// v5 MQTT-3.1.0-1, v3.1.1 MQTT-3.1.0-1
TEST_P(ClientConnection, SendsConnectFirstAndNothingElse) {
  create();
  publish("a", Qos::at_least_once);
  subscribe("b");
  give(Start{});
  EXPECT_EQ(links_ordered, 1);
  EXPECT_THAT(sent, IsEmpty());
  give(LinkUp{});
  ASSERT_THAT(sent, SizeIs(1));
  EXPECT_EQ(sent_connect().client_id, "tester");
  EXPECT_EQ(sent_connect().version, GetParam());
  EXPECT_TRUE(sent_connect().clean_start);
  EXPECT_EQ(sent_connect().keep_alive, 60);
}

TEST_P(ClientConnection, SendsWhatWaitedOnceItIsAccepted) {
  create();
  publish("a", Qos::at_least_once);
  subscribe("b");
  start();
  EXPECT_FALSE(client->connected());
  hear(ConnAck{});
  EXPECT_TRUE(client->connected());
  EXPECT_THAT(news_of<Connected>(), SizeIs(1));
  EXPECT_THAT(sent_of<Publish>(), SizeIs(1));
  EXPECT_THAT(sent_of<Subscribe>(), SizeIs(1));
}

TEST_P(ClientConnection, CarriesWillUserNameAndPassword) {
  settings.will = Will{
      .topic = "gone", .payload = Bytes::copy("yes"), .qos = Qos::at_least_once, .retain = true};
  settings.user_name = "user";
  settings.password = Bytes::copy("secret");
  start();
  EXPECT_EQ(sent_connect().will, settings.will);
  EXPECT_EQ(sent_connect().user_name, "user");
  EXPECT_EQ(sent_connect().password, Bytes::copy("secret"));
}

TEST_P(ClientConnection, UsesANewWillOnTheNextConnection) {
  connect();
  give(WillOrder{Will{.topic = "later"}});
  reconnect({});
  cut();
  forget();
  wait_for_link();
  give(LinkUp{});
  ASSERT_TRUE(sent_connect().will.has_value());
  EXPECT_EQ(sent_connect().will->topic, "later");
}

TEST_P(ClientConnection, GivesUpALinkThatDoesNotOpenInTime) {
  create();
  give(Start{});
  tick_at(now + settings.connect_timeout - 1ns);
  EXPECT_FALSE(closed_because.has_value());
  tick_at(now + 1ns);
  EXPECT_TRUE(closed_because.has_value());
  give(LinkDown{});
  EXPECT_THAT(news_of<Disconnected>(), IsEmpty());
  forget();
  wait_for_link();
  EXPECT_EQ(links_ordered, 1);
}

TEST_P(ClientConnection, GivesUpABrokerThatDoesNotAnswerConnect) {
  start();
  tick_at(now + settings.connect_timeout - 1ns);
  EXPECT_FALSE(closed_because.has_value());
  tick_at(now + 1ns);
  EXPECT_EQ(closed_because, Rule::silence_closes_link);
}

// A late LinkUp for a link that was given up must not start a session on it.
TEST_P(ClientConnection, IgnoresALinkThatOpensAfterItWasGivenUp) {
  create();
  give(Start{});
  tick_at(now + settings.connect_timeout);
  give(LinkUp{});
  EXPECT_THAT(sent, IsEmpty());
}

struct Refusal {
  Version version;
  ReasonCode reason;
  bool final;
};

TEST_P(ClientConnection, TriesAgainAfterARefusalThatCanPass) {
  const std::vector<Refusal> refusals = {
      {Version::v3_1_1, connect_return::unacceptable_protocol_version, true},
      {Version::v3_1_1, connect_return::identifier_rejected, true},
      {Version::v3_1_1, connect_return::server_unavailable, false},
      {Version::v3_1_1, connect_return::bad_user_name_or_password, true},
      {Version::v3_1_1, connect_return::not_authorized, true},
      {Version::v5, ReasonCode::unspecified_error, false},
      {Version::v5, ReasonCode::server_busy, false},
      {Version::v5, ReasonCode::server_unavailable, false},
      {Version::v5, ReasonCode::quota_exceeded, false},
      {Version::v5, ReasonCode::connection_rate_exceeded, false},
      {Version::v5, ReasonCode::bad_user_name_or_password, true},
      {Version::v5, ReasonCode::not_authorized, true},
      {Version::v5, ReasonCode::banned, true},
      {Version::v5, ReasonCode::client_identifier_not_valid, true},
      {Version::v5, ReasonCode::use_another_server, true},
  };
  for (const Refusal& refusal : refusals) {
    if ((refusal.version == Version::v5) != five()) continue;
    SCOPED_TRACE(static_cast<int>(refusal.reason));
    client.reset();
    start();
    hear(ConnAck{.reason = refusal.reason});
    ASSERT_THAT(news_of<Refused>(), SizeIs(1));
    EXPECT_EQ(news_of<Refused>()[0].final, refusal.final);
    EXPECT_EQ(closed_because, Rule::none);
    cut();
    EXPECT_EQ(news_of<Stopped>().size(), refusal.final ? 1u : 0u);
    EXPECT_EQ(client->deadline().has_value(), !refusal.final);
    EXPECT_THAT(news_of<Disconnected>(), IsEmpty());
  }
}

// v5 MQTT-3.1.2-20
TEST_P(ClientConnection, PingsAfterOneKeepAliveOfSilence) {
  settings.keep_alive = 10s;
  connect();
  forget();
  EXPECT_EQ(client->deadline(), now + 10s);
  tick_at(now + 10s - 1ns);
  EXPECT_THAT(sent, IsEmpty());
  tick_at(now + 1ns);
  EXPECT_THAT(sent_of<PingReq>(), SizeIs(1));
}

TEST_P(ClientConnection, PingsWhenOnlyTheBrokerIsSilent) {
  settings.keep_alive = 10s;
  connect();
  forget();
  tick_at(now + 6s);
  publish("a", Qos::at_most_once);
  tick_at(now + 4s);
  EXPECT_THAT(sent_of<PingReq>(), SizeIs(1));
}

TEST_P(ClientConnection, ClosesWhenNoAnswerComesToAPing) {
  settings.keep_alive = 10s;
  settings.ping_timeout = 4s;
  connect();
  tick_at(now + 10s);
  EXPECT_EQ(client->deadline(), now + 4s);
  tick_at(now + 4s - 1ns);
  EXPECT_FALSE(closed_because.has_value());
  tick_at(now + 1ns);
  EXPECT_EQ(closed_because, Rule::silence_closes_link);
  cut();
  ASSERT_THAT(news_of<Disconnected>(), SizeIs(1));
  EXPECT_EQ(news_of<Disconnected>()[0].because, Rule::silence_closes_link);
}

TEST_P(ClientConnection, StaysWhenThePingIsAnswered) {
  settings.keep_alive = 10s;
  settings.ping_timeout = 4s;
  connect();
  tick_at(now + 10s);
  now += 3s;
  hear(PingResp{});
  tick_at(now + 2s);
  EXPECT_FALSE(closed_because.has_value());
  EXPECT_EQ(client->deadline(), now + 5s);  // ten after our ping, the older of the two silences
}

// The broker counts our silence from our last packet, also while we wait for its answer.
TEST_P(ClientConnection, PingsAgainWhileItWaitsLongerThanAKeepAlive) {
  settings.keep_alive = 5s;
  settings.ping_timeout = 20s;
  connect();
  forget();
  for (int i = 0; i < 4; ++i) tick_at(now + 5s);
  EXPECT_THAT(sent_of<PingReq>(), SizeIs(4));
  EXPECT_FALSE(closed_because.has_value());
  tick_at(now + 5s);
  EXPECT_EQ(closed_because, Rule::silence_closes_link);
}

TEST_P(ClientConnection, NeverPingsWithoutAKeepAlive) {
  settings.keep_alive = 0s;
  connect();
  EXPECT_EQ(client->deadline(), std::nullopt);
}

// v5 MQTT-3.1.2-21, v5 MQTT-3.2.2-21
TEST_P(ClientConnection5, ObeysTheBrokersKeepAlive) {
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::server_keep_alive, std::uint32_t{7});
  connect(conn_ack);
  EXPECT_EQ(client->deadline(), now + 7s);
  // It holds for that connection only.
  reconnect({});
  EXPECT_EQ(client->deadline(), now + 60s);
}

TEST_P(ClientConnection, WaitsLongerAfterEachFailureUpToAMaximum) {
  settings.reconnect = {.first = 1000ms, .max = 8000ms, .factor = 2.0, .jitter = 0.0};
  create();
  give(Start{});
  for (const auto wait : {1s, 2s, 4s, 8s, 8s}) {
    cut();
    EXPECT_EQ(client->deadline(), now + wait);
    wait_for_link();
  }
  // A connection that was had lets it begin again.
  give(LinkUp{});
  hear(ConnAck{});
  cut();
  EXPECT_EQ(client->deadline(), now + 1s);
}

TEST_P(ClientConnection, DrawsEachWaitFromItsSeed) {
  settings.reconnect = {.first = 1000ms, .max = 60'000ms, .factor = 1.0, .jitter = 0.5};
  std::vector<Duration> waits[2];
  for (auto& of_this_run : waits) {
    create();
    give(Start{});
    for (int i = 0; i < 50; ++i) {
      cut();
      const Duration wait = *client->deadline() - now;
      EXPECT_GE(wait, 500ms);
      EXPECT_LE(wait, 1s);
      of_this_run.push_back(wait);
      wait_for_link();
    }
  }
  EXPECT_EQ(waits[0], waits[1]);
  EXPECT_NE(waits[0][0], waits[0][1]);
}

// A broker that accepts and then breaks the protocol gets no quick visitor again and again.
TEST_P(ClientConnection, DoesNotBeginTheBackOffAnewForABrokerThatBreaksTheProtocol) {
  settings.reconnect = {.first = 1000ms, .max = 60'000ms, .factor = 2.0, .jitter = 0.0};
  create();
  give(Start{});
  for (const auto wait : {1s, 2s, 4s}) {
    give(LinkUp{});
    hear(ConnAck{});
    hear(ConnAck{});
    cut();
    EXPECT_EQ(client->deadline(), now + wait);
    wait_for_link();
  }
}

TEST_P(ClientConnection, StopsInsteadOfReconnectingWhenThatIsOff) {
  settings.reconnect.enabled = false;
  connect();
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(1));
  EXPECT_EQ(client->deadline(), std::nullopt);
}

TEST_P(ClientConnection, SaysGoodbyeWhenItIsStopped) {
  connect();
  forget();
  give(StopOrder{});
  ASSERT_THAT(sent_of<Disconnect>(), SizeIs(1));
  EXPECT_EQ(sent_of<Disconnect>()[0].reason, ReasonCode::success);
  EXPECT_EQ(closed_because, Rule::none);
  EXPECT_THAT(news_of<Stopped>(), IsEmpty());
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(1));
  EXPECT_EQ(client->deadline(), std::nullopt);
}

// v3.1.1 MQTT-3.14.4-3: DISCONNECT would discard the will there.
TEST_P(ClientConnection, LeavesTheWillToTheBrokerWhenAsked) {
  connect();
  forget();
  give(StopOrder{ReasonCode::disconnect_with_will});
  if (five())
    EXPECT_EQ(sent_of<Disconnect>().at(0).reason, ReasonCode::disconnect_with_will);
  else
    EXPECT_THAT(sent_of<Disconnect>(), IsEmpty());
  EXPECT_EQ(closed_because, Rule::none);
}

TEST_P(ClientConnection, StopsInEveryPhaseAndStartsAgain) {
  create();
  give(StopOrder{});
  EXPECT_THAT(news_of<Stopped>(), SizeIs(1));  // before the start
  give(Start{});
  give(StopOrder{});
  EXPECT_EQ(closed_because, Rule::none);  // while the link opens
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(2));
  start();
  give(StopOrder{});  // before CONNACK
  give(StopOrder{});  // twice
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(3));
  give(Start{});
  cut();
  give(StopOrder{});  // in the back-off
  EXPECT_THAT(news_of<Stopped>(), SizeIs(4));
  forget();
  connect();
  EXPECT_TRUE(client->connected());
}

TEST_P(ClientConnection, StartsAgainWhenTheStartComesBeforeTheLinkIsClosed) {
  connect();
  give(StopOrder{});
  give(Start{});
  forget();
  cut();
  EXPECT_THAT(news_of<Stopped>(), IsEmpty());
  EXPECT_TRUE(client->deadline().has_value());
}

// v5 MQTT-3.1.2-4 with 3.1.2-23: later connections want the session that the first one made.
TEST_P(ClientConnection5, WantsACleanStartOnlyOnce) {
  settings.session_expiry = 3600;
  connect();
  EXPECT_TRUE(sent_connect().clean_start);
  EXPECT_EQ(sent_connect().properties.number(PropertyId::session_expiry_interval), 3600u);
  cut();
  wait_for_link();
  give(LinkUp{});
  EXPECT_FALSE(sent_connect().clean_start);
}

TEST_P(ClientConnection, WantsACleanStartEachTimeWithoutASessionThatLasts) {
  connect();
  cut();
  wait_for_link();
  give(LinkUp{});
  EXPECT_TRUE(sent_connect().clean_start);
}

TEST_P(ClientConnection, NeverWantsACleanStartWhenItWasNotAskedTo) {
  settings.clean_start = false;
  connect();
  EXPECT_FALSE(sent_connect().clean_start);
  cut();
  wait_for_link();
  give(LinkUp{});
  EXPECT_FALSE(sent_connect().clean_start);
}

// v3.1.1 MQTT-3.1.3-7 and MQTT-3.1.2-22; 5.0 allows both.
TEST_P(ClientConnection, SendsNothingThatItsVersionForbidsInConnect) {
  settings.client_id.clear();
  settings.clean_start = false;
  settings.password = Bytes::copy("secret");
  start();
  EXPECT_EQ(sent_connect().clean_start, !five());
  EXPECT_EQ(sent_connect().password.has_value(), five());
}

// v5 MQTT-3.1.3-7
TEST_P(ClientConnection5, RemembersTheClientIdThatItWasAssigned) {
  settings.client_id.clear();
  ConnAck conn_ack;
  conn_ack.properties.add(PropertyId::assigned_client_identifier, std::string("given"));
  connect(conn_ack);
  cut();
  wait_for_link();
  give(LinkUp{});
  EXPECT_EQ(sent_connect().client_id, "given");
}

TEST_P(ClientConnection5, AnnouncesItsLimits) {
  settings.limits.packet_bytes = 5000;
  settings.limits.receive_maximum = 9;
  settings.limits.topic_alias_maximum = 3;
  start();
  const Properties& said = sent_connect().properties;
  EXPECT_EQ(said.number(PropertyId::maximum_packet_size), 5000u);
  EXPECT_EQ(said.number(PropertyId::receive_maximum), 9u);
  EXPECT_EQ(said.number(PropertyId::topic_alias_maximum), 3u);
}

TEST_P(ClientConnection5, LetsAConnectPropertyReplaceALimit) {
  settings.connect_properties.add(PropertyId::receive_maximum, std::uint32_t{2});
  settings.connect_properties.add(PropertyId::session_expiry_interval, std::uint32_t{5});
  connect();
  const Properties said = sent_connect().properties;
  EXPECT_EQ(said.number(PropertyId::receive_maximum), 2u);
  EXPECT_EQ(std::count_if(said.all().begin(), said.all().end(),
                          [](const Property& p) { return p.id == PropertyId::receive_maximum; }),
            1);
  for (std::uint16_t id = 1; id <= 2; ++id)
    hear(Publish{.topic = "a", .packet_id = PacketId{id}, .qos = Qos::exactly_once});
  EXPECT_FALSE(closed_because.has_value());
  hear(Publish{.topic = "a", .packet_id = PacketId{3}, .qos = Qos::exactly_once});
  EXPECT_EQ(closed_because, Rule::receive_maximum_is_kept);
}

// v5 MQTT-3.14.4-3
TEST_P(ClientConnection5, TellsWhatTheBrokerSaidAndComesBack) {
  connect();
  forget();
  hear(Disconnect{.reason = ReasonCode::server_shutting_down});
  EXPECT_EQ(closed_because, Rule::none);
  EXPECT_THAT(sent, IsEmpty());
  cut();
  ASSERT_THAT(news_of<Disconnected>(), SizeIs(1));
  ASSERT_TRUE(news_of<Disconnected>()[0].by_peer.has_value());
  EXPECT_EQ(news_of<Disconnected>()[0].by_peer->reason, ReasonCode::server_shutting_down);
  EXPECT_TRUE(client->deadline().has_value());
}

TEST_P(ClientConnection5, DoesNotFightForASessionThatWasTakenOver) {
  connect();
  hear(Disconnect{.reason = ReasonCode::session_taken_over});
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(1));
  EXPECT_EQ(client->deadline(), std::nullopt);
}

// What was sent on a link that we gave up still travels, and takes over what we have by then.
TEST_P(ClientConnection5, ComesBackAfterItsOwnLateConnectTookTheSessionOver) {
  start();
  tick_at(now + settings.connect_timeout);  // no answer to the first CONNECT
  cut();
  connect();
  hear(Disconnect{.reason = ReasonCode::session_taken_over});
  cut();
  EXPECT_THAT(news_of<Stopped>(), IsEmpty());
  connect();
  // There was one such CONNECT only: this is somebody else.
  hear(Disconnect{.reason = ReasonCode::session_taken_over});
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(1));
}

TEST_P(ClientConnection5, HasALateConnectAlsoWhereTheLinkBrokeBeforeTheAnswer) {
  start();
  cut();
  connect();
  hear(Disconnect{.reason = ReasonCode::session_taken_over});
  cut();
  EXPECT_THAT(news_of<Stopped>(), IsEmpty());
}

TEST_P(ClientConnection5, DoesNotBlameAConnectThatWasAnsweredOrNeverSent) {
  create();
  give(Start{});
  cut();  // the link never opened
  wait_for_link();
  give(LinkUp{});
  hear(ConnAck{.reason = ReasonCode::server_busy});
  cut();
  connect();
  hear(Disconnect{.reason = ReasonCode::session_taken_over});
  cut();
  EXPECT_THAT(news_of<Stopped>(), SizeIs(1));
}

TEST_P(ClientConnection5, BlamesALateConnectOnlyWhileTcpMaySendIt) {
  for (const bool is_late : {false, true}) {
    client.reset();
    start();
    cut();
    const Instant given_up = now;
    connect();
    now = given_up + 20min + (is_late ? 1ns : 0ns);
    hear(Disconnect{.reason = ReasonCode::session_taken_over});
    cut();
    EXPECT_EQ(news_of<Stopped>().size(), is_late ? 1u : 0u);
  }
}

TEST_P(ClientConnection5, WaitsLongerForEachLateConnect) {
  settings.reconnect = {.first = 1000ms, .max = 60'000ms, .factor = 2.0, .jitter = 0.0};
  create();
  give(Start{});
  for (int i = 0; i < 2; ++i) {
    give(LinkUp{});
    cut();
    wait_for_link();
  }
  for (const auto wait : {4s, 8s}) {
    give(LinkUp{});
    hear(ConnAck{});
    hear(Disconnect{.reason = ReasonCode::session_taken_over});
    cut();
    EXPECT_EQ(client->deadline(), now + wait);
    wait_for_link();
  }
}

// 3.1.1 cannot say why: the connection is gone, as at any other time.
TEST_P(ClientConnection, ComesBackWhenItsConnectionIsClosedAfterALateConnect) {
  start();
  tick_at(now + settings.connect_timeout);
  cut();
  for (int i = 0; i < 2; ++i) {
    connect();
    cut();
    EXPECT_THAT(news_of<Stopped>(), IsEmpty());
  }
  EXPECT_TRUE(client->deadline().has_value());
}

TEST_P(ClientConnection, GoesOnWhenItsClockIsSetBack) {
  settings.keep_alive = 10s;
  connect();
  tick_at(now + 5s);
  forget();
  now -= 1h;
  give(Tick{});
  EXPECT_THAT(sent_of<PingReq>(), SizeIs(1)) << "who knows how long it was";
  EXPECT_EQ(client->deadline(), now + 10s);
  hear(PingResp{});
  forget();
  tick_at(now + 10s);
  EXPECT_THAT(sent_of<PingReq>(), SizeIs(1));
  EXPECT_FALSE(closed_because.has_value());
}

TEST_P(ClientConnection, ReconnectsWhenItsClockIsSetBackInTheBackOff) {
  settings.reconnect = {.first = 1000ms, .max = 60'000ms, .factor = 2.0, .jitter = 0.0};
  connect();
  cut();
  now -= 24h;
  give(Tick{});
  EXPECT_EQ(links_ordered, 0);
  EXPECT_EQ(client->deadline(), now + 1s);
  tick_at(now + 1s);
  EXPECT_EQ(links_ordered, 1);
}

TEST_P(ClientConnection, AsksAtOnceAfterItsClockWasSetAhead) {
  settings.keep_alive = 10s;
  connect();
  forget();
  tick_at(now + 24h);
  EXPECT_THAT(sent_of<PingReq>(), SizeIs(1));
  EXPECT_FALSE(closed_because.has_value());
}

TEST_P(ClientConnection, TakesABytewiseAnswer) {
  start();
  const Bytes bytes = encode(ConnAck{}, settings.version);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(client->connected());
    give(BytesIn{bytes.span().subspan(i, 1)});
  }
  EXPECT_TRUE(client->connected());
}

TEST_P(ClientConnection, IgnoresWhatComesWhenItHasNoUseForIt) {
  create();
  give(LinkUp{});
  give(LinkDown{});
  give(BytesIn{});
  give(Tick{});
  give(Drained{100});
  EXPECT_EQ(links_ordered, 0);
  connect();
  give(Start{});
  give(LinkUp{});
  give(Drained{1'000'000});
  EXPECT_TRUE(client->connected());
  give(StopOrder{});
  const Bytes late = encode(Publish{.topic = "a"}, settings.version);
  give(BytesIn{late.span()});
  EXPECT_THAT(news_of<Message>(), IsEmpty());
}

}  // namespace
}  // namespace mq::client
