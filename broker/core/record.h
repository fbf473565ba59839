// What the broker asks its store to keep, and what the store gives back after a
// restart. The core emits records; a store applies them in order and keeps what
// is left.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "protocol/packet.h"

namespace mq::broker {

// Who wrote a message. No user: nobody that was authenticated; no client id: the broker itself. The
// user is as stored_user() has it.
struct Author {
  std::string user;
  std::string client_id;
  bool operator==(const Author&) const = default;
};

// By what a client is known and judged, wherever it came in: a driver's names, which stay the same
// over a restart. Without NUL.
struct Origin {
  std::string realm = {};  // the set of users that its user is one of; empty: it was not said
  std::string rules = {};  // the set of rules that counts for it; empty: it was not said
  bool has_rules = true;   // or none counts
  auto operator<=>(const Origin&) const = default;
};

// A user as it is kept, in records and for messages: one string, whose form begins with what no
// name can begin with if there is more to say than the name.
std::string stored_user(std::string_view user, const Origin& origin);
struct StoredUser {
  std::string_view user;
  std::string_view realm;
  std::string_view rules;
  bool has_rules;
};
StoredUser read_stored_user(std::string_view stored);

// A message as the broker keeps it. Shared by all sessions that owe it.
struct Message {
  std::string topic;
  Bytes payload;
  Qos qos = Qos::at_most_once;  // as published
  bool retain = false;
  Properties properties;  // those that travel on to subscribers
  std::optional<Instant> expires_at;
  // Of a retained message; nobody's otherwise. Its right to write is asked for again when the
  // message is handed on later, and so is No Local (v5 MQTT-3.8.3-3).
  Author author;
};

// Records name a message by number, so that one payload queued for a thousand sessions is stored
// once. A store may drop a message when no record refers to it any longer.
enum class MessageNumber : std::uint64_t { none = 0 };

struct SaveMessage {
  MessageNumber number;
  std::shared_ptr<const Message> message;
};
struct SaveSession {
  std::string client_id;
  Version version;
  std::chrono::seconds expiry;             // 0xFFFFFFFF: never
  std::optional<Instant> disconnected_at;  // nothing while it has a link
  std::string user;                        // to whom it belongs; empty: to nobody
};
struct DropSession {
  std::string client_id;  // with everything that belongs to it
};
struct SaveSubscription {
  std::string client_id;
  Subscribe::Entry entry;
  std::optional<std::uint32_t> identifier;
};
struct DropSubscription {
  std::string client_id;
  std::string filter;
};
// A message owed to a session. Order of `position` is order of delivery.
struct SaveDelivery {
  enum class Phase : std::uint8_t { queued, published, received };  // received: PUBREC came
  std::string client_id;
  std::uint64_t position;
  MessageNumber message;
  Qos qos;
  bool retain;
  PacketId packet_id;
  Phase phase;
  std::vector<std::uint32_t> subscription_identifiers;
  // The filter `$share/...` that chose this session; empty if none did. Others of its group take
  // over what the session has not begun to receive when it ends (v5 4.8.2).
  std::string share;
};
struct DropDelivery {
  std::string client_id;
  std::uint64_t position;
};
// A QoS 2 PUBLISH from the client, passed on; its PUBREL has not come.
struct SaveIncoming {
  std::string client_id;
  PacketId packet_id;
};
struct DropIncoming {
  std::string client_id;
  PacketId packet_id;
};
struct SaveRetained {
  std::string topic;
  MessageNumber message;
};
struct DropRetained {
  std::string topic;
};
struct SaveWill {
  std::string client_id;
  Will will;
  std::optional<Instant> due;  // nothing while the link is there
  std::string user;            // of the client; empty: nobody that was authenticated
};
struct DropWill {
  std::string client_id;
};

using Record = std::variant<SaveMessage, SaveSession, DropSession, SaveSubscription,
                            DropSubscription, SaveDelivery, DropDelivery, SaveIncoming,
                            DropIncoming, SaveRetained, DropRetained, SaveWill, DropWill>;

// What a store holds: the records that are left, in an order that can be applied to an empty
// broker (messages before what refers to them, sessions before what belongs to them).
struct Recovered {
  std::vector<Record> records;
};

}  // namespace mq::broker
