// Who is let in, as whom, and whose a session is (both standards, 3.1.4; 5.0, 4.12).
#include "broker/core/broker_fixture.h"
#include "broker/core/legality.h"

namespace mq::broker {
namespace {

using Verdict = Authenticated::Verdict;

class Users : public BrokerVersions {
 protected:
  void SetUp() override { settings.access.verifies_passwords = true; }

  Connect as(const std::string& user, const std::string& id, bool clean = true,
             const std::string& password = "secret") {
    Connect connect = hello(v(), id, clean);
    connect.user_name = user;
    connect.password = Bytes::copy(password);
    return connect;
  }
  // Everybody with the password "secret" is who it says.
  void know_secret() {
    verifier = [](const Authenticate& asked) {
      const bool right = asked.password.text() == "secret";
      return Authenticated{.verdict = right ? Verdict::accepted : Verdict::denied,
                           .user = asked.user};
    };
  }
  // A link that may be anonymous or not, with an identity or none.
  Peer& open_at(LinkUp up) {
    Peer& peer = open(v());
    handle(LinkDown{peer.link});
    up.link = peer.link;
    handle(up);
    return peer;
  }
  void expect_refused(Peer& peer, ReasonCode v5, ReasonCode v3) {
    EXPECT_EQ(expect<ConnAck>(peer).reason, v() == Version::v5 ? v5 : v3);
    EXPECT_TRUE(peer.closed);
    expect_silence(peer);
  }
  void expect_not_authorized(Peer& peer) {
    expect_refused(peer, ReasonCode::not_authorized, connect_return::not_authorized);
  }
  void answer(Peer& peer, Verdict verdict, const std::string& user) {
    handle(Authenticated{.link = peer.link, .verdict = verdict, .user = user});
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Users,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

TEST_P(Users, AUserWithTheRightPasswordIsLetIn) {
  know_secret();
  connect(as("ann", "a"));
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].user, "ann");
  EXPECT_EQ(questions[0].method, "");
}

TEST_P(Users, AWrongPasswordIsRefused) {
  know_secret();
  Peer& a = open(v());
  say(a, as("ann", "a", true, "wrong"));
  expect_refused(a, ReasonCode::bad_user_name_or_password,
                 connect_return::bad_user_name_or_password);
  EXPECT_EQ(broker().census().sessions, 0u);
}

TEST_P(Users, NobodyIsAnonymousWhereThatIsNotAllowed) {
  Peer& a = open_at({.anonymous_allowed = false});
  say(a, hello(v(), "a"));
  expect_not_authorized(a);
  EXPECT_TRUE(questions.empty());
}

TEST_P(Users, AUserNameThatNobodyVerifiesIsNoUser) {
  settings.access.verifies_passwords = false;
  Peer& a = open_at({.anonymous_allowed = false});
  say(a, as("ann", "a"));
  expect_not_authorized(a);
  Peer& victim = connect(as("ann", "b"));  // where anonymous clients are allowed
  Peer& other = connect(as("bob", "b"));
  EXPECT_TRUE(victim.closed);
  expect_open(other);
}

// What comes behind a CONNECT is not acted on before its sender is known.
TEST_P(Users, PacketsBehindConnectWaitForTheVerdict) {
  Peer& watcher = connect(v() == Version::v5 ? Version::v3_1_1 : v(), "w");
  subscribe(watcher, "t");
  Peer& a = open(v());
  say(a, as("ann", "a"));
  publish(a, "t", "early");
  expect_silence(watcher);
  expect_silence(a);
  answer(a, Verdict::accepted, "ann");
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::success);
  expect_publish(watcher, "t", "early");
}

TEST_P(Users, PacketsBehindARefusedConnectAreNotLookedAt) {
  Peer& watcher = connect(v(), "w");
  subscribe(watcher, "t");
  Peer& a = open(v());
  say(a, as("ann", "a"));
  publish(a, "t", "early");
  answer(a, Verdict::denied, "");
  expect_refused(a, ReasonCode::bad_user_name_or_password,
                 connect_return::bad_user_name_or_password);
  expect_silence(watcher);
}

TEST_P(Users, WhatWaitsForTheVerdictIsBounded) {
  settings.limits.packet_bytes_before_connect = 200;
  Peer& a = open(v());
  say(a, as("ann", "a"));
  for (int i = 0; i < 20; ++i) handle(BytesIn{a.link, std::vector<std::byte>(10)});
  expect_open(a);  // 200 bytes
  handle(BytesIn{a.link, std::vector<std::byte>(1)});
  EXPECT_TRUE(a.closed);
}

TEST_P(Users, TheVerdictComesInTimeOrTheServerIsBusy) {
  Peer& a = open(v());
  say(a, as("ann", "a"));
  advance(settings.limits.connect_timeout - 1ns);
  expect_open(a);
  advance(1ns);
  expect_refused(a, ReasonCode::server_busy, connect_return::server_unavailable);
  answer(a, Verdict::accepted, "ann");  // too late, and harmless
  expect_silence(a);
  EXPECT_EQ(broker().census().sessions, 0u);
}

TEST_P(Users, AVerdictForALinkThatIsGoneIsHarmless) {
  Peer& a = open(v());
  say(a, as("ann", "a"));
  cut(a);
  answer(a, Verdict::accepted, "ann");
  EXPECT_EQ(broker().census().sessions, 0u);
}

// security.md, section 4: at most so many at once; a line behind them, and an end of the line.
TEST_P(Users, VerificationsAreLimited) {
  settings.limits.verifications = 2;
  settings.limits.verifications_waiting = 1;
  std::vector<Peer*> peers;
  for (int i = 0; i < 4; ++i) {
    peers.push_back(&open(v()));
    say(*peers.back(), as("ann", "client" + std::to_string(i)));
  }
  EXPECT_EQ(questions.size(), 2u);
  expect_open(*peers[2]);
  expect_refused(*peers[3], ReasonCode::server_busy, connect_return::server_unavailable);
  // One that leaves while it is verified keeps its place: the work goes on.
  cut(*peers[0]);
  EXPECT_EQ(questions.size(), 2u);
  answer(*peers[0], Verdict::accepted, "ann");
  ASSERT_EQ(questions.size(), 3u);
  answer(*peers[2], Verdict::accepted, "ann");
  EXPECT_EQ(expect<ConnAck>(*peers[2]).reason, ReasonCode::success);
}

TEST_P(Users, OneThatLeavesTheLineMakesPlaceInIt) {
  settings.limits.verifications = 1;
  settings.limits.verifications_waiting = 1;
  Peer& first = open(v());
  say(first, as("ann", "1"));
  Peer& second = open(v());
  say(second, as("ann", "2"));
  cut(second);
  Peer& third = open(v());
  say(third, as("ann", "3"));
  expect_open(third);
  answer(first, Verdict::accepted, "ann");
  ASSERT_EQ(questions.size(), 2u);
  answer(third, Verdict::accepted, "ann");
  EXPECT_EQ(expect<ConnAck>(third).reason, ReasonCode::success);
}

// mosquitto #3551 to #3553: the client id alone gives nobody another user's session.
TEST_P(Users, AnotherUserGetsNeitherSessionNorConnection) {
  know_secret();
  Peer& victim = connect(as("ann", "a", false));
  subscribe(victim, "t", qos1);
  for (const bool clean : {true, false}) {
    Peer& thief = open(v());
    say(thief, as("bob", "a", clean));
    expect_not_authorized(thief);
  }
  Peer& nobody = open(v());
  say(nobody, hello(v(), "a"));
  expect_not_authorized(nobody);
  expect_open(victim);
  publish(victim, "t", "still here", qos0);
  expect_publish(victim, "t", "still here");

  cut(victim);
  Peer& publisher = connect(as("bob", "p"));
  publish(publisher, "t", "queued", qos1, 1);
  expect<PubAck>(publisher);
  Peer& late = open(v());
  say(late, as("bob", "a", true));
  expect_not_authorized(late);
  Peer& back = connect(as("ann", "a", false));
  expect_publish(back, "t", "queued");
}

TEST_P(Users, ASessionBelongsToItsUserAfterARestart) {
  know_secret();
  cut(connect(as("ann", "a", false)));
  crash_and_restart();
  Peer& thief = open(v());
  say(thief, as("bob", "a"));
  expect_not_authorized(thief);
  EXPECT_EQ(connect(as("ann", "a", false)).conn_ack.session_present, v() != Version::v3_1);
}

// Sessions from before there were users; whether there may still be clients without one is the
// operator's to know.
TEST_P(Users, ASessionOfNobodyIsAdoptedOnlyIfTheOperatorSaysSo) {
  know_secret();
  cut(connect(hello(v(), "a", false)));
  Peer& early = open(v());
  say(early, as("ann", "a", false));
  expect_not_authorized(early);
  AccessPolicy access = settings.access;
  access.adopts_sessions = true;
  handle(AccessChanged{access, {}});
  cut(connect(as("ann", "a", false)));
  Peer& thief = open(v());
  say(thief, as("bob", "a", false));
  expect_not_authorized(thief);
}

TEST_P(Users, ACertificateIsEnough) {
  Peer& a = open_at({.anonymous_allowed = false, .identity = "ann"});
  say(a, hello(v(), "a", false));
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::success);
  EXPECT_TRUE(questions.empty());
  cut(a);
  Peer& thief = open_at({.anonymous_allowed = false, .identity = "bob"});
  say(thief, hello(v(), "a", false));
  expect_not_authorized(thief);
}

TEST_P(Users, AnIdentityThatIsNoTextIsNobody) {
  for (const char* identity : {"", "\xff", "a\xed\xa0\x80"}) {
    Peer& a = open_at({.identity = identity});
    say(a, hello(v(), "a"));
    expect_not_authorized(a);
  }
}

TEST_P(Users, ChangedUsersLoseTheirLinksAndKeepTheirSessions) {
  know_secret();
  Peer& ann = connect(as("ann", "a", false));
  Peer& bob = connect(as("bob", "b", false));
  handle(AccessChanged{settings.access, {{.name = "ann"}, {.name = "unknown"}}});
  expect_thrown_out(ann, Rule::client_is_authorized, ReasonCode::not_authorized);
  expect_open(bob);
  EXPECT_EQ(broker().census().sessions, 2u);
}

// ---- Enhanced authentication (5.0, 4.12) ------------------------------------------------------

class EnhancedAuthentication : public BrokerTest {
 protected:
  void SetUp() override { settings.access.methods = {"M"}; }

  static Properties naming(const std::string& method, const std::string& data = {}) {
    Properties properties;
    properties.add(PropertyId::authentication_method, method);
    if (!data.empty()) properties.add(PropertyId::authentication_data, Bytes::copy(data));
    return properties;
  }
  Peer& begin(const std::string& method = "M") {
    Peer& peer = open();
    Connect connect = hello(Version::v5, "a");
    const Properties named = naming(method, "first");
    for (const Property& property : named.all())
      connect.properties.add(property.id, property.value);
    say(peer, connect);
    return peer;
  }
  void answer(Peer& peer, Verdict verdict, const std::string& data, const std::string& user = "") {
    handle(Authenticated{peer.link, verdict, user, Bytes::copy(data)});
  }
  void auth(Peer& peer, ReasonCode reason, const std::string& data,
            const std::string& method = "M") {
    say(peer, Auth{reason, naming(method, data)});
  }
  static std::string data_of(const Properties& properties) {
    const Bytes* data = properties.binary(PropertyId::authentication_data);
    return data != nullptr ? std::string(data->text()) : "";
  }
  Peer& let_in() {
    Peer& peer = begin();
    answer(peer, Verdict::accepted, "welcome", "ann");
    EXPECT_EQ(expect<ConnAck>(peer).reason, ReasonCode::success);
    return peer;
  }
};

// v5 MQTT-4.12.0-1, -2, -3, -5
TEST_F(EnhancedAuthentication, GoesBackAndForthUntilConnack) {
  Peer& a = begin();
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].method, "M");
  EXPECT_EQ(questions[0].data.text(), "first");
  EXPECT_TRUE(questions[0].begins);
  answer(a, Verdict::more, "challenge");
  const Auth challenge = expect<Auth>(a);
  EXPECT_EQ(challenge.reason, ReasonCode::continue_authentication);
  EXPECT_EQ(*challenge.properties.text(PropertyId::authentication_method), "M");
  EXPECT_EQ(data_of(challenge.properties), "challenge");
  auth(a, ReasonCode::continue_authentication, "response");
  ASSERT_EQ(questions.size(), 2u);
  EXPECT_EQ(questions[1].data.text(), "response");
  EXPECT_FALSE(questions[1].begins);
  answer(a, Verdict::accepted, "welcome", "ann");
  const ConnAck ack = expect<ConnAck>(a);
  EXPECT_EQ(ack.reason, ReasonCode::success);
  EXPECT_EQ(*ack.properties.text(PropertyId::authentication_method), "M");
  EXPECT_EQ(data_of(ack.properties), "welcome");
}

// v5 MQTT-4.12.0-1: a method that is not known
TEST_F(EnhancedAuthentication, AnUnknownMethodIsRefused) {
  Peer& a = begin("X");
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::bad_authentication_method);
  EXPECT_TRUE(a.closed);
  EXPECT_TRUE(questions.empty());
}

// v5 MQTT-4.12.0-4
TEST_F(EnhancedAuthentication, AFailureIsSaidInConnack) {
  Peer& a = begin();
  answer(a, Verdict::denied, "");
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::not_authorized);
  EXPECT_TRUE(a.closed);
}

// v5 MQTT-3.1.2-30
TEST_F(EnhancedAuthentication, NothingElseComesBeforeConnack) {
  Peer& a = begin();
  answer(a, Verdict::more, "challenge");
  expect<Auth>(a);
  publish(a, "t", "early");
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::protocol_error);
  expect_closed(a, Rule::authentication_comes_first);
}

TEST_F(EnhancedAuthentication, AClientMayGiveUp) {
  Peer& a = begin();
  answer(a, Verdict::more, "challenge");
  expect<Auth>(a);
  say(a, Disconnect{});
  expect_silence(a);
  expect_closed(a, Rule::none);
}

// v5 MQTT-4.12.0-5, MQTT-4.12.1-1: the method stays the same.
TEST_F(EnhancedAuthentication, AnotherMethodEndsTheLink) {
  Peer& a = begin();
  answer(a, Verdict::more, "challenge");
  expect<Auth>(a);
  auth(a, ReasonCode::continue_authentication, "response", "N");
  EXPECT_EQ(expect<ConnAck>(a).reason, ReasonCode::protocol_error);
  expect_closed(a, Rule::auth_needs_a_method);
  Peer& b = let_in();
  auth(b, ReasonCode::re_authenticate, "again", "N");
  expect_thrown_out(b, Rule::auth_needs_a_method, ReasonCode::protocol_error);
}

// v5 MQTT-4.12.0-7
TEST_F(EnhancedAuthentication, AuthWithoutAMethodInConnectEndsTheLink) {
  Peer& a = connect(Version::v5, "a");
  auth(a, ReasonCode::re_authenticate, "again");
  expect_thrown_out(a, Rule::auth_needs_a_method, ReasonCode::protocol_error);
}

TEST_F(EnhancedAuthentication, AuthOutOfTurnEndsTheLink) {
  Peer& a = begin();
  answer(a, Verdict::more, "challenge");
  expect<Auth>(a);
  auth(a, ReasonCode::re_authenticate, "not yet");
  expect_closed(a, Rule::auth_comes_in_turn);
  Peer& b = let_in();
  auth(b, ReasonCode::continue_authentication, "nobody asked");
  expect_closed(b, Rule::auth_comes_in_turn);
  Peer& c = let_in();
  auth(c, ReasonCode::re_authenticate, "once");
  auth(c, ReasonCode::re_authenticate, "twice");
  expect_closed(c, Rule::auth_comes_in_turn);
}

// v5 MQTT-4.12.1-1
TEST_F(EnhancedAuthentication, AClientAuthenticatesAgainWhileItWorks) {
  Peer& a = let_in();
  auth(a, ReasonCode::re_authenticate, "again");
  EXPECT_TRUE(questions.back().begins);
  subscribe(a, "t");
  publish(a, "t", "meanwhile");
  expect_publish(a, "t", "meanwhile");
  answer(a, Verdict::more, "challenge");
  EXPECT_EQ(expect<Auth>(a).reason, ReasonCode::continue_authentication);
  auth(a, ReasonCode::continue_authentication, "response");
  EXPECT_FALSE(questions.back().begins);
  answer(a, Verdict::accepted, "welcome", "ann");
  const Auth done = expect<Auth>(a);
  EXPECT_EQ(done.reason, ReasonCode::success);
  EXPECT_EQ(data_of(done.properties), "welcome");
  expect_open(a);
}

// v5 MQTT-4.12.1-2
TEST_F(EnhancedAuthentication, WhoFailsToDoSoIsThrownOut) {
  Peer& a = let_in();
  auth(a, ReasonCode::re_authenticate, "again");
  answer(a, Verdict::denied, "");
  expect_thrown_out(a, Rule::client_is_authorized, ReasonCode::not_authorized);
}

TEST_F(EnhancedAuthentication, AuthenticatingAgainMakesNobodyAnotherUser) {
  Peer& a = let_in();
  auth(a, ReasonCode::re_authenticate, "again");
  answer(a, Verdict::accepted, "welcome", "bob");
  expect_thrown_out(a, Rule::client_is_authorized, ReasonCode::not_authorized);
}

TEST_F(EnhancedAuthentication, SilenceInTheMiddleEndsTheLink) {
  Peer& a = begin();
  answer(a, Verdict::more, "challenge");
  expect<Auth>(a);
  advance(settings.limits.connect_timeout);
  expect_silence(a);
  expect_closed(a, Rule::connect_arrives_in_time);
}

// The method needs no slow hashing of ours, so a flood of passwords does not keep it out.
TEST_F(EnhancedAuthentication, DoesNotStandInLineBehindPasswords) {
  settings.access.verifies_passwords = true;
  settings.limits.verifications = 1;
  settings.limits.verifications_waiting = 0;
  Peer& busy = open();
  Connect connect = hello(Version::v5, "b");
  connect.user_name = "bob";
  say(busy, connect);
  let_in();
}

}  // namespace
}  // namespace mq::broker
