// The time that a message waits for the store counts like any other (5.0, 3.3.2.3.3): what is over
// by then is not sent, and who gets the rest is told what is left now.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class LifetimeTest : public BrokerTest {
 protected:
  static Properties lifetime(std::uint32_t seconds) {
    Properties all;
    all.add(PropertyId::message_expiry_interval, seconds);
    return all;
  }
  static std::optional<std::uint32_t> left(const Publish& got) {
    return got.properties.number(PropertyId::message_expiry_interval);
  }
  // A subscriber with a session, and who writes to it.
  void pair(Qos qos = qos1, Version version = Version::v5, std::uint32_t window = 0) {
    Connect said = hello(version, "s", false);
    if (window > 0) said.properties.add(PropertyId::receive_maximum, window);
    s = &connect(said);
    subscribe(*s, "topic", qos);
    p = &connect(Version::v5, "p", false);
  }
  void say_to(const std::string& payload, std::uint32_t seconds, Qos qos = qos1) {
    publish(*p, "topic", payload, qos, ++last_id, false, lifetime(seconds));
  }
  void store_stands_still() { commits = false; }
  void store_goes_on() {
    commits = true;
    commit();
  }

  Peer* s = nullptr;
  Peer* p = nullptr;
  std::uint16_t last_id = 0;
};

// v5 MQTT-3.3.2-5: nothing of it had left when the connection ended.
TEST_F(LifetimeTest, AMessageBehindAConnAckThatNeverLeftHasNotBegun) {
  pair();
  cut(*s);
  say_to("short", 10);
  store_stands_still();
  Peer& waits = open();
  say(waits, hello(Version::v5, "s", false));
  advance(4s);
  expect_silence(waits);
  cut(waits);
  store_goes_on();
  advance(7s);
  Peer& again = connect(Version::v5, "s", false);
  expect_silence(again);
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

// The same over a crash: the store knows as well.
TEST_F(LifetimeTest, WhatHasNotBegunIsOverAfterACrashToo) {
  pair();
  cut(*s);
  say_to("short", 10);
  store_stands_still();
  Peer& waits = open();
  say(waits, hello(Version::v5, "s", false));
  cut(waits);
  store_goes_on();
  advance(11s);
  crash_and_restart();
  expect_silence(connect(Version::v5, "s", false));
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

TEST_F(LifetimeTest, WhatHasNotBegunComesWithTheTimeThatIsLeft) {
  pair();
  cut(*s);
  say_to("a", 10);
  say_to("b", 100);
  store_stands_still();
  Peer& waits = open();
  say(waits, hello(Version::v5, "s", false));
  cut(waits);
  store_goes_on();
  advance(4s);
  Peer& again = connect(Version::v5, "s", false);
  const Publish a = expect_publish(again, "topic", "a");
  EXPECT_EQ(left(a), 6u);
  EXPECT_FALSE(a.dup);
  const Publish b = expect_publish(again, "topic", "b");
  EXPECT_EQ(left(b), 96u);
  ack(again, a);
  ack(again, b);
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

// v5 MQTT-3.3.2-6
TEST_F(LifetimeTest, WhoGetsItIsToldWhatIsLeftWhenItLeaves) {
  for (const Qos qos : {qos0, qos1, qos2}) {
    pair(qos);
    store_stands_still();
    say_to("x", 10, qos2);
    say_to("large" + std::string(1000, '.'), 20, qos2);
    advance(4s);
    expect_silence(*s);
    store_goes_on();
    EXPECT_EQ(left(expect_publish(*s, "topic", "x")), 6u);
    EXPECT_EQ(left(expect<Publish>(*s)), 16u);
    connect(Version::v5, "s");
    connect(Version::v5, "p");
    last_id = 0;
  }
}

// Others with the same bytes are told of their own time.
TEST_F(LifetimeTest, WhatIsLeftIsToldToEachOfMany) {
  pair(qos0);
  Peer& other = connect(Version::v5, "other", false);
  subscribe(other, "topic", qos0);
  store_stands_still();
  say_to("x", 10, qos2);
  advance(4s);
  store_goes_on();
  EXPECT_EQ(left(expect_publish(*s, "topic", "x")), 6u);
  EXPECT_EQ(left(expect_publish(other, "topic", "x")), 6u);
}

// v5 MQTT-3.3.2-5
TEST_F(LifetimeTest, WhatIsOverWhenTheStoreHasItIsNotSent) {
  for (const Version version : {Version::v5, Version::v3_1_1}) {
    for (const Qos qos : {qos0, qos1, qos2}) {
      pair(qos, version);
      store_stands_still();
      say_to("short", 10, qos2);
      say_to("large" + std::string(1000, '.'), 10, qos2);
      say_to("long", 100, qos2);
      advance(10s);
      store_goes_on();
      expect_publish(*s, "topic", "long");
      expect_silence(*s);
      EXPECT_EQ(broker().census().queued_messages, qos == qos0 ? 0u : 1u);
      connect(version, "s");
      connect(Version::v5, "p");
      last_id = 0;
    }
  }
}

TEST_F(LifetimeTest, WhatIsNotSentMakesRoomForWhatWaits) {
  pair(qos1, Version::v5, 1);
  store_stands_still();
  say_to("short", 10);
  say_to("long", 100);
  advance(11s);
  store_goes_on();
  expect_publish(*s, "topic", "long");
  expect_silence(*s);
}

// An interval of zero: passed on in the instant of its arrival, or not at all.
TEST_F(LifetimeTest, AMessageOfAnInstantGoesOutInIt) {
  pair();
  store_stands_still();
  say_to("now", 0);
  store_goes_on();
  EXPECT_EQ(left(expect_publish(*s, "topic", "now")), 0u);
  store_stands_still();
  say_to("late", 0);
  advance(1ns);
  store_goes_on();
  expect_silence(*s);
}

// What was sent before may be sent again when its time is over (v5 MQTT-4.4.0-1).
TEST_F(LifetimeTest, ARepetitionIsNotOver) {
  pair();
  say_to("begun", 10);
  expect_publish(*s, "topic", "begun");
  cut(*s);
  store_stands_still();
  Peer& again = open();
  say(again, hello(Version::v5, "s", false));
  advance(20s);
  store_goes_on();
  expect<ConnAck>(again);
  const Publish got = expect_publish(again, "topic", "begun");
  EXPECT_TRUE(got.dup);
  EXPECT_EQ(left(got), 0u);
}

// A crash in between would bring what is over after what stood behind it (v5 MQTT-4.6.0-1).
TEST_F(LifetimeTest, WhatStandsBehindAMessageThatIsOverWaitsUntilTheStoreKnows) {
  pair();
  store_stands_still();
  say_to("short", 10);
  say_to("long", 100);
  advance(11s);
  commit();
  expect_silence(*s);
  say_to("last", 100);
  commit();
  expect_publish(*s, "topic", "long");
  expect_publish(*s, "topic", "last");
  expect_silence(*s);
}

// A topic that is left out was said before: not in a packet that never left (v5 MQTT-3.3.2-12).
TEST_F(LifetimeTest, AnAliasIsNotTaughtByWhatIsNotSent) {
  settings.limits.topic_aliases_out = 10;
  Connect said = hello(Version::v5, "s", false);
  said.properties.add(PropertyId::topic_alias_maximum, 10u);
  s = &connect(said);
  subscribe(*s, "topic", qos1);
  p = &connect(Version::v5, "p");
  store_stands_still();
  say_to("short", 10);
  say_to("long", 100);
  advance(11s);
  store_goes_on();
  expect_publish(*s, "topic", "long");
  say_to("next", 100);
  say_to("last", 100);
  const Publish next = expect<Publish>(*s);
  EXPECT_EQ(next.topic, "topic");
  EXPECT_EQ(next.payload.text(), "next");
  EXPECT_EQ(expect<Publish>(*s).payload.text(), "last");
}

// v5 MQTT-3.3.2-12: nor does QoS 0 lean on it when another link takes over in between.
TEST_F(LifetimeTest, AnAliasThatWasNotToldIsNotUsedOverAnOlderLink) {
  settings.limits.topic_aliases_out = 10;
  Connect said = hello(Version::v5, "s", false);
  said.properties.add(PropertyId::topic_alias_maximum, 10u);
  s = &connect(said);
  subscribe(*s, "topic", qos1);
  p = &connect(Version::v5, "p");
  store_stands_still();
  publish(*p, "topic", "teaches", qos1, ++last_id);
  publish(*p, "topic", "leans on it");
  say(open(Version::v5), said);
  store_goes_on();
  expect_thrown_out(*s, Rule::one_link_per_session, ReasonCode::session_taken_over);
}

// v5 MQTT-3.14.4-1 for the one, a new link for the other: what has not left stays.
TEST_F(LifetimeTest, NothingThatWaitsLeavesOverALinkThatHasLostItsSession) {
  pair();
  store_stands_still();
  publish(*p, "topic", "x", qos1, ++last_id);
  say(*s, Disconnect{});
  store_goes_on();
  expect_silence(*s);
  expect_closed(*s, Rule::none);
  Peer& again = connect(Version::v5, "s", false);
  EXPECT_FALSE(expect_publish(again, "topic", "x").dup);
  expect_silence(again);

  store_stands_still();
  publish(*p, "topic", "y", qos1, ++last_id);
  Peer& taker = open();
  say(taker, hello(Version::v5, "s", false));
  store_goes_on();
  EXPECT_EQ(expect<Disconnect>(again).reason, ReasonCode::session_taken_over);
  expect<ConnAck>(taker);
  EXPECT_TRUE(expect_publish(taker, "topic", "x").dup);
  EXPECT_FALSE(expect_publish(taker, "topic", "y").dup);
  expect_silence(taker);
}

}  // namespace
}  // namespace mq::broker
