// Overload slows publishers before anything is dropped, and what is dropped is said.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Overload : public BrokerVersions {
 protected:
  Overload() {
    settings.limits.queued_messages = 3;
    settings.limits.inflight_messages = 2;
    settings.limits.hold = 10s;
  }
  // A subscriber who is there and whose queue is full; `expect_publish` still finds the first two.
  Peer& full_subscriber(Peer& p, bool clean = true) {
    Peer& s = connect(v(), "s", clean);
    subscribe(s, "t", qos1);
    for (std::uint16_t i = 1; i <= 3; ++i) {
      publish(p, "t", std::to_string(i), qos1, i);
      EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::success);
    }
    return s;
  }
  void expect_refused(Peer& p) {
    if (v() == Version::v5)
      EXPECT_EQ(expect<PubAck>(p).reason, ReasonCode::quota_exceeded);
    else
      expect_closed(p, Rule::limit_is_kept);
    expect_silence(p);
  }
  std::uint64_t dropped() { return broker().census().dropped_messages; }
};
INSTANTIATE_TEST_SUITE_P(Versions, Overload, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);

TEST_P(Overload, APublisherWaitsUntilItsSubscriberHasRoom) {
  Peer& p = connect(v(), "p");
  Peer& s = full_subscriber(p);
  publish(p, "t", "4", qos1, 4);
  publish(p, "t", "5", qos1, 5);
  expect_silence(p);
  EXPECT_EQ(broker().census().held_messages, 2u);
  ack(s, expect_publish(s, "t", "1"));
  EXPECT_EQ(expect<PubAck>(p).packet_id, PacketId{4});
  expect_silence(p);
  for (const char* next : {"2", "3", "4", "5"}) ack(s, expect_publish(s, "t", next));
  EXPECT_EQ(expect<PubAck>(p).packet_id, PacketId{5});
  EXPECT_EQ(dropped(), 0u);
  EXPECT_EQ(broker().census().held_messages, 0u);
}

// Nothing of a message that waits has happened, so that nobody gets it twice should it come again.
TEST_P(Overload, NobodyGetsAMessageThatWaits) {
  Peer& p = connect(v(), "p", false);
  Peer& s = full_subscriber(p);
  Peer& other = connect(v(), "other");
  subscribe(other, "t", qos2);
  publish(p, "t", "4", qos2, 4, true);
  expect_silence(other);
  EXPECT_EQ(broker().census().retained, 0u);
  cut(p);
  Peer& again = connect(v(), "p", false);
  ack(s, expect_publish(s, "t", "1"));
  expect_silence(other);
  publish(again, "t", "4", qos2, 4, true);
  expect<PubRec>(again);
  expect_publish(other, "t", "4");
  expect_silence(other);
}

TEST_P(Overload, WhoMakesNoRoomInTimeHoldsNobodyUpAnyLonger) {
  Peer& p = connect(v(), "p", false);
  Peer& s = full_subscriber(p);
  publish(p, "t", "4", qos1, 4);
  advance(10s - 1ns);
  expect_silence(p);
  EXPECT_EQ(dropped(), 0u);
  advance(1ns);
  expect_refused(p);
  EXPECT_EQ(dropped(), 1u);
  Peer& q = connect(v(), "q", false);
  publish(q, "t", "5", qos1, 5);
  expect_refused(q);
  EXPECT_EQ(dropped(), 2u);
  // When half of its queue is empty it counts again.
  for (const char* next : {"1", "2"}) ack(s, expect_publish(s, "t", next));
  Peer& r = connect(v(), "r", false);
  for (std::uint16_t i = 6; i <= 8; ++i) publish(r, "t", "x", qos1, i);
  expect<PubAck>(r);
  expect<PubAck>(r);
  expect_silence(r);
  EXPECT_EQ(broker().census().held_messages, 1u);
}

TEST_P(Overload, AnAbsentSubscriberIsNotWaitedFor) {
  Peer& p = connect(v(), "p", false);
  cut(full_subscriber(p, false));
  publish(p, "t", "4", qos1, 4);
  expect_refused(p);
  EXPECT_EQ(dropped(), 1u);
  EXPECT_EQ(notes_of(Note::What::message_dropped), 1u);
  EXPECT_EQ(broker().census().queued_messages, 3u);
}

// One who went away in the meantime is not waited for either.
TEST_P(Overload, ASubscriberWhoLeavesFreesItsPublishers) {
  for (const bool clean : {true, false}) {
    Peer& p = connect(v(), "p");
    Peer& s = full_subscriber(p, clean);
    publish(p, "t", "4", qos1, 4);
    expect_silence(p);
    cut(s);
    if (clean) {
      EXPECT_FALSE(failed(expect<PubAck>(p).reason));
    } else {
      expect_refused(p);
    }
  }
}

TEST_P(Overload, UnsubscribingFreesThePublishers) {
  Peer& p = connect(v(), "p");
  Peer& s = full_subscriber(p);
  publish(p, "t", "4", qos1, 4);
  say(s, Unsubscribe{.packet_id = PacketId{1}, .filters = {"t"}});
  EXPECT_FALSE(failed(expect<PubAck>(p).reason));
}

// Others got it: a 5.0 publisher hears that not everybody did, an older one cannot.
TEST_P(Overload, WhatSomeHadNoRoomForReachesTheOthers) {
  Peer& p = connect(v(), "p");
  cut(full_subscriber(p, false));
  Peer& other = connect(v(), "other");
  subscribe(other, "t", qos1);
  publish(p, "t", "4", qos1, 4);
  expect_publish(other, "t", "4");
  const auto said = v() == Version::v5 ? ReasonCode::quota_exceeded : ReasonCode::success;
  EXPECT_EQ(expect<PubAck>(p).reason, said);
  EXPECT_EQ(dropped(), 1u);
  expect_open(p);
}

TEST_P(Overload, WithoutAHoldNobodyWaits) {
  settings.limits.hold = 0s;
  Peer& p = connect(v(), "p");
  full_subscriber(p);
  publish(p, "t", "4", qos1, 4);
  expect_refused(p);
}

TEST_P(Overload, OlderPublishersMayBeAcknowledgedInstead) {
  settings.closes_on_refusal_3_1_1 = false;
  Peer& p = connect(v(), "p");
  cut(full_subscriber(p, false));
  publish(p, "t", "4", qos1, 4);
  EXPECT_EQ(expect<PubAck>(p).reason,
            v() == Version::v5 ? ReasonCode::quota_exceeded : ReasonCode::success);
  publish(p, "t", "5", qos2, 5);
  EXPECT_EQ(expect<PubRec>(p).reason,
            v() == Version::v5 ? ReasonCode::quota_exceeded : ReasonCode::success);
  expect_open(p);
  EXPECT_EQ(dropped(), 2u);
}

// Two who are each other's subscribers, and one who is its own: their acknowledgements are read.
TEST_P(Overload, PublishersDoNotWaitForEachOther) {
  settings.limits.inflight_messages = 1;
  Peer& a = connect(v(), "a");
  Peer& b = connect(v(), "b");
  subscribe(a, "to-a", qos1);
  subscribe(b, "to-b", qos1);
  std::uint16_t id = 0;
  for (int i = 0; i < 6; ++i) {
    publish(a, "to-b", "x", qos1, ++id);
    publish(b, "to-a", "x", qos1, id);
  }
  int received = 0;
  for (int turns = 0; turns < 100; ++turns)
    for (Peer* peer : {&a, &b})
      while (!peer->inbox.empty()) {
        const Packet packet = peer->inbox.front();
        peer->inbox.pop_front();
        const auto* publish = std::get_if<Publish>(&packet);
        if (publish == nullptr) continue;
        ++received;
        say(*peer, PubAck{publish->packet_id});
      }
  EXPECT_EQ(received, 12);
  EXPECT_EQ(dropped(), 0u);
}

TEST_P(Overload, WhoSaysTooMuchMeanwhileIsNotReadOn) {
  settings.limits.held_messages = 2;
  Peer& p = connect(v(), "p");
  Peer& s = full_subscriber(p);
  publish(p, "t", "4", qos1, 4);
  EXPECT_TRUE(p.is_read);
  publish(p, "t", "5", qos1, 5);
  EXPECT_FALSE(p.is_read);
  publish(p, "t", "6", qos1, 6);  // was under way
  say(p, PingReq{});
  EXPECT_EQ(broker().census().held_messages, 2u);
  for (const char* next : {"1", "2"}) ack(s, expect_publish(s, "t", next));
  EXPECT_TRUE(p.is_read);
  expect<PubAck>(p);
  expect<PubAck>(p);
  expect<PingResp>(p);
  expect_silence(p);
  for (const char* next : {"3", "4", "5", "6"}) ack(s, expect_publish(s, "t", next));
  expect<PubAck>(p);
}

TEST_P(Overload, WhatWaitsIsBoundedInBytesToo) {
  settings.limits.held_bytes = 100;
  Peer& p = connect(v(), "p");
  full_subscriber(p);
  publish(p, "t", std::string(98, 'x'), qos1, 4);
  EXPECT_TRUE(p.is_read);
  publish(p, "t", "", qos1, 5);
  EXPECT_FALSE(p.is_read);
}

// Silence of somebody who is not listened to is no fault.
TEST_P(Overload, WhoIsNotReadIsNotSilent) {
  settings.limits.held_messages = 1;
  Connect said = hello(v(), "p");
  said.keep_alive = 2;
  Peer& p = connect(said);
  full_subscriber(p);
  publish(p, "t", "4", qos1, 4);
  EXPECT_FALSE(p.is_read);
  advance(9s);
  expect_open(p);
}

TEST_P(Overload, QosZeroWaitsForASlowReader) {
  settings.limits.backlog_bytes = 100;
  Peer& p = connect(v(), "p");
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos0);
  drains = false;
  publish(p, "t", std::string(200, 'x'));
  expect<Publish>(s);
  publish(p, "t", "waits");
  say(p, PingReq{});
  expect<PingResp>(p);  // only publishing is slowed down
  expect_silence(s);
  handle(Drained{s.link, 150});
  expect_publish(s, "t", "waits");
  EXPECT_EQ(dropped(), 0u);
}

TEST_P(Overload, AGroupWithRoomSomewhereHoldsNobodyUp) {
  Peer& p = connect(v(), "p");
  Peer& a = connect(v(), "a");
  Peer& b = connect(v(), "b");
  subscribe(a, "$share/g/t", qos1);
  subscribe(b, "$share/g/t", qos1);
  for (std::uint16_t i = 1; i <= 6; ++i) {
    publish(p, "t", "x", qos1, i);
    expect<PubAck>(p);
  }
  publish(p, "t", "x", qos1, 7);
  expect_silence(p);
  ack(b, expect<Publish>(b));
  expect<PubAck>(p);
  EXPECT_EQ(dropped(), 0u);
}

// Every one of many publishers gets on, in the order of their coming.
TEST_P(Overload, PublishersTakeTurns) {
  Peer& p = connect(v(), "p");
  Peer& s = full_subscriber(p);
  std::vector<Peer*> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(&connect(v(), "w" + std::to_string(i)));
    publish(*waiting.back(), "t", "w" + std::to_string(i), qos1, 1);
    publish(*waiting.back(), "t", "second", qos1, 2);
  }
  for (const char* next : {"1", "2", "3"}) ack(s, expect_publish(s, "t", next));
  for (int i = 0; i < 20; ++i) ack(s, expect_publish(s, "t", "w" + std::to_string(i)));
  for (int i = 0; i < 20; ++i) ack(s, expect_publish(s, "t", "second"));
  for (Peer* one : waiting) {
    expect<PubAck>(*one);
    expect<PubAck>(*one);
  }
}

}  // namespace
}  // namespace mq::broker
