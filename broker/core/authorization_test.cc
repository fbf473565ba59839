// Who may do what, at every place where it counts (security.md, sections 1 and 4).
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

using Grant = AccessRules::Grant;

class Rights : public BrokerVersions {
 protected:
  void SetUp() override {
    settings.access.verifies_passwords = true;
    verifier = [](const Authenticate& asked) {
      return Authenticated{.verdict = Authenticated::Verdict::accepted, .user = asked.user};
    };
    settings.access.rules.emplace();
    allow("pub", Grant::write, "#");
    allow("sub", Grant::read, "#");
  }
  void allow(const std::string& user, Grant grant, const std::string& filter) {
    settings.access.rules->add(user, grant, filter);
  }
  // The rules that are in `settings` now.
  void change_rules() { handle(AccessChanged{settings.access, {}}); }

  Connect as(const std::string& user, bool clean = true) {
    Connect connect = hello(v(), user, clean);
    connect.user_name = user;
    connect.password = Bytes::copy("secret");
    return connect;
  }
  ReasonCode subscribing(Peer& peer, const std::string& filter, Qos qos = qos1) {
    return subscribe(peer, filter, qos).reasons.at(0);
  }
  ReasonCode denied() const {
    return v() == Version::v5 ? ReasonCode::not_authorized : ReasonCode::unspecified_error;
  }
  // 5.0 hears of it, the others hear a plain acknowledgement.
  void expect_denied_publish(Peer& peer, const std::string& topic, bool retain = false) {
    publish(peer, topic, "x", qos0, 0, retain);
    publish(peer, topic, "x", qos1, 1, retain);
    publish(peer, topic, "x", qos2, 2, retain);
    const auto reason = v() == Version::v5 ? ReasonCode::not_authorized : ReasonCode::success;
    EXPECT_EQ(expect<PubAck>(peer).reason, reason);
    EXPECT_EQ(expect<PubRec>(peer).reason, reason);
    expect_open(peer);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Rights,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

// background.txt: only the sensor on site may publish f2/kuehltheke/temp.
TEST_P(Rights, OnlyWhoMayWritesATopic) {
  allow("sensor", Grant::write, "f2/kuehltheke/temp");
  Peer& watcher = connect(as("sub"));
  subscribing(watcher, "#");
  Peer& other = connect(as("other"));
  expect_denied_publish(other, "f2/kuehltheke/temp");
  expect_silence(watcher);
  EXPECT_EQ(broker().census().dropped_messages, 3u);
  Peer& sensor = connect(as("sensor"));
  publish(sensor, "f2/kuehltheke/temp", "4.5");
  expect_publish(watcher, "f2/kuehltheke/temp", "4.5");
  expect_denied_publish(sensor, "f2/kuehltheke/state");
}

TEST_P(Rights, ADeniedPublishClosesAnOldClientIfTheOperatorSaysSo) {
  settings.access.closes_on_denied_publish = true;
  Peer& other = connect(as("other"));
  publish(other, "t", "x", qos1, 1);
  if (v() == Version::v5)
    EXPECT_EQ(expect<PubAck>(other).reason, ReasonCode::not_authorized);
  else
    expect_closed(other, Rule::client_is_authorized);
}

TEST_P(Rights, EmptyRulesAllowNothing) {
  settings.access.rules.emplace();
  Peer& a = connect(as("pub"));
  expect_denied_publish(a, "t");
  EXPECT_EQ(subscribing(a, "t"), denied());
}

TEST_P(Rights, ADeniedMessageIsNotRetained) {
  Peer& other = connect(as("other"));
  expect_denied_publish(other, "t", true);
  EXPECT_EQ(broker().census().retained, 0u);
}

// mochi #46 and others: a refused subscription gets nothing, retained or not, shared or not.
TEST_P(Rights, ARefusedSubscriptionGetsNothing) {
  allow("ann", Grant::read, "mine/#");
  Peer& publisher = connect(as("pub"));
  publish(publisher, "t", "kept", qos0, 0, true);
  Peer& ann = connect(as("ann"));
  EXPECT_EQ(subscribing(ann, "t"), denied());
  EXPECT_EQ(subscribing(ann, "t/+"), denied());
  if (v() == Version::v5) {
    EXPECT_EQ(subscribing(ann, "$share/g/t"), denied());
  }
  publish(publisher, "t", "x");
  expect_silence(ann);
  EXPECT_EQ(broker().census().subscriptions, 0u);
}

TEST_P(Rights, AWideSubscriptionGetsWhatMayBeRead) {
  allow("ann", Grant::read, "mine/#");
  allow("ann", Grant::deny, "mine/secret");
  Peer& publisher = connect(as("pub"));
  publish(publisher, "mine/a", "kept", qos0, 0, true);
  publish(publisher, "mine/secret", "kept", qos0, 0, true);
  publish(publisher, "other", "kept", qos0, 0, true);
  Peer& ann = connect(as("ann"));
  EXPECT_EQ(subscribing(ann, "#", qos0), ReasonCode::success);
  expect_publish(ann, "mine/a", "kept");
  expect_silence(ann);
  publish(publisher, "other", "x", qos0);
  publish(publisher, "mine/secret", "x", qos0);
  publish(publisher, "mine/b", "x", qos0);
  expect_publish(ann, "mine/b", "x");
  expect_silence(ann);
}

TEST_P(Rights, StrictlyAWideSubscriptionIsRefused) {
  settings.access.strict_subscriptions = true;
  allow("ann", Grant::read, "mine/#");
  Peer& ann = connect(as("ann"));
  EXPECT_EQ(subscribing(ann, "#"), denied());
  EXPECT_EQ(subscribing(ann, "mine/+", qos1), ReasonCode::granted_qos_1);
}

TEST_F(BrokerTest, ASharedMessageGoesToAMemberThatMayReadIt) {
  settings.access.rules.emplace();
  auto& rules = *settings.access.rules;
  rules.add("", Grant::write, "#");
  rules.add_pattern(Grant::read, "%c/#");
  rules.add_pattern(Grant::read, "all");
  Peer& a = connect(Version::v5, "a");
  Peer& b = connect(Version::v5, "b");
  subscribe(a, "$share/g/#");
  subscribe(b, "$share/g/#");
  Peer& p = connect(Version::v5, "p");
  for (int i = 0; i < 3; ++i) publish(p, "b/t", "x");
  for (int i = 0; i < 3; ++i) expect_publish(b, "b/t", "x");
  expect_silence(a);
  publish(p, "c/t", "x", qos1, 1);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::no_matching_subscribers);
}

// aedes, EMQX #8978, mochi #503: a will is a PUBLISH.
TEST_P(Rights, AWillToADeniedTopicIsRefusedAtConnect) {
  allow("ann", Grant::write, "mine");
  Connect connect = as("ann");
  connect.will = Will{.topic = "t", .payload = Bytes::copy("gone")};
  Peer& a = open(v());
  say(a, connect);
  EXPECT_EQ(expect<ConnAck>(a).reason,
            v() == Version::v5 ? ReasonCode::not_authorized : connect_return::not_authorized);
  EXPECT_TRUE(a.closed);
  connect.will->topic = "mine";
  BrokerTest::connect(connect);
}

TEST_P(Rights, AWillWhoseRightWasTakenIsNotPublished) {
  Peer& watcher = connect(as("sub"));
  subscribing(watcher, "#");
  Connect connect = as("pub");
  connect.will = Will{.topic = "t", .payload = Bytes::copy("gone")};
  Peer& a = BrokerTest::connect(connect);
  allow("pub", Grant::deny, "t");
  change_rules();
  cut(a);
  expect_silence(watcher);
  EXPECT_EQ(notes_of(Note::What::will_published), 0u);
}

TEST_F(BrokerTest, AWillOfABrokerThatDiedNeedsItsRightToo) {
  settings.access.rules.emplace();
  settings.access.rules->add("", Grant::read_and_write, "#");
  Connect connect = hello(Version::v5, "a");
  connect.will = Will{.topic = "t", .payload = Bytes::copy("gone"), .retain = true};
  BrokerTest::connect(connect);
  settings.access.rules.emplace();
  crash_and_restart();
  EXPECT_EQ(broker().census().retained, 0u);
}

// CVE-2018-12546: a retained message needs its author's right when it is handed on.
TEST_P(Rights, ARetainedMessageNeedsItsAuthorsRight) {
  Peer& publisher = connect(as("pub"));
  publish(publisher, "t", "kept", qos0, 0, true);
  allow("pub", Grant::deny, "t");
  crash_and_restart();  // who wrote it is known after a restart
  Peer& first = connect(as("sub"));
  subscribing(first, "#");
  expect_silence(first);
  settings.access.retained_needs_author = false;
  change_rules();
  Peer& second = connect(as("sub"));
  subscribing(second, "#");
  expect_publish(second, "t", "kept");
}

// mosq CVE-2021-34434, mochi #504: what is durable needs its right when it is used.
TEST_P(Rights, ADurableSubscriptionNeedsItsRightAfterARestart) {
  cut([&]() -> Peer& {
    Peer& peer = connect(as("sub", false));
    subscribing(peer, "#");
    return peer;
  }());
  allow("sub", Grant::deny, "t");
  crash_and_restart();
  Peer& publisher = connect(as("pub"));
  publish(publisher, "t", "denied", qos1, 1);
  publish(publisher, "u", "allowed", qos1, 2);
  Peer& back = connect(as("sub", false));
  expect_publish(back, "u", "allowed");
  expect_silence(back);
}

TEST_P(Rights, QueuedMessagesNeedTheRightWhenTheyAreSent) {
  Peer& subscriber = connect(as("sub", false));
  subscribing(subscriber, "#");
  cut(subscriber);
  Peer& publisher = connect(as("pub"));
  publish(publisher, "t", "queued", qos1, 1);
  publish(publisher, "u", "queued", qos1, 2);
  allow("sub", Grant::deny, "t");
  change_rules();
  Peer& back = connect(as("sub", false));
  expect_publish(back, "u", "queued");
  expect_silence(back);
  EXPECT_EQ(broker().census().queued_messages, 1u);
}

TEST_P(Rights, WhatWasSentOnAnEarlierLinkIsNotSentAgainWithoutTheRight) {
  Peer& subscriber = connect(as("sub", false));
  subscribing(subscriber, "#");
  Peer& publisher = connect(as("pub"));
  publish(publisher, "t", "sent", qos1, 1);
  expect_publish(subscriber, "t", "sent");
  cut(subscriber);
  allow("sub", Grant::deny, "t");
  change_rules();
  Peer& back = connect(as("sub", false));
  expect_silence(back);
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

TEST_P(Rights, RulesThatChangeCountAtOnceAndCanChangeBack) {
  Peer& subscriber = connect(as("sub"));
  subscribing(subscriber, "#", qos0);
  Peer& publisher = connect(as("pub"));
  const AccessRules before = *settings.access.rules;
  settings.access.rules.emplace();
  change_rules();
  publish(publisher, "t", "no right to write");
  allow("pub", Grant::write, "#");
  change_rules();
  publish(publisher, "t", "no right to read");
  expect_silence(subscriber);
  settings.access.rules = before;
  change_rules();
  publish(publisher, "t", "again");
  expect_publish(subscriber, "t", "again");
}

}  // namespace
}  // namespace mq::broker
