// What happened in a run, one event after another in the order of time. Every world, every broker
// and every client yields the same kind of trace; checks and reports read nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "protocol/codec.h"
#include "sim/trace/stamp.h"

namespace mq::trace {

enum class End : std::uint8_t { client, broker };  // where it was seen
constexpr End other(End end) { return end == End::client ? End::broker : End::client; }

enum class CloseCause : std::uint8_t { closed, reset, timed_out, refused, crashed };

// One TCP connection (or the attempt at one). Numbers count from 1 per client.
struct Connection {
  ClientIndex client{};
  std::uint32_t number = 0;
  bool operator==(const Connection&) const = default;
};

// ---- The network ------------------------------------------------------------------------------

struct LinkOpening {  // the client starts to connect
  Connection connection;
};
struct LinkOpened {
  Connection connection;
  End end;
};
struct LinkClosed {
  Connection connection;
  End end;
  CloseCause cause;
  bool by_this_end;  // this end closed it, the other did not (yet)
};
// A whole packet left its sender's core, or reached its receiver's. Pointers and spans in events
// are valid only while the event is observed.
struct PacketSeen {
  Connection connection;
  End end;
  bool sent;  // by this end; else received there
  Version version;
  const Packet* packet;
  std::span<const std::byte> wire;
};
struct MalformedSeen {
  Connection connection;
  End end;
  Malformed fault;
  bool sent = false;  // by this end; else received there
  Version version = Version::v5;
  std::span<const std::byte> wire = {};  // as far as it has come
};

// ---- The application of a client ----------------------------------------------------------------

// The application hands a message to its client.
struct Attempted {
  ClientIndex client{};
  Stamp stamp;
  std::string_view topic;
  Qos qos;
  bool retain;
  std::size_t payload_bytes;
};
// The client refused it, without sending: QoS 0 while not connected, or a full queue.
struct NotSent {
  ClientIndex client{};
  Stamp stamp;
  std::string_view reason;
};
// The client told its application that the broker has it (QoS 1: PUBACK, QoS 2: PUBCOMP); with a
// failure code that the broker refused it.
struct Acknowledged {
  ClientIndex client{};
  Stamp stamp;
  ReasonCode reason;
};
// The client gave its application a message.
struct Delivered {
  Connection connection;
  const Publish* publish;
};

// Its device is switched off at once, and its connections are gone without a word. What its client
// had in memory is lost; its store, if it has one, may be there when it comes back.
struct ClientDown {
  ClientIndex client{};
  bool keeps_session;  // in a store
};
struct ClientUp {
  ClientIndex client{};
};

// ---- A member that speaks HTTP with a store of values -------------------------------------------
// Beside MQTT, for comparison: nobody asks it for what MQTT promises.

// Its application has a new value for the store.
struct ValueTaken {
  ClientIndex client{};
  Stamp stamp;
  std::string_view path;
};
// Its application has learned what the store holds there; no stamp: nothing.
struct ValueRead {
  ClientIndex client{};
  std::optional<Stamp> stamp;
  std::string_view path;
};
// A whole message left its sender, or reached its receiver.
struct HttpSeen {
  Connection connection;
  End end;
  bool sent;  // by this end; else received there
  std::span<const std::byte> wire;
};
// A request came to nothing.
struct HttpFailed {
  Connection connection;
  std::string_view reason;
};

// ---- The course of the run ----------------------------------------------------------------------

struct FaultBegan {
  std::size_t fault;                       // position in RunInfo::faults
  std::optional<ClientIndex> client = {};  // only it, of those that the fault touches
};
struct FaultEnded {
  std::size_t fault;
  std::optional<ClientIndex> client = {};
};
struct BrokerDown {};  // crashed
struct BrokerUp {};    // started (also at the beginning of the run), takes connections
// What a client has cost, at the end of the run: one of these for each.
struct Spent {
  ClientIndex client{};
  std::uint64_t bytes_up = 0, bytes_down = 0;     // on the air, headers of IP and TCP included
  std::optional<Duration> radio_on = {};          // of a link whose radio has states
  std::optional<std::uint64_t> microjoules = {};  // of the radio, if its link says what it draws
};
// A line of the log of a broker that is not ours. Not part of the run's hash.
struct BrokerSaid {
  std::string_view text;
};
// Somebody outside tried to begin a TCP connection to the client's device.
struct Called {
  ClientIndex client{};
  bool answered;  // else given up: nothing ever came back
  Duration took{};
};
struct CalmBegan {};  // no faults from here on: everything owed must arrive
struct RunEnded {
  bool complete;  // false: interrupted
};

using What = std::variant<LinkOpening, LinkOpened, LinkClosed, PacketSeen, MalformedSeen, Attempted,
                          NotSent, Acknowledged, Delivered, FaultBegan, FaultEnded, BrokerDown,
                          BrokerUp, CalmBegan, RunEnded, ClientDown, ClientUp, Spent, BrokerSaid,
                          ValueTaken, ValueRead, HttpSeen, HttpFailed, Called>;

struct Event {
  Instant at;
  What what;
};

// Beside the trace, for captures: no judge can read it.
struct EncryptedRecords {
  Instant at;
  Connection connection;
  End from;
  std::span<const std::byte> bytes;  // whole records of TLS, valid while they are observed
};
using HearEncrypted = std::function<void(const EncryptedRecords&)>;

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void observe(const Event& event) = 0;
};

}  // namespace mq::trace
