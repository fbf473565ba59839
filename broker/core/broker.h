// The broker without I/O: it is told what happened and what time it is, and
// answers with what should be done. One set of code for real sockets, for ns-3
// and for tests. MQTT 3.1, 3.1.1, 5.0.
//
//   broker.handle(BytesIn{link, bytes}, now);
//   while (auto output = broker.poll()) perform(*output);
//   arm_timer(broker.deadline());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/time.h"
#include "broker/core/record.h"
#include "broker/core/settings.h"
#include "protocol/codec.h"

namespace mq::broker {

// One network connection, named by the driver; never used again after its
// LinkDown.
enum class LinkId : std::uint64_t {};

// ---- What happened
// ---------------------------------------------------------------------------

struct LinkUp {
  LinkId link;
  std::string address;  // of the peer, for notes: "10.0.0.9:40008"
  // Whether a client may come here without a user name, or with one that nobody verifies.
  bool anonymous_allowed = true;
  // The transport has proved who the peer is, by its certificate: it is this user, and is asked for
  // no password.
  std::optional<std::string> identity = {};
  // Whether user names are verified here, as AccessPolicy says; else they count as none.
  bool verifies_users = true;
  // Whose users and whose rules AccessPolicy has for what is done here.
  Origin origin = {};
  // Put before every topic that the client names, and taken off those that it gets; it sees nothing
  // else. Empty, or the beginning of a topic name.
  std::string mount_point = {};
};
struct BytesIn {
  LinkId link;
  std::span<const std::byte> bytes;  // valid during handle() only
};
// The link is gone: closed or reset by the peer, or after a CloseLink of ours.
// Comes exactly once for every LinkUp.
struct LinkDown {
  LinkId link;
  std::string because = {};  // as the driver knows it, for notes; empty: it was closed
};
// So many bytes of earlier SendBytes have left for the network: what is emitted
// and not yet drained is the link's backlog, and a backlog over its limit stops
// deliveries to the link.
struct Drained {
  LinkId link;
  std::size_t bytes;
};
struct Tick {};
// Everything emitted as Persist with a sequence up to this one is durable.
struct Persisted {
  std::uint64_t upto;
};
// Whether the disk takes records. While it does not, nothing is accepted that would need one: no
// message at QoS 1 or 2, none to be retained, no session that outlives its link.
struct StoreTakes {
  bool records;
};
// The operator stops the broker: every 5.0 client hears DISCONNECT 0x8B, every
// link is closed, no will is published; sessions stay in the store.
struct Shutdown {};

// The answer to an Authenticate: exactly one each, also if the link is gone by then.
struct Authenticated {
  enum class Verdict : std::uint8_t {
    accepted,
    denied,
    more,  // enhanced authentication goes on: `data` is for the client's next AUTH
  };
  LinkId link;
  Verdict verdict = Verdict::denied;
  std::string user;  // of `accepted`; never empty
  Bytes data;        // of the method, for CONNACK or AUTH; ignored where there is no method
};
// Who may do what has changed, while clients are connected. Users in `changed_users` are no longer
// who they were (another password, or none any more): their links are closed.
struct AccessChanged {
  struct User {
    std::string name;
    std::string realm = {};
    bool operator==(const User&) const = default;
  };
  AccessPolicy access;
  std::vector<User> changed_users;
};

// The broker's own word, as a driver puts it: a QoS 0 message that is not stored and, as a rule,
// retained. An empty payload takes it back. The topic is a legal one below $SYS, where no client
// may publish.
struct Announce {
  std::string topic;
  Bytes payload;
  bool retain = true;
};

// The operator changes limits. What a client was promised in its CONNACK, or what a buffer was
// made for, stays as it was: packet_bytes, receive_maximum, topic_aliases. What is over a new
// limit already stays, too; nothing more gets in.
struct LimitsChanged {
  Limits limits;
};

using Input = std::variant<LinkUp, BytesIn, LinkDown, Drained, Tick, Persisted, StoreTakes,
                           Shutdown, Authenticated, AccessChanged, Announce, LimitsChanged>;

// ---- What to do
// ------------------------------------------------------------------------------

// Outputs for one link are to be sent in this order. Large payloads come as a
// SendBytes of their own that shares the payload's buffer.
struct SendBytes {
  LinkId link;
  Bytes bytes;
};
// Send what was ordered before, then close. The driver answers with LinkDown.
struct CloseLink {
  LinkId link;
  Rule because;  // Rule::none for an orderly end
};
// Whether to read from the link. What arrives although it should not be read is kept, but not
// bounded by the core.
struct ReadLink {
  LinkId link;
  bool on;
};
// Make this durable; answer with Persisted. What the record protects waits
// inside the core.
struct Persist {
  std::uint64_t sequence;  // 1, 2, 3, ...
  Record record;
};
// For logs and traces; nothing has to be done about it.
struct Note {
  enum class What : std::uint8_t {
    connected,     // `session_present` says whether a session was resumed
    refused,       // `reason` says why
    disconnected,  // `reason`, `rule`
    taken_over,
    will_published,
    message_dropped,  // a limit was reached; `reason` is quota_exceeded or
                      // packet_too_large
    session_expired,
    subscribed,    // `filter`, `reason`: what was granted or why not; only if Settings ask for it
    unsubscribed,  // `filter`; likewise
  };
  What what;
  LinkId link{};
  std::string client_id;
  ReasonCode reason = ReasonCode::success;
  Rule rule = Rule::none;
  bool session_present = false;
  std::string address;            // of the peer: when it connected or was refused
  Version version = Version::v5;  // when it connected
  std::string filter = {};
  std::string because = {};  // when a link went without a packet that says why
};

// Find out whether this is who it says; answer with Authenticated. Comes only for what
// Settings::access announces.
struct Authenticate {
  LinkId link;
  // Of CONNECT: user name and password; the method is empty.
  std::string user;
  Bytes password;
  // Of enhanced authentication (5.0, 4.12): what CONNECT or AUTH carried.
  std::string method;
  Bytes data;
  bool begins = true;      // forget what this link said before: CONNECT, or authenticating again
  std::string realm = {};  // the set of users to look in, as LinkUp named it
};

using Output = std::variant<SendBytes, CloseLink, ReadLink, Persist, Note, Authenticate>;

class Broker {
 public:
  // `recovered` is what a store gave back after a restart; empty for a first
  // start. Sessions in it are without a link; expiry and will delay of those that
  // had one run from `now`. What expired in the meantime is dropped.
  Broker(Settings settings, Rng rng, const Recovered& recovered = {}, Instant now = Instant{});
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  // The only way in; no peer can make it throw. `now` never goes back.
  void handle(const Input& input, Instant now);
  // The only way out: call until empty after every handle().
  std::optional<Output> poll();
  // A Tick is due then; early ticks are harmless.
  std::optional<Instant> deadline() const;

  // Where the core keeps what it knows of a link; nothing of one that is not there.
  std::vector<Memory> memory(LinkId link) const;

  // What happened since the start. Packets count when they are heard and when they are ordered,
  // bytes when they leave the core; payload bytes are those of PUBLISH.
  struct Traffic {
    std::uint64_t links = 0;     // that came up
    std::uint64_t connects = 0;  // that were let in
    std::uint64_t refused = 0;   // links, at CONNECT or before
    std::uint64_t packets_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t publishes_received = 0;
    std::uint64_t publishes_sent = 0;
    std::uint64_t payload_bytes_received = 0;
    std::uint64_t payload_bytes_sent = 0;
    std::uint64_t sessions_expired = 0;
    std::size_t sessions_most = 0;  // at once
  };

  // What is held at the moment; for $SYS, metrics and tests of limits.
  struct Census {
    std::size_t links;
    std::size_t sessions;
    std::size_t subscriptions;
    std::size_t retained;
    std::size_t queued_messages;  // waiting or in flight, over all sessions
    std::size_t queued_bytes;
    std::uint64_t dropped_messages;
    std::size_t connected;  // sessions with a link
    std::size_t shared_subscriptions;
    std::size_t retained_bytes;
    Traffic traffic;
    std::size_t held_messages;   // of publishers that wait until a subscriber has room
    std::size_t unstored_bytes;  // of records that are not durable yet
    std::size_t awaiting_store;  // links that wait because those are too many
  };
  Census census() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace mq::broker
