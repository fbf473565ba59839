// Everything that a run found, as one value: written as results.json when the run ends, and the
// only thing that reports are made from, so that `mqttlab report` shows the same later.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "conformance/checks/finding.h"
#include "protocol/packet.h"
#include "sim/trace/run_info.h"

namespace mq::report {

// ---- Over time: what the Collector gathers -----------------------------------------------------

enum class ClientState : std::uint8_t {
  away,
  connecting,
  fresh,    // connected, the broker had no session
  resumed,  // connected, the broker still had its session
  mixed,    // several of these in turn, too short to keep apart
};

struct Segment {
  Instant from;  // until the next one's, or the end of the run
  ClientState state = ClientState::away;
};

struct ClientTimeline {
  trace::ClientIndex client{};
  std::uint32_t connections = 0;  // that the broker accepted
  std::uint32_t resumed = 0;      // of these
  Duration connected{};
  std::vector<Segment> segments;
};

// How many clients were connected, over one slice of the run.
struct FleetBin {
  Instant from;
  double connected = 0;   // mean
  double connecting = 0;  // mean
  std::uint32_t connected_min = 0;
};

// A fault was on. `times` is over one when neighbours were merged to bound their number.
struct Band {
  std::size_t fault = 0;  // position in RunInfo::faults
  Instant from;
  Instant until;
  std::uint32_t times = 1;
};

struct LatencyBin {
  Instant from;  // the message was published in this slice of the run
  std::uint64_t count = 0;
  Duration min{};
  Duration p50{};
  Duration p99{};
  Duration max{};
};

struct LatencyPoint {
  double percentile = 0;
  Duration latency{};
};

// From the publishing application to the subscribing one, by the QoS of delivery.
struct Latency {
  Qos qos{};
  std::uint64_t count = 0;
  std::uint64_t unmeasured = 0;  // delivered so late that its start was forgotten
  Duration p50{}, p90{}, p99{}, p999{}, max{};
  std::vector<LatencyPoint> curve;
  std::vector<LatencyBin> bins;
};

struct PacketCount {
  Kind kind{};
  std::uint64_t sent_by_clients = 0;
  std::uint64_t received_by_broker = 0;
  std::uint64_t sent_by_broker = 0;
  std::uint64_t received_by_clients = 0;
};

// Connections that the broker closed because the client had fallen silent: how long after one and a
// half times the keep alive. Early ones are below zero.
struct SilentDrops {
  std::uint64_t count = 0;
  Duration earliest{}, p50{}, latest{};
};

struct Series {
  std::uint64_t events = 0;
  Instant end;                       // of the last event
  std::optional<Instant> calm_from;  // faults have stopped
  std::vector<Band> bands;
  std::vector<Band> broker_down;  // `fault` means nothing here
  std::vector<FleetBin> fleet;
  std::vector<ClientTimeline> timelines;  // of some clients: those with evidence, the worst, others
  std::uint64_t clients_left_out = 0;
  std::vector<Latency> latencies;
  std::vector<PacketCount> packets;
  SilentDrops silent_drops;
};

// ---- The ledger and the coverage ---------------------------------------------------------------

// What became of the messages that were published with one QoS.
struct PublishedRow {
  Qos qos{};
  std::uint64_t attempted = 0;
  std::uint64_t not_sent = 0;  // the client refused
  std::uint64_t refused = 0;   // the broker refused
  std::uint64_t acknowledged = 0;
  std::uint64_t open = 0;  // QoS 1 and 2: no acknowledgement
};

// What became of them towards one group of subscribers, by the QoS of delivery.
struct DeliveryRow {
  std::string group;
  Qos qos{};
  std::uint64_t owed = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t unexpected = 0;
  std::uint64_t reordered = 0;
  std::uint64_t late = 0;
  std::uint64_t open = 0;
  std::uint64_t cancelled = 0;  // not owed any longer: the session or the subscription ended
};

struct LedgerTable {
  std::vector<PublishedRow> published;
  std::vector<DeliveryRow> deliveries;
};

struct SometimesCount {
  std::string phrase;
  std::string meaning;
  std::uint64_t times = 0;
  bool expected = false;  // the scenario asks for it
};

// ---- The first broken promise, packet by packet ------------------------------------------------

struct SequenceStep {
  enum class What : std::uint8_t {
    packet,  // from lane `from` to lane `to`
    note,    // at lane `from`
    gap,     // steps were left out
  };
  What what = What::packet;
  Instant at;                       // sent, or when it happened
  std::optional<Instant> received;  // a packet that arrived
  std::size_t from = 0;             // lanes
  std::size_t to = 0;
  std::string text;      // "PUBLISH QoS 1, id 7"
  std::string detail;    // its readable fields
  bool trouble = false;  // a note that tells of a fault, a lost connection, a crash
};

struct SequenceDiagram {
  std::string finding;             // its id
  std::size_t evidence = 0;        // position in Finding::evidence
  std::string title;               // its text
  std::vector<std::string> lanes;  // publisher, broker, subscriber
  std::vector<SequenceStep> steps;
  std::uint64_t left_out = 0;
};

// ---- Single clients: from the fleet to a packet ------------------------------------------------

struct JourneyConnection {
  std::uint32_t number = 0;  // counts from 1 per client
  Instant from;              // the client began to connect
  std::optional<Instant> accepted;
  bool session_present = false;
  std::optional<Instant> until;  // the client's end of it was gone
  std::string ended;             // "closed", "timed out"
};

struct JourneyPacket {
  Instant at;  // sent
  std::optional<Instant> received;
  bool by_client = false;
  std::string text;  // "PUBLISH QoS 1, id 7, DUP"
};

struct JourneyMessage {
  bool published = false;      // by this client; else received by it
  trace::ClientIndex other{};  // the publisher of a received message
  std::uint64_t number = 0;    // of the publisher's messages; of a will: its connection
  bool will = false;
  Instant at;  // handed to the client, or by the client to its application
  // Published: until it was acknowledged. Received: since it was handed to the publisher.
  std::optional<Duration> latency;
  std::string topic;
  Qos qos{};
  bool retain = false;
  std::string outcome;   // "acknowledged", "refused: not_authorized", "given to the application"
  bool trouble = false;  // not what its publisher would wish
  std::vector<JourneyPacket> packets;
  std::uint64_t packets_left_out = 0;
};

struct Journey {
  trace::ClientIndex client{};
  std::vector<JourneyConnection> connections;
  std::uint64_t connections_left_out = 0;
  std::vector<JourneyMessage> messages;  // those in trouble and the slowest
  std::uint64_t messages_left_out = 0;
};

// ---- The configuration --------------------------------------------------------------------------

struct Setting {
  std::string name;
  std::string value;
  std::string source;  // a reference, or "assumption"; may be empty
};

struct LinkUsed {
  std::string name;
  std::string profile;  // empty: written out in the scenario
  std::uint64_t clients = 0;
  std::vector<Setting> settings;
};

struct LinkTraffic {  // on the wire, headers of IP and TCP included
  std::string link;
  std::uint64_t packets_up = 0, packets_down = 0;
  std::uint64_t bytes_up = 0, bytes_down = 0;
  std::uint64_t lost_up = 0, lost_down = 0;
};

struct Spread {
  std::uint64_t count = 0;
  Duration p50{}, p99{}, max{};
};

// What a group of clients cost, all together, and the one that needed most.
struct CostRow {
  std::string group;
  std::uint64_t clients = 0;
  std::uint64_t bytes_up = 0, bytes_down = 0, bytes_most = 0;  // on the air
  std::uint64_t reconnects = 0, reconnects_most = 0;
  std::optional<Duration> radio_on, radio_on_most;
  std::optional<std::uint64_t> microjoules, microjoules_most;
  // Of the values that they read, where that was measured: from being taken to being there, and how
  // old the newest one that they had was.
  Spread values;
  Duration age_mean{}, age_most{};
};

struct CostTable {
  std::vector<CostRow> rows;
  bool has_traffic = false;  // bytes, radio and energy were measured
  Spread first_message;      // from the end of an outage to a client's next message
  Spread staleness;          // of retained values that came with a new subscription
};

struct Configuration {
  std::string scenario_file;
  std::string tcp_preset;
  std::vector<Setting> tcp;
  std::vector<LinkUsed> links;
  std::vector<Setting> versions;  // "mqttlab", "ns-3", "compiler"
};

// What differs from run to run of the same seed.
struct NotReproducible {
  double wall_seconds = 0;
  std::string started;  // "2026-11-22T17:31:46Z"
  // Processor time of the broker once it had started; 0: not measured.
  double broker_cpu_seconds = 0;
};

// What the run kept beside results.json, and why not all of it.
struct TraceKept {
  bool events = false;
  bool capture = false;
  bool decrypted = false;  // what lay within TLS, as a capture of its own
  std::string note;        // "stopped at 512 MB", "kept only when a promise breaks"
};

inline constexpr int schema_version = 1;

struct Results {
  trace::RunInfo run;
  checks::Verdict verdict = checks::Verdict::not_tried;
  int exit_code = 0;
  std::string why;   // one sentence when the verdict alone does not say it: "nothing was measured"
  std::string hash;  // hex
  std::string program_version;
  std::string command;  // that repeats the run
  Instant reached;
  bool complete = false;  // false: interrupted
  std::vector<checks::Finding> findings;
  // The rules of the standard that were watched and put to the test, each over one side and one
  // version: "broker/again_has_dup/5". What they come to is the finding "standard".
  std::vector<checks::Finding> standard;
  LedgerTable ledger;
  std::vector<SometimesCount> sometimes;
  Series series;
  std::vector<LinkTraffic> traffic;
  CostTable costs;
  std::vector<SequenceDiagram> sequences;
  std::vector<Journey> journeys;  // out of events.ndjson, if it was kept
  Configuration configuration;
  TraceKept trace;
  NotReproducible not_reproducible;
};

}  // namespace mq::report
