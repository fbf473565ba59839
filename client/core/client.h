// The client without I/O: it is told what happened and what time it is, and
// answers with what should be done. It keeps its session over broken links,
// reconnects by itself with back-off, and resends what was not acknowledged.
// MQTT 3.1, 3.1.1 and 5.0.
#pragma once

#include <chrono>
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
#include "client/core/record.h"
#include "protocol/codec.h"

namespace mq::client {

enum class Fault : std::uint8_t;  // fault.h

struct Limits {
  std::size_t packet_bytes = 1024 * 1024;  // incoming; announced in CONNECT of 5.0
  std::uint16_t receive_maximum = 64;      // that we grant to the broker
  // Ours towards the broker, below its receive maximum. 3.1.1 knows no receive maximum, and
  // mosquitto 2.0.11 loses QoS 2 messages of a 3.1.1 publisher with more than these under way.
  std::uint16_t inflight_messages = 20;
  std::uint16_t topic_alias_maximum = 16;       // that we grant to the broker, 5.0
  std::uint16_t topic_aliases = 16;             // that we use of those which the broker grants
  std::size_t queued_messages = 1000;           // not yet sent; one more is refused
  std::size_t queued_bytes = 4 * 1024 * 1024;   // of those, topics and payloads
  std::size_t backlog_bytes = 8 * 1024 * 1024;  // emitted and not drained; then publishing waits
};

struct Reconnect {
  bool enabled = true;
  std::chrono::milliseconds first{1000};
  std::chrono::milliseconds max{60'000};
  double factor = 2.0;
  double jitter = 0.5;  // each wait is drawn from [1 - jitter, 1] of its nominal length
};

struct Settings {
  Version version = Version::v5;
  std::string client_id;
  bool clean_start = true;  // of the first connection; later ones resume while
                            // the session lives
  std::uint32_t session_expiry =
      0;  // seconds, 5.0; in 3.1.1 a session lives exactly if !clean_start
  std::chrono::seconds keep_alive{60};
  std::optional<Will> will;
  std::optional<std::string> user_name;
  std::optional<Bytes> password;
  // "SCRAM-SHA-256": the password is proved instead of sent, and the broker has to prove that it
  // knows it too (5.0, 4.12). Empty: user name and password are sent. Takes as long as the broker
  // asks for; a broker without the method refuses the connection.
  std::string authentication_method = {};
  // Further ones, 5.0. One that a limit above would also announce replaces that limit.
  Properties connect_properties;
  std::chrono::milliseconds connect_timeout{30'000};  // for the link, and again for CONNACK
  std::chrono::milliseconds ping_timeout{20'000};     // silence after a PINGREQ that ends the link
  Reconnect reconnect;
  Limits limits;
  // Off: nothing is emitted as Persist and nothing waits; the session lives as long as this object.
  bool keeps_records = true;
  Fault fault{};  // for tests; none in a released client
};

// The caller's own name for an order; comes back with its outcome.
enum class Handle : std::uint64_t {};

// ---- What happened
// ---------------------------------------------------------------------------

struct Start {};     // connect, and stay connected
struct LinkUp {};    // the link that OpenLink ordered is there
struct LinkDown {};  // it is gone, or could not be had; exactly once for every OpenLink
struct BytesIn {
  std::span<const std::byte> bytes;  // valid during handle() only
};
struct Drained {
  std::size_t bytes;  // of SendBytes have left for the network
};
struct Tick {};
struct Persisted {
  std::uint64_t upto;
};
// Orders are accepted in any phase. QoS 0 while there is no connection is
// refused at once (Completed with Outcome::not_connected); QoS 1 and 2 wait,
// also over reconnects.
struct PublishOrder {
  Handle handle;
  Publish message;  // packet_id, dup and any topic alias are the core's
};
struct SubscribeOrder {
  Handle handle;
  std::vector<Subscribe::Entry> entries;
  Properties properties;
};
struct UnsubscribeOrder {
  Handle handle;
  std::vector<std::string> filters;
  Properties properties = {};
};
// Replaces the will for the next connections.
struct WillOrder {
  std::optional<Will> will;
};
// Authenticate again, on the connection that there is; without one or without a method nothing
// happens. The answer is Reauthenticated or the end of the connection.
struct AuthenticateOrder {};
// DISCONNECT, then the end: no reconnect.
struct StopOrder {
  ReasonCode reason = ReasonCode::success;  // disconnect_with_will leaves the will to the broker
  Properties properties = {};               // of DISCONNECT, 5.0
};

using Input =
    std::variant<Start, LinkUp, LinkDown, BytesIn, Drained, Tick, Persisted, PublishOrder,
                 SubscribeOrder, UnsubscribeOrder, WillOrder, AuthenticateOrder, StopOrder>;

// ---- What to do, and what became of things
// -----------------------------------------------------

struct OpenLink {};
struct SendBytes {
  Bytes bytes;
};
struct CloseLink {
  Rule because;  // Rule::none for an orderly end; the driver answers with
                 // LinkDown
};
// Make this durable; answer with Persisted. An acknowledgement that it protects waits in the core.
struct Persist {
  std::uint64_t sequence;  // 1, 2, 3, ...
  Record record;
};
struct Connected {
  ConnAck conn_ack;
};
struct Refused {
  ConnAck conn_ack;  // tried again after the back-off, unless the reason says it
                     // never can work
  bool final;
};
// The connection (one that was Connected) ended.
struct Disconnected {
  std::optional<Disconnect> by_peer;  // what the server said, if it said something
  Rule because;                       // what we caught the peer breaking, or silence_closes_link
};
struct Message {
  Publish publish;  // delivered once for QoS 2; topic aliases are resolved
};
struct Completed {
  enum class Outcome : std::uint8_t {
    acknowledged,   // QoS 0: handed to the link; QoS 1: PUBACK; QoS 2: PUBCOMP
    received,       // QoS 2: PUBREC; `acknowledged` follows
    refused,        // by the broker, or by us as it says it would; `reason`
    not_connected,  // QoS 0 without a connection
    queue_full,
    too_large,     // over the broker's maximum packet size
    expired,       // its message expiry interval passed while it waited
    session_lost,  // the broker did not keep the session: the message is sent
                   // anew, this is news only; after `received` it is the end
                   // (the message is the broker's, sending it anew could double it)
  };
  Handle handle;
  Outcome outcome;
  ReasonCode reason = ReasonCode::success;
};
struct Subscribed {
  Handle handle;
  std::vector<ReasonCode> reasons;
};
struct Unsubscribed {
  Handle handle;
  std::vector<ReasonCode> reasons;  // empty in 3.1.1
};
struct Reauthenticated {};
struct Stopped {};  // after a StopOrder, or when reconnecting is off or makes no sense

using Output =
    std::variant<OpenLink, SendBytes, CloseLink, Persist, Connected, Refused, Disconnected, Message,
                 Completed, Subscribed, Unsubscribed, Reauthenticated, Stopped>;

class Client {
 public:
  // `recovered` is what a store kept of an earlier run of this client; empty for a first start.
  // Without a session that outlives its connection there is nothing to keep: it is ignored then.
  Client(Settings settings, Rng rng, const Recovered& recovered = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  void handle(const Input& input, Instant now);
  std::optional<Output> poll();
  std::optional<Instant> deadline() const;

  // Where it keeps what it knows, but for its queues.
  Memory memory() const;
  bool connected() const;
  std::size_t queued_messages() const;  // waiting or in flight

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace mq::client
