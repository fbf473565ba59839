// The fifteen control packets of MQTT 3.1, 3.1.1 and 5.0 as values (both standards, chapter 3).
// One struct serves all versions: what a version does not have stays empty (properties and most
// reason codes in 3.1.1). A packet value can hold what the standard forbids, so that a tester can
// build it; the decoder never returns such a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "protocol/property.h"
#include "protocol/reason_code.h"

namespace mq {

// The protocol level byte of CONNECT.
enum class Version : std::uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

// Who sent the bytes: a server may not send CONNECT, a client may not send CONNACK.
enum class Sender : std::uint8_t { client, server };

// The upper four bits of a packet's first byte.
enum class Kind : std::uint8_t {
  connect = 1,
  conn_ack = 2,
  publish = 3,
  pub_ack = 4,
  pub_rec = 5,
  pub_rel = 6,
  pub_comp = 7,
  subscribe = 8,
  sub_ack = 9,
  unsubscribe = 10,
  unsub_ack = 11,
  ping_req = 12,
  ping_resp = 13,
  disconnect = 14,
  auth = 15,
};
const char* name(Kind kind);        // "CONNECT", "PUBACK", ... as the standard writes it
const char* name(Version version);  // "3.1", "3.1.1", "5.0"

enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

enum class PacketId : std::uint16_t { none = 0 };

struct Will {
  std::string topic;
  Bytes payload;
  Qos qos = Qos::at_most_once;
  bool retain = false;
  Properties properties;  // 5.0 only
  bool operator==(const Will&) const = default;
};

struct Connect {
  Version version = Version::v5;
  std::string client_id;
  bool clean_start = true;       // Clean Session in 3.1.1
  std::uint16_t keep_alive = 0;  // seconds; 0 turns it off
  std::optional<Will> will;
  std::optional<std::string> user_name;
  std::optional<Bytes> password;
  Properties properties;
  bool operator==(const Connect&) const = default;
};

struct ConnAck {
  bool session_present = false;
  ReasonCode reason = ReasonCode::success;  // in 3.1.1 one of the connect_return codes 0-5
  Properties properties;
  bool operator==(const ConnAck&) const = default;
};

struct Publish {
  std::string topic;                    // empty only with a topic alias
  PacketId packet_id = PacketId::none;  // none exactly for QoS 0
  Qos qos = Qos::at_most_once;
  bool dup = false;
  bool retain = false;
  Properties properties;
  Bytes payload;
  bool operator==(const Publish&) const = default;
};

// PUBACK, PUBREC, PUBREL and PUBCOMP have one shape.
template <Kind kind>
struct Acknowledgement {
  PacketId packet_id = PacketId::none;
  ReasonCode reason = ReasonCode::success;
  Properties properties;
  bool operator==(const Acknowledgement&) const = default;
};
using PubAck = Acknowledgement<Kind::pub_ack>;
using PubRec = Acknowledgement<Kind::pub_rec>;
using PubRel = Acknowledgement<Kind::pub_rel>;
using PubComp = Acknowledgement<Kind::pub_comp>;

enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1, do_not_send = 2 };

struct SubscriptionOptions {
  Qos qos = Qos::at_most_once;  // the maximum QoS at which the subscriber wants messages
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;
  bool operator==(const SubscriptionOptions&) const = default;
};

struct Subscribe {
  struct Entry {
    std::string filter;
    SubscriptionOptions options;
    bool operator==(const Entry&) const = default;
  };
  PacketId packet_id = PacketId::none;
  Properties properties;
  std::vector<Entry> entries;
  bool operator==(const Subscribe&) const = default;
};

struct SubAck {
  PacketId packet_id = PacketId::none;
  Properties properties;
  std::vector<ReasonCode> reasons;  // one per entry, in order; granted QoS 0-2 or a failure
  bool operator==(const SubAck&) const = default;
};

struct Unsubscribe {
  PacketId packet_id = PacketId::none;
  Properties properties;
  std::vector<std::string> filters;
  bool operator==(const Unsubscribe&) const = default;
};

struct UnsubAck {
  PacketId packet_id = PacketId::none;
  Properties properties;
  std::vector<ReasonCode> reasons;  // empty in 3.1.1
  bool operator==(const UnsubAck&) const = default;
};

struct PingReq {
  bool operator==(const PingReq&) const = default;
};
struct PingResp {
  bool operator==(const PingResp&) const = default;
};

struct Disconnect {
  ReasonCode reason = ReasonCode::success;  // "normal disconnection"
  Properties properties;
  bool operator==(const Disconnect&) const = default;
};

struct Auth {
  ReasonCode reason = ReasonCode::success;
  Properties properties;
  bool operator==(const Auth&) const = default;
};

// In the order of Kind, so that `kind()` is the index plus one.
using Packet = std::variant<Connect, ConnAck, Publish, PubAck, PubRec, PubRel, PubComp, Subscribe,
                            SubAck, Unsubscribe, UnsubAck, PingReq, PingResp, Disconnect, Auth>;

inline Kind kind(const Packet& packet) { return static_cast<Kind>(packet.index() + 1); }

}  // namespace mq
