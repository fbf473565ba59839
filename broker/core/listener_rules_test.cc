// What an operator decides for one listener, or for names: mount points, users and rules that count
// somewhere only, versions, client ids, sizes of payloads.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

using Grant = AccessRules::Grant;

class ListenerRules : public BrokerVersions {
 protected:
  Peer& open_at(LinkUp up) {
    Peer& peer = open(v());
    handle(LinkDown{peer.link});
    up.link = peer.link;
    handle(up);
    return peer;
  }
  Peer& connect_at(LinkUp up, const Connect& connect) {
    Peer& peer = open_at(std::move(up));
    say(peer, connect);
    EXPECT_EQ(expect<ConnAck>(peer).reason, ReasonCode::success);
    return peer;
  }
  Peer& below(const std::string& mount_point, const std::string& id, bool clean = true) {
    return connect_at({.mount_point = mount_point}, hello(v(), id, clean));
  }
  void expect_refused(const Connect& connect, ReasonCode v5, ReasonCode v3, LinkUp up = {}) {
    Peer& peer = open_at(std::move(up));
    say(peer, connect);
    EXPECT_EQ(expect<ConnAck>(peer).reason, v() == Version::v5 ? v5 : v3);
    EXPECT_TRUE(peer.closed);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ListenerRules,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

TEST_P(ListenerRules, AMountPointIsPutBeforeTopicsAndTakenOffAgain) {
  Peer& inside = below("site/", "in");
  Peer& outside = connect(v(), "out");
  subscribe(inside, "#", qos1);
  subscribe(outside, "site/a", qos1);
  publish(inside, "a", "from inside", qos1, 1);
  expect_publish(outside, "site/a", "from inside");
  expect_publish(inside, "a", "from inside");
  expect<PubAck>(inside);
  publish(outside, "site/b", "to the inside", qos0);
  expect_publish(inside, "b", "to the inside");
  publish(outside, "b", "elsewhere", qos0);
  publish(outside, "site/", "no topic would be left", qos0);
  expect_silence(inside);
  say(inside, Unsubscribe{.packet_id = PacketId{7}, .filters = {"#"}});
  EXPECT_EQ(expect<UnsubAck>(inside).packet_id, PacketId{7});
  publish(outside, "site/b", "x", qos0);
  expect_silence(inside);
}

TEST_P(ListenerRules, RetainedMessagesAndWillsAreMountedToo) {
  Connect hail = hello(v(), "in");
  hail.will = Will{.topic = "gone", .payload = Bytes::copy("w"), .qos = qos0, .retain = true};
  Peer& inside = connect_at({.mount_point = "site/"}, hail);
  cut(inside);
  Peer& outside = connect(v(), "out");
  subscribe(outside, "site/gone");
  EXPECT_TRUE(expect_publish(outside, "site/gone", "w").retain);
  Peer& again = below("site/", "in");
  subscribe(again, "+");
  EXPECT_TRUE(expect_publish(again, "gone", "w").retain);
  Peer& other = below("other/", "o");
  subscribe(other, "#");
  expect_silence(other);
}

// Messages of the same topic and shape go to both kinds of receivers in one turn.
TEST_P(ListenerRules, WhatIsEncodedForOthersIsNotSentToWhoIsMounted) {
  Peer& a = below("s/", "a");
  Peer& b = connect(v(), "b");
  Peer& c = below("s/t/", "c");
  Peer& from = connect(v(), "from");
  for (Peer* peer : {&a, &b, &c}) subscribe(*peer, peer == &b ? "s/t/x" : "#", qos2);
  for (const Qos qos : {qos0, qos1, qos2}) {
    publish(from, "s/t/x", "p", qos, qos == qos0 ? 0 : 5);
    ack(a, expect_publish(a, "t/x", "p"));
    ack(b, expect_publish(b, "s/t/x", "p"));
    ack(c, expect_publish(c, "x", "p"));
  }
}

TEST_P(ListenerRules, ASessionThatComesBackByAnotherListenerSeesNoMoreThanThere) {
  Peer& wide = connect(v(), "s", false);
  subscribe(wide, "#", qos1);
  cut(wide);
  Peer& other = connect(v(), "o");
  publish(other, "secret", "x", qos1, 1);
  publish(other, "site/a", "y", qos1, 2);
  Peer& narrow = below("site/", "s", false);
  ack(narrow, expect_publish(narrow, "a", "y"));
  expect_silence(narrow);
}

TEST_P(ListenerRules, TopicsAreMeasuredWithTheMountPoint) {
  settings.limits.topic_bytes = 10;
  Peer& inside = below("site/", "in");
  publish(inside, "12345", "x", qos0);
  expect_open(inside);
  Connect connect = hello(v(), "w");
  connect.will = Will{.topic = "123456"};
  expect_refused(connect, ReasonCode::topic_name_invalid, connect_return::not_authorized,
                 {.mount_point = "site/"});
  publish(inside, "123456", "x", qos0);
  EXPECT_TRUE(inside.closed);
}

class SharedAndMounted : public ListenerRules {};
INSTANTIATE_TEST_SUITE_P(V5, SharedAndMounted, ::testing::Values(Version::v5), version_name);

// v5 4.8.2: the mount point belongs behind the group. Aliases are of the topics that are seen.
TEST_P(SharedAndMounted, GroupsAndAliasesGoByTheTopicsThatAreSeen) {
  Connect connect = hello(v(), "in");
  connect.properties.add(PropertyId::topic_alias_maximum, 4u);
  Peer& inside = connect_at({.mount_point = "site/"}, connect);
  subscribe(inside, "$share/g/a", qos0);
  Properties alias;
  alias.add(PropertyId::topic_alias, 1u);
  publish(inside, "a", "1", qos0, 0, false, alias);
  publish(inside, "", "2", qos0, 0, false, alias);
  expect_publish(inside, "a", "1");
  const Publish second = expect<Publish>(inside);
  EXPECT_EQ(second.topic, "");
  EXPECT_EQ(second.properties.number(PropertyId::topic_alias), 1u);
  EXPECT_EQ(second.payload.text(), "2");
}

TEST_P(ListenerRules, UsersCountWhereTheyAreVerified) {
  settings.access.verifies_passwords = true;
  verifier = [](const Authenticate& asked) {
    return Authenticated{.verdict = Authenticated::Verdict::accepted, .user = asked.user};
  };
  Connect connect = hello(v(), "a");
  connect.user_name = "ann";
  connect.password = Bytes::copy("x");
  connect_at({}, connect);
  EXPECT_EQ(questions.size(), 1u);
  connect.client_id = "b";
  connect_at({.verifies_users = false}, connect);
  EXPECT_EQ(questions.size(), 1u);
  expect_refused(connect, ReasonCode::not_authorized, connect_return::not_authorized,
                 {.anonymous_allowed = false, .verifies_users = false});
}

// Also for what is kept: a retained message, a will, a session over a restart.
TEST_P(ListenerRules, RulesCountWhereTheListenerHasThem) {
  settings.access.rules.emplace();  // nothing is allowed
  const LinkUp open_to_all{.has_rules = false};
  Peer& free = connect_at(open_to_all, hello(v(), "free", false));
  EXPECT_FALSE(failed(subscribe(free, "#", qos1).reasons.at(0)));
  publish(free, "t", "kept", qos1, 1, true);
  expect_publish(free, "t", "kept");
  EXPECT_EQ(expect<PubAck>(free).reason, ReasonCode::success);
  Connect dying = hello(v(), "dying", false);
  dying.will = Will{.topic = "gone", .payload = Bytes::copy("w"), .qos = qos1};
  connect_at(open_to_all, dying);
  crash_and_restart();
  Peer& back = connect_at(open_to_all, hello(v(), "free", false));
  expect_publish(back, "t", "kept");
  expect_publish(back, "gone", "w");
  subscribe(back, "t", qos0);
  EXPECT_TRUE(expect_publish(back, "t", "kept").retain);
  Peer& ruled = connect_at({}, hello(v(), "ruled"));
  EXPECT_TRUE(failed(subscribe(ruled, "#", qos1).reasons.at(0)));
  cut(back);
  Peer& narrowed = connect_at({}, hello(v(), "free", false));
  publish(connect_at(open_to_all, hello(v(), "other")), "t", "not for it", qos0);
  while (!narrowed.inbox.empty()) EXPECT_NE(expect<Publish>(narrowed).payload.text(), "not for it");
}

TEST_P(ListenerRules, OnlyTheVersionsThatAreNamedAreLetIn) {
  settings.versions = {Version::v3_1_1};
  if (v() == Version::v3_1_1)
    connect(v(), "a");
  else
    expect_refused(hello(v(), "a"), ReasonCode::unsupported_protocol_version,
                   connect_return::unacceptable_protocol_version);
}

TEST_P(ListenerRules, IdsBeginAsTheyMust) {
  settings.client_id_prefixes = {"dev-", "ops-"};
  connect(v(), "dev-");
  connect(v(), "ops-1");
  expect_refused(hello(v(), "dev"), ReasonCode::client_identifier_not_valid,
                 connect_return::identifier_rejected);
  if (v() != Version::v3_1) connect(v(), "");  // ours
}

TEST_P(ListenerRules, AUserNameCanBeTheId) {
  settings.user_is_client_id = true;
  settings.access.verifies_passwords = true;
  verifier = [](const Authenticate& asked) {
    return Authenticated{.verdict = Authenticated::Verdict::accepted, .user = asked.user};
  };
  Connect first = hello(v(), "whatever");
  first.user_name = "ann";
  first.password = Bytes::copy("x");
  Peer& a = connect(first);
  first.client_id = v() == Version::v5 ? "" : "else";
  Peer& b = connect(first);
  EXPECT_TRUE(a.closed);  // taken over
  expect_open(b);
  if (v() == Version::v5) {
    EXPECT_EQ(*b.conn_ack.properties.text(PropertyId::assigned_client_identifier), "ann");
  }
  expect_refused(hello(v(), "x"), ReasonCode::not_authorized, connect_return::not_authorized);
}

TEST_P(ListenerRules, PayloadsOverTheLimitAreDroppedAndSaidWhereThereAreWords) {
  settings.limits.payload_bytes = 5;
  Peer& reader = connect(v(), "r");
  subscribe(reader, "t", qos0);
  Peer& a = connect(v(), "a");
  const auto refusal = v() == Version::v5 ? ReasonCode::quota_exceeded : ReasonCode::success;
  publish(a, "t", "12345", qos1, 1);
  EXPECT_FALSE(failed(expect<PubAck>(a).reason));
  expect_publish(reader, "t", "12345");
  publish(a, "t", "123456", qos0);
  publish(a, "t", "123456", qos1, 2);
  EXPECT_EQ(expect<PubAck>(a).reason, refusal);
  publish(a, "t", "123456", qos2, 3);
  EXPECT_EQ(expect<PubRec>(a).reason, refusal);
  expect_silence(reader);
  expect_open(a);
  EXPECT_EQ(broker().census().dropped_messages, 3u);
  Connect with_will = hello(v(), "w");
  with_will.will = Will{.topic = "t", .payload = Bytes::copy("123456")};
  Peer& w = open(v());
  say(w, with_will);
  EXPECT_TRUE(w.closed);
  if (v() == Version::v5) {
    EXPECT_EQ(expect<ConnAck>(w).reason, ReasonCode::packet_too_large);
  }
}

TEST_P(ListenerRules, SubscriptionsAreNotedIfTheyAreToBe) {
  Peer& quiet = connect(v(), "q");
  subscribe(quiet, "a");
  EXPECT_EQ(notes_of(Note::What::subscribed), 0u);
  settings.notes_subscriptions = true;
  crash_and_restart();
  Peer& a = connect(v(), "a");
  subscribe(a, "a/+", qos1);
  say(a, Unsubscribe{.packet_id = PacketId{7}, .filters = {"a/+"}});
  EXPECT_EQ(notes_of(Note::What::subscribed), 1u);
  EXPECT_EQ(notes_of(Note::What::unsubscribed), 1u);
  EXPECT_EQ(notes.back().filter, "a/+");
  EXPECT_EQ(notes.back().client_id, "a");
}

}  // namespace
}  // namespace mq::broker
