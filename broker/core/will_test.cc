// Wills (both standards, 3.1.2.5 and 3.14; delay: 5.0, 3.1.3.2.2).
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Wills : public BrokerVersions {
 protected:
  Peer& watcher() {
    Peer& w = connect(v(), "watcher");
    subscribe(w, "gone/#", qos2);
    return w;
  }
  Connect with_will(const std::string& id, bool clean = true) {
    Connect said = hello(v(), id, clean);
    said.will = Will{.topic = "gone/" + id, .payload = Bytes::copy("bye"), .qos = qos1};
    return said;
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Wills,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

class Wills5 : public BrokerTest {
 protected:
  void SetUp() override {
    watcher_ = &connect(Version::v5, "watcher");
    subscribe(*watcher_, "gone", qos1);
  }
  Connect with_delay(std::uint32_t delay, std::uint32_t expiry) {
    Connect said{.version = Version::v5, .client_id = "a", .clean_start = false};
    said.properties.add(PropertyId::session_expiry_interval, expiry);
    said.will = Will{.topic = "gone", .payload = Bytes::copy("a"), .qos = qos1};
    said.will->properties.add(PropertyId::will_delay_interval, delay);
    said.will->properties.add_user("k", "v");
    return said;
  }
  Peer* watcher_ = nullptr;
};

// v3.1.1 MQTT-3.1.2-8, v5 MQTT-3.1.2-8
TEST_P(Wills, ALostLinkSetsTheWillFree) {
  Peer& w = watcher();
  for (bool clean : {true, false}) {
    cut(connect(with_will("a", clean)));
    const Publish got = expect_publish(w, "gone/a", "bye");
    EXPECT_EQ(got.qos, qos1);
    EXPECT_FALSE(got.retain);
    expect_silence(w);
    connect(v(), "a", clean);
  }
}

// v3.1.1 MQTT-3.1.2-10, MQTT-3.14.4-3; v5 MQTT-3.14.4-3
TEST_P(Wills, ADisconnectDropsTheWill) {
  Peer& w = watcher();
  Peer& a = connect(with_will("a", false));
  say(a, Disconnect{});
  cut(a);
  expect_silence(w);
  cut(connect(v(), "a", false));
  expect_silence(w);
}

TEST_P(Wills, AFaultOrSilenceOrATakeoverSetsTheWillFree) {
  Peer& w = watcher();
  Peer& faulty = connect(with_will("a"));
  say_bytes(faulty, {0xF0 | 0x0F, 0});
  EXPECT_TRUE(faulty.closed);
  expect_publish(w, "gone/a", "bye");

  Connect silent = with_will("b");
  silent.keep_alive = 10;
  connect(silent);
  advance(15s);
  expect_publish(w, "gone/b", "bye");

  connect(with_will("c", false));
  connect(v(), "c", false);
  expect_publish(w, "gone/c", "bye");
  expect_silence(w);
}

// v3.1.1 MQTT-3.1.2-17, v5 MQTT-3.1.2-15
TEST_P(Wills, ARetainedWillIsRetained) {
  Connect said = with_will("a");
  said.will->retain = true;
  cut(connect(said));
  Peer& w = watcher();
  EXPECT_TRUE(expect_publish(w, "gone/a", "bye").retain);
}

TEST_P(Wills, ACrashOfTheBrokerIsALostLinkToo) {
  {
    Peer& w = connect(v(), "watcher", false);
    subscribe(w, "gone/#", qos2);
    cut(w);
  }
  connect(with_will("a", false));
  connect(with_will("b", true));
  crash_and_restart();
  Peer& w = connect(v(), "watcher", false);
  std::set<std::string> topics{expect<Publish>(w).topic, expect<Publish>(w).topic};
  EXPECT_THAT(topics, ::testing::ElementsAre("gone/a", "gone/b"));
  crash_and_restart();
  Peer& again = connect(v(), "watcher", false);
  EXPECT_EQ(again.inbox.size(), 2u);  // redelivered, not published once more
}

TEST_P(Wills, AWillToATopicOverTheLimitsRefusesTheConnect) {
  settings.limits.topic_levels = 2;
  connect(with_will("a"));
  Connect said = with_will("b");
  said.will->topic = "gone/b/c";
  Peer& b = open(v());
  say(b, said);
  EXPECT_EQ(expect<ConnAck>(b).reason,
            v() == Version::v5 ? ReasonCode::topic_name_invalid : connect_return::not_authorized);
  EXPECT_TRUE(b.closed);
}

TEST_P(Wills, AWillBelowSysRefusesTheConnect) {
  Connect said = with_will("b");
  said.will->topic = "$SYS/x";
  Peer& b = open(v());
  say(b, said);
  EXPECT_EQ(expect<ConnAck>(b).reason,
            v() == Version::v5 ? ReasonCode::not_authorized : connect_return::not_authorized);
  EXPECT_TRUE(b.closed);
}

// v5 3.14.2.1
TEST_F(Wills5, DisconnectWithWillPublishesIt) {
  Peer& a = connect(with_delay(0, 100));
  say(a, Disconnect{.reason = ReasonCode::disconnect_with_will});
  const Publish got = expect_publish(*watcher_, "gone", "a");
  EXPECT_EQ(got.properties.all().size(), 1u);  // the user property, not the delay
}

// v5 MQTT-3.1.2-8
TEST_F(Wills5, ADelayedWillWaits) {
  cut(connect(with_delay(10, 100)));
  advance(10s - 1ns);
  expect_silence(*watcher_);
  advance(1ns);
  expect_publish(*watcher_, "gone", "a");
  advance(1000s);
  expect_silence(*watcher_);
}

// v5 MQTT-3.1.3-9
TEST_F(Wills5, AClientThatComesBackInTimeTakesItsWillBack) {
  cut(connect(with_delay(10, 100)));
  advance(9s);
  Connect back = with_delay(10, 100);
  back.will.reset();
  cut(connect(back));
  advance(1000s);
  expect_silence(*watcher_);
}

TEST_F(Wills5, ADelayedWillIsNotPublishedByATakeover) {
  connect(with_delay(10, 100));
  connect(with_delay(10, 100));
  expect_silence(*watcher_);
}

TEST_F(Wills5, TheEndOfTheSessionComesBeforeTheDelay) {
  cut(connect(with_delay(100, 10)));
  advance(10s - 1ns);
  expect_silence(*watcher_);
  advance(1ns);
  expect_publish(*watcher_, "gone", "a");
  advance(1000s);
  expect_silence(*watcher_);
}

TEST_F(Wills5, ACleanStartEndsTheSessionAndPublishesTheDelayedWill) {
  cut(connect(with_delay(100, 1000)));
  Connect fresh = with_delay(100, 1000);
  fresh.clean_start = true;
  connect(fresh);
  expect_publish(*watcher_, "gone", "a");
  expect_silence(*watcher_);
}

TEST_F(Wills5, ADelayGoesOnWhileTheBrokerIsAway) {
  cut(connect(with_delay(10, 100)));
  now += 5s;
  crash_and_restart();
  Peer& w = connect(Version::v5, "watcher");
  subscribe(w, "gone", qos1);
  advance(5s - 1ns);
  expect_silence(w);
  advance(1ns);
  expect_publish(w, "gone", "a");
}

}  // namespace
}  // namespace mq::broker
