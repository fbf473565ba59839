// Whatever a peer sends, the broker answers within the rules, keeps its bounds, and still serves
// everybody else (security.md, section 1).
#include "base/rng.h"
#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

class Hostile : public BrokerVersions {};
INSTANTIATE_TEST_SUITE_P(Versions, Hostile,
                         ::testing::Values(Version::v3_1, Version::v3_1_1, Version::v5),
                         version_name);

std::vector<Packet> one_of_each(Version version) {
  Connect connect{.version = version, .client_id = "x"};
  connect.will = Will{.topic = "w", .payload = Bytes::copy("will")};
  Publish publish{.topic = "t", .packet_id = PacketId{1}, .qos = qos2};
  publish.payload = Bytes::copy("payload");
  if (version == Version::v5) publish.properties.add_user("key", "value");
  return {connect,
          ConnAck{},
          publish,
          PubAck{PacketId{1}},
          PubRec{PacketId{1}},
          PubRel{PacketId{1}},
          PubComp{PacketId{1}},
          Subscribe{.packet_id = PacketId{1}, .entries = {{"a/+/#", {.qos = qos1}}}},
          SubAck{.packet_id = PacketId{1}, .reasons = {ReasonCode::success}},
          Unsubscribe{.packet_id = PacketId{1}, .filters = {"a"}},
          UnsubAck{.packet_id = PacketId{1}, .reasons = {ReasonCode::success}},
          PingReq{},
          PingResp{},
          Disconnect{},
          Auth{}};
}

// Every kind of packet as the first one: only CONNECT is let in.
TEST_P(Hostile, OnlyConnectOpensALink) {
  for (const Packet& packet : one_of_each(v())) {
    if (kind(packet) == Kind::auth && v() != Version::v5) continue;
    Peer& a = open(v());
    say(a, packet);
    EXPECT_EQ(a.closed.has_value(), kind(packet) != Kind::connect) << name(kind(packet));
  }
}

TEST_P(Hostile, PacketsOfAServerEndTheLink) {
  for (const Packet& packet : one_of_each(v())) {
    const Kind sent = kind(packet);
    if (sent != Kind::conn_ack && sent != Kind::sub_ack && sent != Kind::unsub_ack &&
        sent != Kind::ping_resp)
      continue;
    Peer& a = connect(v(), "a");
    say(a, packet);
    expect_thrown_out(a, Rule::packet_goes_this_way, ReasonCode::protocol_error);
  }
}

// Bytes changed, cut, doubled, in any portions. A canary is served after each.
TEST_P(Hostile, BytesThatWereTamperedWithHurtOnlyTheirSender) {
  Rng rng(11);
  Peer& canary = connect(v(), "canary", false);
  const auto packets = one_of_each(v());
  for (int i = 0; i < 1000; ++i) {
    std::vector<std::byte> bytes;
    encode(Packet(hello(v(), "x", rng.below(2) == 0)), v(), bytes);
    if (rng.below(10) == 0) bytes.clear();
    for (std::uint64_t n = rng.below(5); n > 0; --n) {
      const Packet& packet = packets[rng.below(packets.size())];
      if (kind(packet) == Kind::auth && v() != Version::v5) continue;
      const std::size_t begin = bytes.size();
      encode(packet, v(), bytes);
      for (std::uint64_t changes = rng.below(3); changes > 0; --changes)
        bytes[begin + rng.below(bytes.size() - begin)] = std::byte(rng.below(256));
      if (rng.below(6) == 0) bytes.resize(begin + rng.below(bytes.size() - begin));
    }
    Peer& a = open(v());
    a.listens = false;  // the answer is in the version that the bytes happen to announce
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t portion = std::min(bytes.size() - at, 1 + rng.below(40));
      handle(BytesIn{a.link, std::span(bytes).subspan(at, portion)});
      at += portion;
    }
    cut(a);
    canary.inbox.clear();  // what the tampered packets may have published
    say(canary, PingReq{});
    expect<PingResp>(canary);
  }
  EXPECT_EQ(broker().census().links, 1u);
}

// A flood that is never released: the answers go on, memory does not grow.
TEST_P(Hostile, TheSameQosTwoPacketManyTimesIsOneMessage) {
  Peer& s = connect(v(), "s");
  subscribe(s, "t", qos0);
  Peer& p = connect(v(), "p");
  for (int i = 0; i < 1000; ++i) {
    publish(p, "t", "x", qos2, 7);
    expect<PubRec>(p);
  }
  expect<Publish>(s);
  expect_silence(s);
}

// A storm of one client id: one session, one link that lives.
TEST_P(Hostile, AStormOfOneClientIdLeavesOneSession) {
  Peer* last = nullptr;
  for (int i = 0; i < 500; ++i) {
    Connect said = hello(v(), "same", i % 3 == 0);
    said.will = Will{.topic = "w", .qos = qos1};
    last = &connect(said);
    say(*last, Subscribe{.packet_id = PacketId{1}, .entries = {{"w", {.qos = qos1}}}});
  }
  EXPECT_EQ(broker().census().sessions, 1u);
  EXPECT_EQ(broker().census().subscriptions, 1u);
  expect_open(*last);
}

}  // namespace
}  // namespace mq::broker
