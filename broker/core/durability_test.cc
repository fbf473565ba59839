// What must be durable before what is said (design.md, section 2): nothing that was acknowledged
// is lost in a crash, and order is kept while something waits.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Durable : public BrokerVersions {
 protected:
  // A persistent subscriber that is away.
  void absent(const std::string& id, const std::string& filter) {
    Peer& s = connect(v(), id, false);
    subscribe(s, filter, qos2);
    cut(s);
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Durable, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);

TEST_P(Durable, ConnAckOfANewSessionWaits) {
  commits = false;
  Peer& a = open(v());
  say(a, hello(v(), "a", false));
  expect_silence(a);
  say(a, PingReq{});  // and what comes later waits behind it
  expect_silence(a);
  commit();
  expect<ConnAck>(a);
  expect<PingResp>(a);
}

TEST_P(Durable, ASessionWithoutExpiryNeedsNoRecords) {
  commits = false;
  Peer& a = connect(v(), "a");
  Peer& b = connect(v(), "b");
  subscribe(b, "t", qos2);
  publish(a, "t", "x", qos2, 1);
  expect<PubRec>(a);
  ack(b, expect_publish(b, "t", "x"));
  cut(a);
  cut(b);
  EXPECT_TRUE(records.empty());
}

TEST_P(Durable, WithoutRecordsNothingIsEmittedAndNothingWaits) {
  settings.keeps_records = false;
  commits = false;
  Connect said = hello(v(), "a", false);
  said.will = Will{.topic = "w"};
  Peer& a = connect(said);
  subscribe(a, "t", qos2);
  publish(a, "t", "x", qos2, 1, true);
  EXPECT_EQ(a.inbox.size(), 2u);
  cut(a);
  connect(v(), "a", true);
  EXPECT_TRUE(records.empty());
}

TEST_P(Durable, SubAckAndUnsubAckWait) {
  Peer& a = connect(v(), "a", false);
  commits = false;
  say(a, Subscribe{.packet_id = PacketId{1}, .entries = {{"t", {}}}});
  expect_silence(a);
  commit();
  expect<SubAck>(a);
  say(a, Unsubscribe{.packet_id = PacketId{1}, .filters = {"t"}});
  expect_silence(a);
  commit();
  expect<UnsubAck>(a);
}

TEST_P(Durable, PubAckWaitsForTheQueuesOfAbsentSessions) {
  absent("s", "t");
  Peer& p = connect(v(), "p");
  commits = false;
  publish(p, "t", "x", qos1, 1);
  expect_silence(p);
  say(p, PingReq{});
  expect_silence(p);
  commit();
  expect<PubAck>(p);
  expect<PingResp>(p);
}

TEST_P(Durable, PubAckWaitsForARetainedMessage) {
  Peer& p = connect(v(), "p");
  commits = false;
  publish(p, "t", "x", qos1, 1, true);
  expect_silence(p);
  commit();
  expect<PubAck>(p);
}

TEST_P(Durable, PubRecAndPubCompWaitForTheIdOfAPersistentPublisher) {
  Peer& p = connect(v(), "p", false);
  commits = false;
  publish(p, "t", "x", qos2, 1);
  publish(p, "t", "x", qos2, 1);  // the second answer waits with the first
  expect_silence(p);
  commit();
  expect<PubRec>(p);
  expect<PubRec>(p);
  say(p, PubRel{PacketId{1}});
  expect_silence(p);
  commit();
  expect<PubComp>(p);
}

TEST_P(Durable, ADeliveryToAPersistentSessionWaitsAndQosZeroBehindIt) {
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos1);
  Peer& clean = connect(v(), "clean");
  subscribe(clean, "t", qos1);
  Peer& p = connect(v(), "p");
  commits = false;
  publish(p, "t", "one", qos1, 1);
  publish(p, "t", "zero", qos0);
  expect_silence(s);
  expect_publish(clean, "t", "one");
  expect_publish(clean, "t", "zero");
  commit();
  expect_publish(s, "t", "one");
  expect_publish(s, "t", "zero");
}

// v5 MQTT-4.3.3-10, v3.1.1 MQTT-4.3.3-2: what comes again after a crash is no second message, also
// for those to whom the first one went without a record.
TEST_P(Durable, NoCopyOfAQosTwoMessageLeavesBeforeItsReceiptIsStored) {
  Peer& zero = connect(v(), "zero", false);
  subscribe(zero, "t", qos0);
  Peer& clean = connect(v(), "clean");
  subscribe(clean, "t", qos2);
  Peer& p = connect(v(), "p", false);
  commits = false;
  publish(p, "t", "lost", qos2, 1);
  expect_silence(zero);
  expect_silence(clean);
  commits = true;
  crash_and_restart();
  Peer& receiver = connect(v(), "zero", false);
  Peer& again = connect(v(), "p", false);
  commits = false;
  say(again, Publish{.topic = "t",
                     .packet_id = PacketId{1},
                     .qos = qos2,
                     .dup = true,
                     .payload = Bytes::copy("lost")});
  expect_silence(receiver);
  commit();
  expect_publish(receiver, "t", "lost");
  expect<PubRec>(again);
  commits = true;
  crash_and_restart();
  Peer& later = connect(v(), "zero", false);
  Peer& third = connect(v(), "p", false);
  say(third, Publish{.topic = "t",
                     .packet_id = PacketId{1},
                     .qos = qos2,
                     .dup = true,
                     .payload = Bytes::copy("lost")});
  expect<PubRec>(third);
  expect_silence(later);
}

// A publisher whose session ends with its link has no message to send again.
TEST_P(Durable, CopiesOfAQosTwoMessageOfAFleetingPublisherWaitForNothing) {
  Peer& zero = connect(v(), "zero", false);
  subscribe(zero, "t", qos0);
  Peer& p = connect(v(), "p");
  commits = false;
  publish(p, "t", "x", qos2, 1);
  expect_publish(zero, "t", "x");
  expect<PubRec>(p);
}

TEST_P(Durable, ARefusedQosTwoMessageLeavesNoReceiptBehind) {
  settings.limits.queued_messages = 0;
  absent("s", "t");
  Peer& p = connect(v(), "p", false);
  publish(p, "t", "x", qos2, 1);
  if (v() == Version::v5) {
    EXPECT_EQ(expect<PubRec>(p).reason, ReasonCode::quota_exceeded);
  } else {
    expect_closed(p, Rule::limit_is_kept);
  }
  settings.limits.queued_messages = 10;
  crash_and_restart();
  Peer& again = connect(v(), "p", false);
  publish(again, "t", "x", qos2, 1);
  EXPECT_EQ(expect<PubRec>(again).reason, ReasonCode::success);
  expect_publish(connect(v(), "s", false), "t", "x");
}

TEST_P(Durable, PubRelWaitsForItsRecord) {
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos2);
  Peer& p = connect(v(), "p");
  publish(p, "t", "x", qos2, 1);
  const Publish got = expect<Publish>(s);
  commits = false;
  say(s, PubRec{got.packet_id});
  expect_silence(s);
  commit();
  expect<PubRel>(s);
}

TEST_P(Durable, AMessageThatGoesOutLaterIsMarkedBeforeItGoes) {
  settings.limits.inflight_messages = 1;
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos1);
  Peer& p = connect(v(), "p");
  publish(p, "t", "one", qos1, 1);
  publish(p, "t", "two", qos1, 2);
  const Publish one = expect_publish(s, "t", "one");
  commits = false;
  ack(s, one);
  expect_silence(s);  // "two" is not sent before its packet id is known to the store
  commit();
  const Publish two = expect_publish(s, "t", "two");
  commits = true;
  crash_and_restart();
  Peer& back = connect(v(), "s", false);
  const Publish again = expect_publish(back, "t", "two");
  EXPECT_TRUE(again.dup);
  EXPECT_EQ(again.packet_id, two.packet_id);
  expect_silence(back);
}

TEST_P(Durable, TheEndOfALinkWaitsForWhatItWasPromised) {
  absent("s", "t");
  Peer& p = connect(v(), "p");
  commits = false;
  publish(p, "t", "x", qos1, 1);
  say(p, Disconnect{});
  expect_open(p);
  commit();
  expect<PubAck>(p);
  expect_closed(p, Rule::none);
}

TEST_P(Durable, WhatIsHeldForALostLinkIsForgotten) {
  absent("s", "t");
  Peer& p = connect(v(), "p");
  commits = false;
  publish(p, "t", "x", qos1, 1);
  cut(p);
  commit();
  expect_silence(p);
}

// v5 MQTT-3.3.1-1: what never left is no repetition.
TEST_P(Durable, WhatWasHeldWhenTheLinkDiedGoesOutWithoutDup) {
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos1);
  Peer& p = connect(v(), "p");
  publish(p, "t", "sent", qos1, 1);
  expect<Publish>(s);
  commits = false;
  publish(p, "t", "held", qos1, 2);
  expect_silence(s);
  cut(s);
  commits = true;
  commit();
  Peer& again = connect(v(), "s", false);
  EXPECT_TRUE(expect_publish(again, "t", "sent").dup);
  EXPECT_FALSE(expect_publish(again, "t", "held").dup);
}

// Whoever acknowledges what was not sent yet has guessed its packet id, and gets it all the same.
TEST_P(Durable, AnAcknowledgementOfWhatIsStillHeldCountsForNothing) {
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos2);
  Peer& p = connect(v(), "p");
  publish(p, "t", "sent", qos2, 1);
  const auto sent = static_cast<std::uint16_t>(expect_publish(s, "t", "sent").packet_id);
  commits = false;
  publish(p, "t", "held", qos2, 2);
  publish(p, "t", "behind", qos1, 3);
  say(s, PubRec{PacketId(sent + 1)});
  say(s, PubComp{PacketId(sent + 1)});
  say(s, PubAck{PacketId(sent + 2)});
  expect_silence(s);
  cut(s);
  commits = true;
  commit();
  Peer& again = connect(v(), "s", false);
  expect_publish(again, "t", "sent");
  EXPECT_EQ(expect_publish(again, "t", "held").qos, qos2);
  expect_publish(again, "t", "behind");
}

// A crash before the commit: what was not answered is gone as a whole, and comes once when its
// publisher says it again.
TEST_P(Durable, ACrashBeforeTheCommitLosesOnlyWhatWasNotAnswered) {
  absent("s", "t");
  Peer& p = connect(v(), "p", false);
  publish(p, "t", "kept", qos2, 1);
  expect<PubRec>(p);
  commits = false;
  publish(p, "t", "lost", qos2, 2);
  expect_silence(p);
  commits = true;
  crash_and_restart();
  Peer& again = connect(v(), "p", false);
  EXPECT_TRUE(again.conn_ack.session_present);
  say(again, PubRel{PacketId{1}});
  expect<PubComp>(again);
  say(again, Publish{.topic = "t",
                     .packet_id = PacketId{2},
                     .qos = qos2,
                     .dup = true,
                     .payload = Bytes::copy("lost")});
  expect<PubRec>(again);
  Peer& s = connect(v(), "s", false);
  expect_publish(s, "t", "kept");
  expect_publish(s, "t", "lost");
  expect_silence(s);
}

// Under load something always waits; nothing that is done may be kept for it.
TEST_P(Durable, OrdersComeInOrderThoughTheStoreIsAlwaysBehind) {
  Peer& s = connect(v(), "s", false);
  subscribe(s, "t", qos1);
  Peer& p = connect(v(), "p");
  commits = false;
  std::uint64_t behind = 0;
  int expected = 0;
  for (int i = 0; i < 2000; ++i) {
    publish(p, "t", std::to_string(i), qos1, 1);
    handle(Persisted{behind});
    behind = store.commit();
    while (!s.inbox.empty()) {
      const Publish got = expect_publish(s, "t", std::to_string(expected++));
      say(s, PubAck{got.packet_id});
    }
    while (!p.inbox.empty()) expect<PubAck>(p);
  }
  handle(Persisted{behind});
  EXPECT_GT(expected, 1900);
}

TEST_P(Durable, OneMessageIsStoredOnceForManySessions) {
  for (const char* id : {"a", "b", "c"}) absent(id, "t");
  Peer& p = connect(v(), "p");
  publish(p, "t", "x", qos1, 1, true);
  EXPECT_EQ(store.messages(), 1u);
}

TEST_P(Durable, AnUnsubscribedFilterDoesNotComeBack) {
  Peer& a = connect(v(), "a", false);
  subscribe(a, "t");
  subscribe(a, "u", qos1, {}, v() == Version::v5 ? std::optional(9u) : std::nullopt);
  say(a, Unsubscribe{.packet_id = PacketId{1}, .filters = {"t"}});
  crash_and_restart();
  EXPECT_EQ(broker().census().subscriptions, 1u);
  Peer& back = connect(v(), "a", false);
  publish(back, "t", "x");
  publish(back, "u", "y");
  const Publish got = expect_publish(back, "u", "y");
  if (v() == Version::v5) {
    EXPECT_EQ(got.properties.number(PropertyId::subscription_identifier), 9u);
  }
}

TEST_P(Durable, RecordsOfARecoveredBrokerAgreeWithTheStore) {
  absent("s", "t");
  Peer& p = connect(v(), "p");
  publish(p, "t", "one", qos1, 1, true);
  crash_and_restart();
  Peer& p2 = connect(v(), "p");
  publish(p2, "t", "two", qos1, 1, true);
  Peer& s = connect(v(), "s", false);
  ack(s, expect_publish(s, "t", "one"));
  ack(s, expect_publish(s, "t", "two"));
  EXPECT_EQ(store.messages(), 1u);
  crash_and_restart();
  Peer& again = connect(v(), "s", true);
  subscribe(again, "t");
  expect_publish(again, "t", "two");
  EXPECT_EQ(store.sessions(), 0u);
}

TEST_P(Durable, ASessionExpiresWhileTheBrokerIsAway) {
  if (v() != Version::v5) return;
  cut(connect(v(), "a", false));
  connect(v(), "b", false);  // has a link when the broker goes, and its time from then on
  now += 3600s - 1ns;
  crash_and_restart();
  EXPECT_EQ(broker().census().sessions, 2u);
  advance(1ns);
  EXPECT_EQ(broker().census().sessions, 1u);
  EXPECT_EQ(store.sessions(), 1u);
  now += 3600s - 3ns;
  crash_and_restart();
  EXPECT_EQ(broker().census().sessions, 1u);
  now += 1h;
  crash_and_restart();
  EXPECT_EQ(broker().census().sessions, 0u);
  EXPECT_EQ(store.sessions(), 0u);
}

// v5 MQTT-3.3.2-5
TEST_P(Durable, AMessageThatExpiresWhileTheBrokerIsAwayIsDropped) {
  if (v() != Version::v5) return;
  absent("s", "t");
  Peer& p = connect(v(), "p");
  Properties soon;
  soon.add(PropertyId::message_expiry_interval, 10u);
  publish(p, "t", "short", qos1, 1, true, soon);
  publish(p, "t", "long", qos1, 2);
  now += 9s;
  crash_and_restart();
  EXPECT_EQ(broker().census().queued_messages, 2u);
  now += 1s;
  crash_and_restart();
  EXPECT_EQ(broker().census().queued_messages, 1u);
  EXPECT_EQ(broker().census().retained, 0u);
  EXPECT_EQ(store.messages(), 1u);
  expect_publish(connect(v(), "s", false), "t", "long");
}

TEST_P(Durable, AWillThatWaitsIsPublishedWhenItWouldHaveBeen) {
  if (v() != Version::v5) return;
  absent("s", "w");
  Connect said = hello(v(), "a", false);
  said.will = Will{.topic = "w", .payload = Bytes::copy("gone"), .qos = qos1};
  said.will->properties.add(PropertyId::will_delay_interval, 100u);
  cut(connect(said));
  now += 60s;
  crash_and_restart();
  advance(40s - 1ns);
  EXPECT_EQ(notes_of(Note::What::will_published), 0u);
  advance(1ns);
  EXPECT_EQ(notes_of(Note::What::will_published), 1u);
}

// The disk is full: what would need a record is refused, the rest goes on.
TEST_P(Durable, WhileTheStoreTakesNothingNothingIsAcknowledged) {
  absent("s", "t");
  Peer& p = connect(v(), "p");
  Peer& live = connect(v(), "live");
  subscribe(live, "t");
  Peer& old = connect(Version::v3_1_1, "old");
  const std::size_t stored = store.messages();
  handle(StoreTakes{false});
  publish(p, "t", "zero");
  expect_publish(live, "t", "zero");
  publish(p, "t", "kept", qos0, 0, true);
  expect_silence(live);
  publish(old, "t", "one", qos1, 1);  // has no word for it
  expect_silence(old);
  expect_closed(old, Rule::limit_is_kept);
  if (v() == Version::v5) {
    publish(p, "t", "one", qos1, 1);
    EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::quota_exceeded);
    publish(p, "t", "two", qos2, 2);
    EXPECT_EQ(expect<PubRec>(p).reason, ReasonCode::quota_exceeded);
  }
  Peer& refused = open(v());
  say(refused, hello(v(), "new", false));
  EXPECT_EQ(expect<ConnAck>(refused).reason, v() == Version::v5
                                                 ? ReasonCode::server_unavailable
                                                 : connect_return::server_unavailable);
  connect(v(), "clean");
  EXPECT_EQ(store.messages(), stored);
  handle(StoreTakes{true});
  publish(p, "t", "one", qos1, 1);
  EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::success);
  EXPECT_EQ(store.messages(), stored + 1);
}

}  // namespace
}  // namespace mq::broker
