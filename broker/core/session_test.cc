// Connecting, sessions and their end (both standards, 3.1, 3.2, 3.14 and 4.1).
#include "broker/core/broker_fixture.h"
#include "broker/core/legality.h"

namespace mq::broker {
namespace {

using BrokerConnect = BrokerTest;

class Sessions : public BrokerVersions {};
INSTANTIATE_TEST_SUITE_P(Versions, Sessions,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

// v3.1.1 MQTT-3.1.4-4, v5 MQTT-3.1.4-5
TEST_P(Sessions, AConnectIsAcknowledged) {
  Peer& a = connect(v(), "a");
  EXPECT_FALSE(a.conn_ack.session_present);
  expect_silence(a);
  EXPECT_EQ(broker().census().links, 1u);
  EXPECT_EQ(broker().census().sessions, 1u);
}

// v3.1.1 MQTT-3.1.2-4, -5, MQTT-3.2.2-2; v5 MQTT-3.1.2-5, MQTT-3.2.2-3
TEST_P(Sessions, APersistentSessionIsPresentWhenItsClientComesBack) {
  Peer& a = connect(v(), "a", false);
  EXPECT_FALSE(a.conn_ack.session_present);
  subscribe(a, "t", qos1);
  cut(a);
  Peer& b = connect(v(), "a", false);
  EXPECT_EQ(b.conn_ack.session_present, v() != Version::v3_1);
  publish(b, "t", "still subscribed");
  expect_publish(b, "t", "still subscribed");
}

// v3.1.1 MQTT-3.1.2-6, MQTT-3.2.2-1; v5 MQTT-3.1.2-4, MQTT-3.2.2-2
TEST_P(Sessions, ACleanStartForgetsTheSession) {
  Peer& a = connect(v(), "a", false);
  subscribe(a, "t", qos1);
  cut(a);
  Peer& b = connect(v(), "a", true);
  EXPECT_FALSE(b.conn_ack.session_present);
  publish(b, "t", "x");
  expect_silence(b);
}

TEST_P(Sessions, ASessionWithoutExpiryEndsWithItsLink) {
  Peer& a = connect(v(), "a", true);
  subscribe(a, "t", qos1);
  cut(a);
  EXPECT_EQ(broker().census().sessions, 0u);
  EXPECT_EQ(broker().census().subscriptions, 0u);
  Peer& b = connect(v(), "a", false);
  EXPECT_FALSE(b.conn_ack.session_present);
}

// v3.1.1 MQTT-3.1.4-2, v5 MQTT-3.1.4-3
TEST_P(Sessions, ASecondLinkTakesTheSessionOver) {
  Peer& a = connect(v(), "a", false);
  subscribe(a, "t", qos1);
  Peer& b = connect(v(), "a", false);
  expect_thrown_out(a, Rule::one_link_per_session, ReasonCode::session_taken_over);
  EXPECT_EQ(b.conn_ack.session_present, v() != Version::v3_1);
  publish(b, "t", "x");
  expect_publish(b, "t", "x");
  cut(a);  // the old link's end is nothing to the session
  publish(b, "t", "y");
  expect_publish(b, "t", "y");
}

TEST_P(Sessions, ATakenOverSessionWithoutExpiryIsGone) {
  Peer& a = connect(v(), "a", true);
  subscribe(a, "t", qos1);
  Peer& b = connect(v(), "a", false);
  EXPECT_FALSE(b.conn_ack.session_present);
  publish(b, "t", "x");
  expect_silence(b);
}

// v3.1.1 MQTT-3.1.0-2, v5 MQTT-3.1.0-2
TEST_P(Sessions, ASecondConnectEndsTheLink) {
  Peer& a = connect(v(), "a");
  say(a, hello(v(), "a"));
  expect_thrown_out(a, Rule::connect_comes_once, ReasonCode::protocol_error);
}

// v3.1.1 MQTT-3.1.0-1, v5 MQTT-3.1.0-1
TEST_P(Sessions, WhoeverDoesNotBeginWithConnectIsCutOffInSilence) {
  Peer& a = open(v());
  say(a, PingReq{});
  expect_silence(a);
  expect_closed(a, Rule::connect_comes_first);
}

TEST_P(Sessions, AConnectMustArriveInTime) {
  Peer& a = open(v());
  advance(settings.limits.connect_timeout - 1ns);
  expect_open(a);
  advance(1ns);
  expect_silence(a);
  expect_closed(a, Rule::connect_arrives_in_time);
}

// v3.1.1 MQTT-3.1.2-24, v5 MQTT-3.1.2-22: and not a tick sooner
TEST_P(Sessions, ASilentLinkEndsAtOneAndAHalfKeepAlives) {
  Connect said = hello(v(), "a");
  said.keep_alive = 10;
  Peer& a = connect(said);
  advance(8s);
  say(a, PingReq{});
  expect<PingResp>(a);
  advance(15s - 1ns);
  expect_open(a);
  advance(1ns);
  expect_thrown_out(a, Rule::silence_closes_link, ReasonCode::keep_alive_timeout);
}

// v3.1.1 MQTT-3.1.2-24, v5 MQTT-3.1.2-22: the silence was not theirs
TEST_P(Sessions, ABrokerThatStoodStillReadsBeforeItTakesAnybodyForSilent) {
  for (const Duration late : {100ms, 101ms, 60'000ms}) {
    Connect said = hello(v(), "a");
    said.keep_alive = 10;
    Peer& a = connect(said);
    said.client_id = "b";
    Peer& b = connect(said);
    now += 15s + late;  // and nobody ticks
    say(a, PingReq{});
    if (late <= 100ms) {
      expect_thrown_out(b, Rule::silence_closes_link, ReasonCode::keep_alive_timeout);
      continue;
    }
    expect<PingResp>(a);
    advance(1s - 1ns);
    expect_open(b);
    advance(1ns);
    expect_thrown_out(b, Rule::silence_closes_link, ReasonCode::keep_alive_timeout);
    expect_open(a);
  }
}

TEST_P(Sessions, AKeepAliveShorterThanTheConnectTimeoutCounts) {
  Connect said = hello(v(), "a");
  said.keep_alive = 1;
  Peer& a = connect(said);
  advance(1500ms);
  expect_thrown_out(a, Rule::silence_closes_link, ReasonCode::keep_alive_timeout);
}

TEST_P(Sessions, KeepAliveZeroIsForEver) {
  Peer& a = connect(v(), "a");
  advance(24h * 365);
  expect_open(a);
}

// v3.1.1 MQTT-3.14.4-1, v5 MQTT-3.14.4-1: what follows DISCONNECT is not looked at
TEST_P(Sessions, NothingCountsAfterDisconnect) {
  Peer& a = connect(v(), "a");
  Peer& b = connect(v(), "b");
  subscribe(b, "t");
  std::vector<std::byte> bytes;
  encode(Packet(Disconnect{}), v(), bytes);
  encode(Packet(Publish{.topic = "t"}), v(), bytes);
  handle(BytesIn{a.link, bytes});
  expect_closed(a, Rule::none);
  publish(a, "t", "x");
  expect_silence(b);
  cut(a);
  EXPECT_EQ(broker().census().links, 1u);
}

TEST_P(Sessions, ASessionSurvivesARestartOfTheBroker) {
  Peer& a = connect(v(), "a", false);
  subscribe(a, "t", qos1);
  cut(a);
  Peer& p = connect(v(), "p");
  publish(p, "t", "m", qos1, 7);
  expect<PubAck>(p);
  crash_and_restart();
  Peer& b = connect(v(), "a", false);
  const Publish got = expect_publish(b, "t", "m");
  EXPECT_FALSE(got.dup);
  EXPECT_EQ(got.qos, qos1);
  publish(b, "t", "again", qos0);
  expect_publish(b, "t", "again");
}

TEST_P(Sessions, LinksOverTheLimitAreClosedAtOnce) {
  settings.limits.links = 2;
  Peer& a = connect(v(), "a");
  connect(v(), "b");
  Peer& c = open(v());
  expect_closed(c, Rule::limit_is_kept);
  cut(c);
  cut(a);
  expect_open(open(v()));
}

TEST_P(Sessions, SessionsOverTheLimitAreRefused) {
  settings.limits.sessions = 2;
  connect(v(), "a", false);
  cut(connect(v(), "b", false));
  Peer& c = open(v());
  say(c, hello(v(), "c"));
  EXPECT_EQ(expect<ConnAck>(c).reason,
            v() == Version::v5 ? ReasonCode::quota_exceeded : connect_return::server_unavailable);
  expect_closed(c, Rule::limit_is_kept);
  connect(v(), "b", false);  // a session that is there may come back
}

// v3.1.1 MQTT-3.1.3-6 to -9
TEST_F(BrokerConnect, AnEmptyClientIdNeedsACleanSessionIn311) {
  Peer& a = open(Version::v3_1_1);
  say(a, hello(Version::v3_1_1, "", false));
  EXPECT_EQ(expect<ConnAck>(a).reason, connect_return::identifier_rejected);
  expect_closed(a, Rule::client_id_is_acceptable);
  connect(Version::v3_1_1, "", true);
  connect(Version::v3_1_1, "", true);
  EXPECT_EQ(broker().census().sessions, 2u);
}

TEST_F(BrokerConnect, AnEmptyClientIdIsRefusedIn31) {
  Peer& a = open(Version::v3_1);
  say(a, hello(Version::v3_1, "", true));
  EXPECT_EQ(expect<ConnAck>(a).reason, connect_return::identifier_rejected);
}

// v5 MQTT-3.1.3-6, -7, MQTT-3.2.2-16
TEST_F(BrokerConnect, AnEmptyClientIdIsAssignedAFreshOneIn5) {
  Peer& a = connect(Version::v5, "", false);
  Peer& b = connect(Version::v5, "", false);
  const auto* first = a.conn_ack.properties.text(PropertyId::assigned_client_identifier);
  const auto* second = b.conn_ack.properties.text(PropertyId::assigned_client_identifier);
  ASSERT_TRUE(first != nullptr && second != nullptr);
  EXPECT_NE(*first, *second);
  Peer& again = connect(Version::v5, *first, false);
  EXPECT_TRUE(again.conn_ack.session_present);
}

// v3.1.1 MQTT-3.1.2-2
TEST_F(BrokerConnect, AnUnknownProtocolLevelIsRefused) {
  Peer& a = open(Version::v3_1_1);
  say_bytes(a, {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 99, 2, 0, 0, 0, 1, 'x'});
  EXPECT_EQ(expect<ConnAck>(a).reason, connect_return::unacceptable_protocol_version);
  expect_closed(a, Rule::protocol_level_is_known);
}

// v5 MQTT-3.1.4-1, MQTT-4.13.1-1
TEST_F(BrokerConnect, AMalformedConnectIsAnsweredIn5AndOnlyClosedIn311) {
  Peer& a = open(Version::v5);
  say_bytes(a, {0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', 5, 3, 0, 0, 0, 0, 1, 'x'});
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::malformed_packet);
  expect_closed(a, Rule::connect_reserved_flag_is_zero);
  Peer& b = open(Version::v3_1_1);
  say_bytes(b, {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 3, 0, 0, 0, 1, 'x'});
  expect_silence(b);
  expect_closed(b, Rule::connect_reserved_flag_is_zero);
}

TEST_F(BrokerConnect, AnAuthenticationMethodIsRefused) {
  Peer& a = open();
  Connect said = hello(Version::v5, "a");
  said.properties.add(PropertyId::authentication_method, "SCRAM-SHA-256");
  say(a, said);
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::bad_authentication_method);
  EXPECT_TRUE(a.closed);
}

// v5 MQTT-4.12.0-7
TEST_F(BrokerConnect, AuthWithoutAMethodIsAProtocolError) {
  Peer& a = connect(Version::v5, "a");
  Auth auth{.reason = ReasonCode::re_authenticate};
  auth.properties.add(PropertyId::authentication_method, "x");
  say(a, auth);
  expect_thrown_out(a, Rule::auth_needs_a_method, ReasonCode::protocol_error);
}

// v5 MQTT-3.1.2-23, MQTT-4.1.0-2
TEST_F(BrokerConnect, ASessionEndsWhenItsExpiryHasPassed) {
  Peer& a = connect(Version::v5, "a", false);
  cut(a);
  advance(3600s - 1ns);
  EXPECT_EQ(broker().census().sessions, 1u);
  advance(1ns);
  EXPECT_EQ(broker().census().sessions, 0u);
  EXPECT_EQ(notes_of(Note::What::session_expired), 1u);
  EXPECT_EQ(store.sessions(), 0u);
}

// v5 MQTT-4.1.0-1
TEST_F(BrokerConnect, AnExpiryRunsOnlyWithoutALink) {
  cut(connect(Version::v5, "a", false));
  advance(3000s);
  Peer& b = connect(Version::v5, "a", false);
  EXPECT_TRUE(b.conn_ack.session_present);
  advance(9000s);
  cut(b);
  advance(3599s);
  EXPECT_TRUE(connect(Version::v5, "a", false).conn_ack.session_present);
}

TEST_F(BrokerConnect, DisconnectMayChangeTheExpiry) {
  Peer& a = connect(Version::v5, "a", false);
  Disconnect bye;
  bye.properties.add(PropertyId::session_expiry_interval, 10u);
  say(a, bye);
  advance(10s);
  EXPECT_EQ(broker().census().sessions, 0u);

  Peer& b = connect(Version::v5, "b", false);
  Disconnect forget;
  forget.properties.add(PropertyId::session_expiry_interval, 0u);
  say(b, forget);
  EXPECT_EQ(broker().census().sessions, 0u);
}

TEST_F(BrokerConnect, AnExpiryOfZeroStaysZero) {
  Peer& a = connect(Version::v5, "a");
  Disconnect bye;
  bye.properties.add(PropertyId::session_expiry_interval, 10u);
  say(a, bye);
  expect_thrown_out(a, Rule::session_expiry_stays_zero, ReasonCode::protocol_error);
  EXPECT_EQ(broker().census().sessions, 0u);
}

TEST_F(BrokerConnect, TheGrantedExpiryIsCappedAndSaid) {
  settings.limits.session_expiry = 60s;
  Peer& a = connect(Version::v5, "a", false);
  EXPECT_EQ(a.conn_ack.properties.number(PropertyId::session_expiry_interval), 60u);
  cut(a);
  advance(60s);
  EXPECT_EQ(broker().census().sessions, 0u);
}

TEST_F(BrokerConnect, ConnAckStatesTheLimits) {
  Peer& a = connect(Version::v5, "a");
  const Properties& said = a.conn_ack.properties;
  EXPECT_EQ(said.number(PropertyId::receive_maximum), 64u);
  EXPECT_EQ(said.number(PropertyId::maximum_packet_size), 1024u * 1024u);
  EXPECT_EQ(said.number(PropertyId::topic_alias_maximum), 16u);
  EXPECT_EQ(said.number(PropertyId::session_expiry_interval), std::nullopt);
  EXPECT_EQ(said.text(PropertyId::response_information), nullptr);
}

TEST_F(BrokerConnect, ShutdownTellsEverybodyAndPublishesNoWill) {
  Connect said = hello(Version::v5, "a", false);
  said.will = Will{.topic = "gone", .payload = Bytes::copy("a")};
  Peer& a = connect(said);
  Peer& b = connect(Version::v3_1_1, "b", false);
  subscribe(b, "gone", qos1);
  handle(Shutdown{});
  EXPECT_EQ(expect<Disconnect>(a).reason, ReasonCode::server_shutting_down);
  expect_closed(a, Rule::none);
  expect_silence(b);
  expect_closed(b, Rule::none);
  EXPECT_EQ(notes_of(Note::What::will_published), 0u);
  EXPECT_EQ(store.sessions(), 2u);
}

// security.md, section 1: a length is announced, nothing is reserved, the link ends
TEST_F(BrokerConnect, APacketOverTheLimitBeforeConnectEndsTheLink) {
  Peer& a = open();
  say_bytes(a, {0x10, 0xFF, 0xFF, 0xFF, 0x7F});
  expect_closed(a, Rule::packet_fits_the_maximum);
}

TEST_F(BrokerConnect, PacketsUpToTheLimitAreTakenAndOneByteMoreIsNot) {
  settings.limits.packet_bytes = 200;
  Peer& a = connect(Version::v5, "a");
  Publish packet{.topic = "t"};
  packet.payload = Bytes::copy(std::string(200 - encoded_bytes(packet, Version::v5) - 1, 'x'));
  ASSERT_EQ(encoded_bytes(packet, Version::v5), 200u);
  say(a, packet);
  expect_open(a);
  packet.payload = Bytes::copy(std::string(packet.payload.size() + 1, 'x'));
  say(a, packet);
  expect_thrown_out(a, Rule::packet_fits_the_maximum, ReasonCode::packet_too_large);
}

TEST_F(BrokerConnect, AnUnknownProtocolNameIsNotAnswered) {
  Peer& a = open(Version::v3_1_1);
  say_bytes(a, {0x10, 13, 0, 4, 'M', 'Q', 'T', 'X', 4, 2, 0, 0, 0, 1, 'x'});
  expect_silence(a);
  expect_closed(a, Rule::protocol_name_is_mqtt);
}

// v5 MQTT-3.1.2-24: no packet at all is larger than the client takes
TEST_F(BrokerConnect, AnAnswerThatTheClientCannotTakeEndsTheLink) {
  Connect said = hello(Version::v5, "");
  said.properties.add(PropertyId::maximum_packet_size, 20u);
  Peer& a = open();
  say(a, said);
  expect_silence(a);
  expect_closed(a, Rule::packet_fits_the_maximum);
  EXPECT_EQ(broker().census().sessions, 0u);

  said.client_id = "b";
  Peer& b = connect(said);
  Subscribe many{.packet_id = PacketId{1}};
  for (int i = 0; i < 16; ++i) many.entries.push_back({"t" + std::to_string(i), {}});
  say(b, many);
  expect_thrown_out(b, Rule::packet_fits_the_maximum, ReasonCode::packet_too_large);
}

// Every kind of packet in every phase: what is not in the table is refused or harmless.
TEST_F(BrokerConnect, TheTableSaysWhatMayComeWhen) {
  for (int k = 1; k <= 15; ++k) {
    const Kind kind{static_cast<std::uint8_t>(k)};
    EXPECT_EQ(broken_by(Phase::fresh, kind) == Rule::none, kind == Kind::connect);
    EXPECT_NE(broken_by(Phase::closing, kind), Rule::none);
  }
  EXPECT_EQ(broken_by(Phase::connected, Kind::connect), Rule::connect_comes_once);
  EXPECT_EQ(broken_by(Phase::connected, Kind::ping_resp), Rule::packet_goes_this_way);
  EXPECT_EQ(broken_by(Phase::connected, Kind::publish), Rule::none);
}

}  // namespace
}  // namespace mq::broker
