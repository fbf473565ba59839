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
  const LinkUp open_to_all{.origin = {.has_rules = false}};
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

class ListenersApart : public ListenerRules {
 protected:
  ListenersApart() {
    settings.access.verifies_passwords = true;
    settings.access.realms = {{"inside", {}}, {"outside", {}}};
    verifier = [](const Authenticate& asked) {
      const bool known = asked.password.text() == asked.realm;
      return Authenticated{
          .verdict = known ? Authenticated::Verdict::accepted : Authenticated::Verdict::denied,
          .user = known ? asked.user : ""};
    };
  }
  LinkUp at(const std::string& place) const {
    return {.anonymous_allowed = false, .origin = {.realm = place, .rules = place}};
  }
  Connect as(const std::string& user, const std::string& password, const std::string& id) const {
    Connect connect = hello(v(), id, false);
    connect.user_name = user;
    connect.password = Bytes::copy(password);
    return connect;
  }
  Peer& ann_at(const std::string& place, const std::string& id) {
    return connect_at(at(place), as("ann", place, id));
  }
  void have_rules() {
    settings.access.rule_sets["inside"].add("ann", Grant::read_and_write, "#");
    settings.access.rule_sets["outside"].add("ann", Grant::read_and_write, "public/#");
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, ListenersApart,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

TEST_P(ListenersApart, AUserIsLookedForWhereItComesIn) {
  ann_at("inside", "a");
  expect_refused(as("ann", "inside", "b"), ReasonCode::bad_user_name_or_password,
                 connect_return::bad_user_name_or_password, at("outside"));
}

// Over a restart, too, and for both of them.
TEST_P(ListenersApart, TheSameNameSomewhereElseIsSomebodyElse) {
  Peer& inside = ann_at("inside", "mine");
  const auto expect_kept_out = [&] {
    expect_refused(as("ann", "outside", "mine"), ReasonCode::not_authorized,
                   connect_return::not_authorized, at("outside"));
  };
  subscribe(inside, "t", qos1);
  expect_kept_out();
  expect_open(inside);
  cut(inside);
  expect_kept_out();
  crash_and_restart();
  expect_kept_out();
  publish(ann_at("inside", "other"), "t", "kept", qos1, 1);
  expect_publish(ann_at("inside", "mine"), "t", "kept");
  // Once there is but one set of users, a name is a person again.
  settings.access.realms.clear();
  crash_and_restart();
  ann_at("outside", "mine");
}

// What was stored when there was one set of users does not say which that was.
TEST_P(ListenersApart, ASessionFromBeforeGoesToTheOnlySetOfUsersAndNotToOneOfSeveral) {
  const auto realms = std::exchange(settings.access.realms, {});
  crash_and_restart();
  connect_at(at(""), as("ann", "", "mine"));
  settings.access.realms = realms;
  crash_and_restart();
  expect_refused(as("ann", "inside", "mine"), ReasonCode::not_authorized,
                 connect_return::not_authorized, at("inside"));
  settings.access.realms.erase("outside");
  crash_and_restart();
  ann_at("inside", "mine");
}

TEST_P(ListenersApart, WhoeverHasNoUserIsNobodyEverywhere) {
  LinkUp inside = at("inside");
  LinkUp outside = at("outside");
  inside.anonymous_allowed = outside.anonymous_allowed = true;
  cut(connect_at(inside, hello(v(), "n", false)));
  connect_at(outside, hello(v(), "n", false));
}

TEST_P(ListenersApart, RulesAreThoseOfTheListener) {
  have_rules();
  Peer& inside = ann_at("inside", "i");
  Peer& outside = ann_at("outside", "o");
  subscribe(inside, "#", qos1);
  EXPECT_TRUE(failed(subscribe(outside, "secret", qos1).reasons.at(0)));
  subscribe(outside, "#", qos1);
  publish(inside, "secret", "1", qos0);
  expect_publish(inside, "secret", "1");
  publish(inside, "public/a", "2", qos0);
  expect_publish(inside, "public/a", "2");
  expect_publish(outside, "public/a", "2");
  publish(outside, "secret", "3", qos0);
  expect_silence(inside);
  Connect dying = as("ann", "outside", "w");
  dying.will = Will{.topic = "secret", .payload = Bytes::copy("w")};
  expect_refused(dying, ReasonCode::not_authorized, connect_return::not_authorized, at("outside"));
  // Of a listener whose rules are gone: nothing is allowed.
  EXPECT_TRUE(failed(subscribe(connect_at({.anonymous_allowed = false,
                                           .origin = {.realm = "inside", .rules = "gone"}},
                                          as("ann", "inside", "g")),
                               "public/a")
                         .reasons.at(0)));
}

// What waits for a session, what it left behind and its will go by the listener that it came by
// last, over a restart and under new rules.
TEST_P(ListenersApart, WhatIsKeptGoesByTheListenerThatWasUsedLast) {
  have_rules();
  settings.access.realms.clear();
  Peer& reader = ann_at("inside", "r");
  subscribe(reader, "#", qos1);
  cut(reader);
  Peer& writer = ann_at("inside", "w");
  publish(writer, "secret", "retained", qos1, 1, true);
  publish(writer, "public/a", "retained", qos1, 2, true);
  cut(ann_at("outside", "r"));
  crash_and_restart();
  publish(ann_at("inside", "w"), "secret", "not for it", qos1, 3);
  Peer& back = ann_at("outside", "r");
  ack(back, expect_publish(back, "public/a", "retained"));
  expect_silence(back);
  Peer& inside = ann_at("inside", "new");
  subscribe(inside, "secret", qos0);
  EXPECT_TRUE(expect_publish(inside, "secret", "retained").retain);
  // The author's right is asked for where the author was.
  settings.access.rule_sets["inside"] = {};
  settings.access.rule_sets["inside"].add("ann", Grant::read, "#");
  handle(AccessChanged{settings.access, {}});
  Peer& later = ann_at("inside", "later");
  subscribe(later, "secret", qos0);
  expect_silence(later);
}

TEST_P(ListenersApart, AWillGoesByTheListenerOfItsClient) {
  have_rules();
  const auto leave = [&](const std::string& id) {
    Connect dying = as("ann", "inside", id);
    dying.will = Will{.topic = "secret", .payload = Bytes::copy(id), .qos = qos1};
    return &connect_at(at("inside"), dying);
  };
  Peer& reader = ann_at("inside", "r");
  subscribe(reader, "#", qos1);
  cut(*leave("first"));
  ack(reader, expect_publish(reader, "secret", "first"));
  leave("second");
  crash_and_restart();
  Peer& again = ann_at("inside", "r");
  ack(again, expect_publish(again, "secret", "second"));
  Peer& third = *leave("third");
  settings.access.rule_sets["inside"] = {};
  settings.access.rule_sets["inside"].add("ann", Grant::read, "#");
  handle(AccessChanged{settings.access, {}});
  cut(third);
  expect_silence(again);
}

TEST_P(ListenersApart, OnlyWhoChangedIsThrownOut) {
  Peer& inside = ann_at("inside", "i");
  Peer& outside = ann_at("outside", "o");
  handle(AccessChanged{settings.access, {{.name = "ann", .realm = "outside"}}});
  EXPECT_TRUE(outside.closed);
  expect_open(inside);
}

class MethodsApart : public ListenersApart {};
INSTANTIATE_TEST_SUITE_P(V5, MethodsApart, ::testing::Values(Version::v5), version_name);

TEST_P(MethodsApart, AMethodIsOfferedWhereSomebodyCanUseIt) {
  settings.access.realms["inside"] = {"M"};
  Connect connect = hello(v(), "a");
  connect.properties.add(PropertyId::authentication_method, std::string("M"));
  expect_refused(connect, ReasonCode::bad_authentication_method, ReasonCode::success,
                 at("outside"));
  EXPECT_TRUE(questions.empty());
  open_at(at("inside"));
  say(open_at(at("inside")), connect);
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].realm, "inside");
}

TEST(StoredUsers, SayWhereAUserIsOneOnlyIfThereIsMoreThanItsName) {
  EXPECT_EQ(stored_user("ann", {}), "ann");
  EXPECT_EQ(stored_user("ann", {.has_rules = false}), std::string("\0ann", 4));
  EXPECT_EQ(stored_user("", {.realm = "users"}), "");
  for (const std::string realm : {"", "users"})
    for (const std::string rules : {"", "rules"})
      for (const bool has_rules : {false, true}) {
        const std::string text = stored_user("ann", {realm, rules, has_rules});
        const StoredUser read = read_stored_user(text);
        EXPECT_EQ(read.user, "ann");
        EXPECT_EQ(read.realm, realm);
        EXPECT_EQ(read.rules, has_rules ? rules : "");
        EXPECT_EQ(read.has_rules, has_rules);
        EXPECT_EQ(read_stored_user(stored_user("", {realm, rules, has_rules})).rules,
                  has_rules ? rules : "");
      }
  for (const std::string& cut : {std::string("\0\0", 2),
                                 std::string("\0\0"
                                             "1",
                                             3),
                                 std::string("\0\0"
                                             "1x",
                                             4)})
    EXPECT_EQ(read_stored_user(cut).user, "");
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
