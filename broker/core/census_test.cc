// What the broker counts, and its own word below $SYS.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

using Census = BrokerTest;
using Announcements = BrokerTest;

TEST_F(Census, CountsWhatComesAndGoes) {
  Peer& p = connect(Version::v5, "p");
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "t", qos1);
  subscribe(s, "$share/g/u", qos1);
  const auto before = broker().census();
  EXPECT_EQ(before.connected, 2u);
  EXPECT_EQ(before.subscriptions, 2u);
  EXPECT_EQ(before.shared_subscriptions, 1u);
  EXPECT_EQ(before.traffic.links, 2u);
  EXPECT_EQ(before.traffic.connects, 2u);
  EXPECT_EQ(before.traffic.packets_received, 4u);  // two CONNECT, two SUBSCRIBE
  EXPECT_EQ(before.traffic.packets_sent, 4u);

  const std::string large(100'000, 'x');  // travels as a piece of its own
  publish(p, "t", large, qos1, 1);
  ack(s, expect_publish(s, "t", large));
  const auto after = broker().census();
  EXPECT_EQ(after.traffic.publishes_received, 1u);
  EXPECT_EQ(after.traffic.publishes_sent, 1u);
  EXPECT_EQ(after.traffic.payload_bytes_received, large.size());
  EXPECT_EQ(after.traffic.payload_bytes_sent, large.size());
  EXPECT_EQ(after.traffic.packets_received - before.traffic.packets_received, 2u);
  EXPECT_EQ(after.traffic.packets_sent - before.traffic.packets_sent, 2u);
  EXPECT_EQ(after.traffic.bytes_sent, p.bytes + s.bytes);
  say(s, Unsubscribe{.packet_id = PacketId{1}, .filters = {"$share/g/u"}});
  EXPECT_EQ(broker().census().shared_subscriptions, 0u);
}

TEST_F(Census, CountsSessionsThatEnd) {
  Peer& s = connect(Version::v5, "s", false);
  connect(Version::v3_1_1, "t");
  EXPECT_EQ(broker().census().traffic.sessions_most, 2u);
  cut(s);
  EXPECT_EQ(broker().census().connected, 1u);
  EXPECT_EQ(broker().census().sessions, 2u);
  advance(3600s);
  EXPECT_EQ(broker().census().sessions, 1u);
  EXPECT_EQ(broker().census().traffic.sessions_expired, 1u);
  EXPECT_EQ(broker().census().traffic.sessions_most, 2u);
}

TEST_F(Census, CountsWhoIsRefusedAndWhoIsTakenOver) {
  say(open(), PingReq{});
  EXPECT_EQ(broker().census().traffic.refused, 1u);
  connect(Version::v5, "s");
  connect(Version::v5, "s");
  EXPECT_EQ(broker().census().connected, 1u);
  EXPECT_EQ(broker().census().traffic.connects, 2u);
}

TEST_F(Announcements, AreRetainedAndGoToWhoAsksForThem) {
  Peer& early = connect(Version::v5, "early");
  subscribe(early, "$SYS/#");
  handle(Announce{"$SYS/broker/uptime", Bytes::copy("1 seconds")});
  EXPECT_FALSE(expect_publish(early, "$SYS/broker/uptime", "1 seconds").retain);
  Peer& late = connect(Version::v3_1_1, "late");
  subscribe(late, "$SYS/broker/+");
  EXPECT_TRUE(expect_publish(late, "$SYS/broker/uptime", "1 seconds").retain);
}

// v5 MQTT-4.7.2-1, v3.1.1 MQTT-4.7.2-1
TEST_F(Announcements, AreNotForWildcardsAtTheTop) {
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "#");
  subscribe(s, "+/broker/uptime");
  handle(Announce{"$SYS/broker/uptime", Bytes::copy("1 seconds")});
  expect_silence(s);
  subscribe(s, "#");
  expect_silence(s);
}

TEST_F(Announcements, AreTakenBackByAnEmptyOne) {
  handle(Announce{"$SYS/a", Bytes::copy("1")});
  EXPECT_EQ(broker().census().retained, 1u);
  handle(Announce{"$SYS/a", {}});
  EXPECT_EQ(broker().census().retained, 0u);
}

TEST_F(Announcements, AreNotStoredAndNotQueued) {
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "$SYS/#", qos1);
  cut(s);
  commits = false;  // from here on, records are kept
  handle(Announce{"$SYS/a", Bytes::copy("1")});
  EXPECT_TRUE(records.empty());
  EXPECT_EQ(broker().census().queued_messages, 0u);
}

}  // namespace
}  // namespace mq::broker
