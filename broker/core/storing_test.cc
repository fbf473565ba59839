// A store that falls behind slows publishers down; nothing is lost by it.
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class SlowStore : public BrokerVersions {
 protected:
  SlowStore() { settings.limits.receive_maximum = 100; }
  void SetUp() override {
    Peer& absent = connect(v(), "absent", false);
    subscribe(absent, "t", qos1);
    cut(absent);
    publisher_ = &connect(v(), "publisher");
    commits = false;
    publish_one();
    weight_ = broker().census().unstored_bytes;
    commit();
    expect<PubAck>(p());
    EXPECT_EQ(broker().census().unstored_bytes, 0u);
  }
  Peer& p() { return *publisher_; }
  void publish_one() { publish(*publisher_, "t", "x", qos1, ++id_); }
  // As many as so many messages weigh.
  void limit(std::size_t messages, std::size_t bytes = 0) {
    settings.limits.unstored_bytes = messages * weight_ + bytes;
    handle(LimitsChanged{settings.limits});
  }
  std::size_t unstored_messages() { return broker().census().unstored_bytes / weight_; }
  std::size_t waiting() { return broker().census().awaiting_store; }

  std::size_t weight_ = 0;  // of one message that is not stored yet
  std::uint16_t id_ = 0;

 private:
  Peer* publisher_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(Versions, SlowStore, ::testing::Values(Version::v3_1_1, Version::v5),
                         version_name);

TEST_P(SlowStore, TakesAsMuchAsItsLimitAndNoMore) {
  EXPECT_GT(weight_, 2u);
  limit(3);
  for (int i = 0; i < 3; ++i) publish_one();
  EXPECT_EQ(unstored_messages(), 3u);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_TRUE(p().is_read);
  publish_one();
  EXPECT_EQ(unstored_messages(), 3u);
  EXPECT_EQ(waiting(), 1u);
  EXPECT_FALSE(p().is_read);
  expect_silence(p());
}

TEST_P(SlowStore, TakesOneMoreBelowItsLimit) {
  limit(3, 1);
  for (int i = 0; i < 4; ++i) publish_one();
  EXPECT_EQ(unstored_messages(), 4u);
  EXPECT_EQ(waiting(), 0u);
  publish_one();
  EXPECT_EQ(unstored_messages(), 4u);
}

TEST_P(SlowStore, LosesNothingAndKeepsTheOrder) {
  limit(2);
  std::vector<std::byte> many;
  constexpr std::uint16_t count = 50;
  for (std::uint16_t i = 101; i < 101 + count; ++i)
    encode(Packet(Publish{.topic = "t",
                          .packet_id = PacketId{i},
                          .qos = qos1,
                          .payload = Bytes::copy(std::to_string(i))}),
           v(), many);
  handle(BytesIn{p().link, many});
  int commits_needed = 0;
  for (; p().inbox.size() < count && commits_needed < 100; ++commits_needed) {
    EXPECT_LE(unstored_messages(), 2u);
    commit();
  }
  EXPECT_EQ(commits_needed, count / 2);
  EXPECT_TRUE(p().is_read);
  commits = true;
  Peer& back = connect(v(), "absent", false);
  expect_publish(back, "t", "x");
  for (std::uint16_t i = 101; i < 101 + count; ++i) {
    EXPECT_EQ(expect<PubAck>(p()).packet_id, PacketId{i});
    ack(back, expect_publish(back, "t", std::to_string(i)));
  }
  EXPECT_EQ(broker().census().dropped_messages, 0u);
}

TEST_P(SlowStore, HoldsUpNobodyWhoAsksNothingOfIt) {
  Peer& other = connect(v(), "other");
  subscribe(other, "t", qos0);
  limit(1);
  publish_one();
  expect_publish(other, "t", "x");
  publish_one();
  EXPECT_EQ(waiting(), 1u);
  say(other, PingReq{});
  expect<PingResp>(other);
  publish(other, "t", "unsafe");
  expect_publish(other, "t", "unsafe");
  EXPECT_EQ(subscribe(other, "u").reasons.size(), 1u);  // of a session that ends with its link
  EXPECT_EQ(waiting(), 1u);
  publish(other, "r", "kept", qos0, 0, true);
  EXPECT_EQ(waiting(), 2u);
}

TEST_P(SlowStore, SubscriptionsThatOutliveTheirLinkWaitToo) {
  commits = true;
  Peer& stays = connect(v(), "stays", false);
  commits = false;
  limit(1);
  publish_one();
  say(stays, Subscribe{.packet_id = PacketId{1}, .entries = {{"a", {}}}});
  say(stays, PingReq{});
  EXPECT_EQ(waiting(), 1u);
  expect_silence(stays);
  commit();
  EXPECT_EQ(waiting(), 0u);
  commit();
  expect<SubAck>(stays);
  expect<PingResp>(stays);
}

// Those who wait hear what the others hear.
TEST_P(SlowStore, ThatFailsMakesNobodyWait) {
  limit(1);
  publish_one();
  publish_one();
  EXPECT_EQ(waiting(), 1u);
  handle(StoreTakes{false});
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(unstored_messages(), 1u);
  commit();
  EXPECT_EQ(expect<PubAck>(p()).reason, ReasonCode::success);
  if (v() == Version::v5) {
    EXPECT_EQ(expect<PubAck>(p()).reason, ReasonCode::quota_exceeded);
  } else {
    expect_closed(p(), Rule::limit_is_kept);
  }
}

// It may have said something that is not read.
TEST_P(SlowStore, SilenceOfAWaitingPublisherIsNotHeldAgainstIt) {
  Connect connect = hello(v(), "brief");
  connect.keep_alive = 10;
  Peer& brief = BrokerTest::connect(connect);
  limit(1);
  publish_one();
  publish(brief, "t", "x", qos1, 1);
  EXPECT_EQ(waiting(), 1u);
  advance(60s);
  expect_open(brief);
  commit();
  commit();
  expect<PubAck>(brief);
  advance(15s);
  EXPECT_TRUE(brief.closed.has_value());
}

TEST_P(SlowStore, WhoLeavesWhileWaitingLeavesNothingBehind) {
  Peer& second = connect(v(), "second");
  limit(1);
  publish_one();
  publish_one();
  publish(second, "t", "x", qos1, 1);
  EXPECT_EQ(waiting(), 2u);
  cut(p());
  commit();
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(unstored_messages(), 1u);
  commit();
  expect<PubAck>(second);
}

TEST_P(SlowStore, WithoutAnyRoomTakesOneAfterTheOther) {
  limit(0);
  publish_one();
  publish_one();
  EXPECT_EQ(waiting(), 1u);
  commit();
  commit();
  expect<PubAck>(p());
  expect<PubAck>(p());
}

}  // namespace
}  // namespace mq::broker
