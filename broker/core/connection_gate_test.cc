#include "broker/core/connection_gate.h"

#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

TEST(ConnectionGates, AnAddressIsAHostOrANetwork) {
  EXPECT_EQ(ConnectionGate::key_of("10.0.0.9:40008"), "10.0.0.9");
  EXPECT_EQ(ConnectionGate::key_of("[::ffff:10.0.0.9]:40008"), "10.0.0.9");
  const auto key = [](const char* text) { return ConnectionGate::key_of(text); };
  EXPECT_EQ(key("[2001:db8:1:2::1]:1"), key("[2001:db8:1:2:ffff:ffff:ffff:ffff]:2"));
  EXPECT_NE(key("[2001:db8:1:2::1]:1"), key("[2001:db8:1:3::1]:1"));
  EXPECT_EQ(key("[::1]:1"), key("[0:0:0:0:0:0:0:2]:1"));
  EXPECT_EQ(key("[2001:db8::1:2:3:4]:1"), key("[2001:db8:0:0:9::]:1"));
  EXPECT_EQ(key("[fe80::1%eth0]:1"), key("[fe80::2]:1"));
  EXPECT_EQ(key("/run/broker.sock"), "");
  EXPECT_EQ(key(""), "");
}

TEST(ConnectionGates, SoManyOfOneAddressAndOneMoreIsNot) {
  ConnectionGate gate;
  const GateLimits limits{.links_per_address = 2, .links_per_second = 0};
  EXPECT_TRUE(gate.enter("a", {}, limits));
  EXPECT_TRUE(gate.enter("a", {}, limits));
  EXPECT_FALSE(gate.enter("a", {}, limits));
  EXPECT_TRUE(gate.enter("b", {}, limits));
  gate.left("a");
  EXPECT_TRUE(gate.enter("a", {}, limits));
}

TEST(ConnectionGates, SoManyInASecondAndOneMoreIsNot) {
  ConnectionGate gate;
  const GateLimits limits{.links_per_address = 0, .links_per_second = 4};
  const auto at = [](auto when) { return Instant{} + when; };
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(gate.enter("a", at(0s), limits));
  EXPECT_FALSE(gate.enter("a", at(0s), limits));
  EXPECT_TRUE(gate.enter("b", at(0s), limits));
  EXPECT_FALSE(gate.enter("a", at(250ms - 1ns), limits));
  EXPECT_TRUE(gate.enter("a", at(250ms), limits));
  EXPECT_FALSE(gate.enter("a", at(250ms), limits));
}

TEST(ConnectionGates, AddressesThatAreGoneAreForgotten) {
  ConnectionGate gate;
  const GateLimits limits{.links_per_address = 2, .links_per_second = 4};
  Instant now{};
  for (int i = 0; i < 100'000; ++i) {
    now += 1s;
    const std::string key = std::to_string(i);
    ASSERT_TRUE(gate.enter(key, now, limits));
    gate.left(key);
  }
  EXPECT_LE(gate.size(), 1025u);
}

class Gated : public BrokerTest {
 protected:
  bool comes_in(std::uint64_t link, const std::string& address) {
    const std::size_t before = broker().census().links;
    broker().handle(LinkUp{LinkId{link}, address}, now);
    while (broker().poll()) {
    }
    return broker().census().links > before;
  }
};

TEST_F(Gated, TheBrokerCountsWhoComesAndGoes) {
  settings.limits.links_per_address = 2;
  EXPECT_TRUE(comes_in(1, "10.0.0.1:1"));
  EXPECT_TRUE(comes_in(2, "10.0.0.1:2"));
  EXPECT_FALSE(comes_in(3, "10.0.0.1:3"));
  EXPECT_TRUE(comes_in(4, "10.0.0.2:4"));
  broker().handle(LinkDown{LinkId{3}}, now);
  EXPECT_FALSE(comes_in(5, "10.0.0.1:5"));
  broker().handle(LinkDown{LinkId{1}}, now);
  EXPECT_TRUE(comes_in(6, "10.0.0.1:6"));
}

TEST_F(Gated, TheDefaultsAreThousandAtOnceAndFiveHundredASecond) {
  std::uint64_t link = 0;
  int in = 0;
  for (int i = 0; i < 600; ++i) in += comes_in(++link, "10.0.0.1:1") ? 1 : 0;
  EXPECT_EQ(in, 500);
  now += 1s;
  for (int i = 0; i < 600; ++i) in += comes_in(++link, "10.0.0.1:1") ? 1 : 0;
  EXPECT_EQ(in, 1000);
  now += 1s;
  EXPECT_FALSE(comes_in(++link, "10.0.0.1:1"));
}

// A peer that has a full buffer in front of it and takes nothing is given up; one that takes a
// little is not.
TEST_F(Gated, WhoTakesNothingForTwoSecondsIsCutOff) {
  settings.limits.backlog_bytes = 1000;
  settings.limits.hold = 0s;
  drains = false;
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "t", qos0);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", std::string(1100, 'x'));
  advance(2s - 1ns);
  expect_open(s);
  handle(Drained{s.link, 1});
  advance(2s - 1ns);
  expect_open(s);
  advance(1ns);
  expect_closed(s, Rule::limit_is_kept);
  expect_open(p);
}

TEST_F(Gated, ABufferThatIsNotFullMayTakeItsTime) {
  settings.limits.backlog_bytes = 1000;
  drains = false;
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "t", qos0);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", std::string(900, 'x'));
  advance(1h);
  expect_open(s);
  publish(p, "t", std::string(100, 'x'));
  handle(Drained{s.link, 500});
  advance(1h);
  expect_open(s);
}

}  // namespace
}  // namespace mq::broker
