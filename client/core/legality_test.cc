// The table of what a client may hear, walked over every phase, version and kind of packet, and
// checked against what the running client does.
#include "client/core/legality.h"

#include "client/core/client_fixture.h"

namespace mq::client {
namespace {

constexpr std::array all_kinds = {
    Kind::connect,   Kind::conn_ack, Kind::publish,   Kind::pub_ack,    Kind::pub_rec,
    Kind::pub_rel,   Kind::pub_comp, Kind::subscribe, Kind::sub_ack,    Kind::unsubscribe,
    Kind::unsub_ack, Kind::ping_req, Kind::ping_resp, Kind::disconnect, Kind::auth};

bool is_for_servers(Kind kind) {
  return kind == Kind::connect || kind == Kind::subscribe || kind == Kind::unsubscribe ||
         kind == Kind::ping_req;
}

Rule expected(Phase phase, Version version, Kind kind) {
  if (phase == Phase::awaiting_conn_ack) {
    if (kind == Kind::conn_ack) return Rule::none;
    if (kind == Kind::auth) return version == Version::v5 ? Rule::none : Rule::packet_kind_is_known;
    return Rule::connack_comes_first;
  }
  if (phase != Phase::connected || is_for_servers(kind)) return Rule::packet_goes_this_way;
  if (kind == Kind::conn_ack) return Rule::connack_comes_once;
  if (kind == Kind::auth) return version == Version::v5 ? Rule::none : Rule::packet_kind_is_known;
  if (kind == Kind::disconnect && version != Version::v5) return Rule::packet_goes_this_way;
  return Rule::none;
}

TEST(WhatAClientHears, IsJudgedForEveryPhaseVersionAndKind) {
  for (const Phase phase :
       {Phase::idle, Phase::backing_off, Phase::opening, Phase::awaiting_conn_ack, Phase::connected,
        Phase::closing, Phase::stopped})
    for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5})
      for (const Kind kind : all_kinds)
        EXPECT_EQ(breaks_by_coming(phase, version, kind), expected(phase, version, kind))
            << "phase " << static_cast<int>(phase) << ", " << name(kind);
}

class WhatTheRunningClientHears : public ClientFixture {
 protected:
  // The shortest legal packet of each kind, as far as its sender matters not.
  static Packet sample(Kind kind) {
    const PacketId id{1};
    switch (kind) {
      case Kind::connect:
        return Connect{.client_id = "c"};
      case Kind::conn_ack:
        return ConnAck{};
      case Kind::publish:
        return Publish{.topic = "t"};
      case Kind::pub_ack:
        return PubAck{id};
      case Kind::pub_rec:
        return PubRec{id};
      case Kind::pub_rel:
        return PubRel{id};
      case Kind::pub_comp:
        return PubComp{id};
      case Kind::subscribe:
        return Subscribe{.packet_id = id, .entries = {{"f", {}}}};
      case Kind::sub_ack:
        return SubAck{.packet_id = id, .reasons = {ReasonCode::success}};
      case Kind::unsubscribe:
        return Unsubscribe{.packet_id = id, .filters = {"f"}};
      case Kind::unsub_ack:
        return UnsubAck{.packet_id = id, .reasons = {ReasonCode::success}};
      case Kind::ping_req:
        return PingReq{};
      case Kind::ping_resp:
        return PingResp{};
      case Kind::disconnect:
        return Disconnect{};
      case Kind::auth:
        break;
    }
    return Auth{};
  }
};

// What the table forbids ends the link; 5.0 says so with DISCONNECT, 3.1.1 does not.
TEST_F(WhatTheRunningClientHears, EndsTheLinkWhereTheTableForbidsIt) {
  for (const Version version : {Version::v3_1_1, Version::v5})
    for (const bool after_connack : {false, true})
      for (const Kind kind : all_kinds) {
        const Phase phase = after_connack ? Phase::connected : Phase::awaiting_conn_ack;
        if (breaks_by_coming(phase, version, kind) == Rule::none) continue;
        SCOPED_TRACE(name(kind));
        settings.version = version;
        client.reset();
        start();
        if (after_connack) hear(ConnAck{});
        sent.clear();
        hear(sample(kind));
        ASSERT_TRUE(closed_because.has_value());
        EXPECT_NE(closed_because, Rule::none);
        EXPECT_EQ(sent_of<Disconnect>().size(), version == Version::v5 ? 1u : 0u);
        for (const Disconnect& goodbye : sent_of<Disconnect>()) EXPECT_TRUE(failed(goodbye.reason));
      }
}

}  // namespace
}  // namespace mq::client
