// A scenario file, understood: every default filled in, every unit converted, every name resolved.
// Whoever runs it needs nothing else.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "protocol/packet.h"
#include "sim/backend.h"
#include "sim/link/border.h"
#include "sim/link/outages.h"
#include "sim/trace/run_info.h"
#include "sim/trouble.h"
#include "sim/world.h"

namespace mq::scenario {

enum class WorldKind : std::uint8_t { ns3, memory };

// Where a number of a link comes from, for the report.
struct Source {
  std::string of;      // "rate down", "delay"
  std::string value;   // as written: "40 kbit/s"
  std::string source;  // a reference, or "assumption"
};

// What a device's radio draws, in milliwatts.
struct PowerPlan {
  double send = 0, receive = 0;  // while packets are on the air
  double connected = 0;          // else, while it is connected to its network
  double idle = 0;               // else
};

struct LinkPlan {
  std::string name;
  std::string profile;  // empty: written out in the scenario
  sim::LinkModel model;
  // Each device of it has its own, until the calm.
  std::optional<sim::link::OutageModel> outages;
  std::optional<sim::link::OutageModel> roaming;  // after each, the device has another address
  std::optional<PowerPlan> power;
  std::vector<Source> sources;

  bool has_stations() const;  // link::StationsModel
};

// Somebody with a password, and the topic filters that they may publish and subscribe to.
struct UserPlan {
  std::string name;
  std::string password;
  std::vector<std::string> publish;
  std::vector<std::string> subscribe;
};

// How long each packet that comes or goes keeps a broker busy. Without one it works in no time.
struct ServiceTime {
  Duration each{};           // of each packet
  bool is_measured = false;  // instead: the processor time that its work takes here and now
};

struct BrokerPlan {
  std::string external;  // a broker by the name of its adapter, or by its file; empty: ours
  trace::Durability durability = trace::Durability::power;
  Duration sync{};  // how long its disk takes until what was written is safe
  std::optional<std::uint16_t> receive_maximum;  // towards publishers; else the broker's default
  std::vector<UserPlan> users;                   // empty: everybody is let in and may do everything
  std::optional<ServiceTime> service_time;
};

// `{id}` in topics and text is the client's id, `{n}` the number of the message.
struct Payload {
  std::size_t bytes = 0;  // filled up to this; 0 with `text`
  std::string text;
};

struct PublishPlan {
  std::string topic;
  Qos qos = Qos::at_most_once;
  bool retain = false;
  Payload payload;
  Duration every{};                     // with a start drawn in [0, every)
  std::optional<Duration> at;           // once, or the first of `every`, instead of the drawn start
  std::optional<std::uint64_t> times;   // at most so many
  std::optional<std::uint32_t> expiry;  // seconds
};

struct SubscribePlan {
  std::string filter;
  SubscriptionOptions options;
  Duration at{};  // not before; 0: as soon as connected
};

struct WillPlan {
  std::string topic;
  std::string payload;
  Qos qos = Qos::at_most_once;
  bool retain = false;
  std::chrono::seconds delay{};
};

// An unmodified client program as the members of a group. In its words `{id}`, `{n}` (which start
// it is), `{host}`, `{port}`, and `{stamp}` or `{mark}`, by which the judges know a payload again;
// `{folder}`, that of the scenario file, is filled in by whoever looks for programs.
struct ProgramPlan {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // NAME=value
  std::optional<Duration> every;         // started again so often, if it has ended
};

// What a member reads from the store, again and again.
struct GetPlan {
  std::string path;  // `{id}` is the member's id
  Duration every{};  // with a start drawn in [0, every)
  bool if_changed = false;
};

// Members that speak HTTP with a store of values at the broker's site, instead of MQTT.
struct RestPlan {
  bool keeps_connection = true;  // else a new one for each request
  std::size_t token_bytes = 0;   // of an access token with each request; 0: none
  Duration timeout{};            // of a request, connecting included
  std::vector<PublishPlan> put;  // `topic` is the path
  std::vector<GetPlan> get;
};

// The store that they speak with.
struct StorePlan {
  Duration idle_timeout = std::chrono::seconds(75);  // of a connection; as nginx has it
};

// What a group's connections are made of; the broker listens for each.
enum class Transport : std::uint8_t { tcp, tls, websocket, wss };

inline constexpr std::uint32_t session_never_ends = 0xFFFFFFFF;

struct GroupPlan {
  std::string name;
  std::size_t count = 1;
  Transport transport = Transport::tcp;
  std::size_t link = 0;           // position in Plan::links
  std::vector<Version> versions;  // taken in turn by the members
  bool clean_start = true;
  std::uint32_t session_expiry = 0;  // seconds, or session_never_ends
  std::chrono::seconds keep_alive{60};
  std::optional<std::uint16_t> receive_maximum;  // of the client; nothing: as it likes
  std::string user_name;                         // empty: none
  std::string password;                          // with a user name
  Duration start{};                              // when the group begins to connect
  Duration start_spread{};                       // each member waits uniform in [0, spread] more
  std::optional<Duration> stop;                  // an orderly DISCONNECT then
  std::optional<WillPlan> will;
  std::vector<PublishPlan> publish;
  std::vector<SubscribePlan> subscribe;
  std::optional<ProgramPlan> program;  // instead of our client, which publishes and subscribes
  std::optional<RestPlan> rest;        // likewise
};

// The id of member `number` (from 1) of a group: the group's name alone if it has one member.
std::string client_id(const GroupPlan& group, std::size_t number);
// A topic, filter or text with its `{id}` and `{n}` filled in.
std::string expand(std::string_view text, std::string_view client_id, std::uint64_t number);

// Faults of clients. Those without a length are over at once.
struct Cut {
  Duration length{};
  bool up = true;  // directions that carry nothing
  bool down = true;
};
struct Disturb {
  Duration length{};
  sim::Trouble up, down;
};
// The device has lost its connection and knows it, the broker does not.
struct HalfOpen {};
struct Reset {};  // somebody between ends it for both
struct ForgetConnections {
  sim::link::Expiry then{};
};
struct ChangeAddress {};
struct CallDevice {};  // from outside
struct Reboot {
  Duration restart_after{};
  bool keeps_store = true;
};
struct SetClock {
  Duration by{};  // below zero: back
};
// Everybody is reset and connects again at once, whatever their back-off says.
struct Storm {};
struct Push {
  std::string topic;
  Qos qos = Qos::at_most_once;
  std::size_t payload_bytes = 0;
};
// Faults of the broker.
struct CrashBroker {
  Duration restart_after{};
  sim::Crash how = sim::Crash::process;
};
struct PauseBroker {
  Duration length{};
};
struct FillDisk {
  Duration length{};
};
using FaultKind =
    std::variant<Cut, Disturb, HalfOpen, Reset, ForgetConnections, ChangeAddress, CallDevice,
                 Reboot, SetClock, Storm, Push, CrashBroker, PauseBroker, FillDisk>;
// Zero: over at once.
Duration length_of(const FaultKind& what);
bool is_of_broker(const FaultKind& what);

// A packet of a client's connection, at one of its ends: the instant between it and the next one.
struct AfterPacket {
  Kind kind{};
  bool at_client = true;
  bool sent = true;  // there; else received
};

struct FaultPlan {
  std::string kind;  // the key that says what happens: "cut", "slow", ...
  Duration at{};
  // Not at `at`, but when one of `watched` has come to this packet, from `at` on. `every`: not
  // again before so long after.
  std::optional<AfterPacket> after;
  std::vector<std::uint32_t> watched;  // as `clients`
  bool strikes_all = false;            // then all of `clients`, else the one that was watched
  // Again and again, from beginning to beginning; one that would not be over when the calm begins
  // does not begin.
  std::optional<Duration> every;
  double chance = 1;   // that it happens each time
  Duration swizzle{};  // one client after another in so long, and healed so in another order
  FaultKind what;
  std::vector<std::uint32_t> clients;  // positions in RunInfo::clients, ascending, each once
  std::string target;                  // as written

  // From its first beginning to its last end.
  Duration length() const { return length_of(what) + 2 * swizzle; }
};

struct Plan {
  std::string file;  // as named by the user
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  Duration duration{};
  Duration calm{};
  std::uint64_t seed = 1;
  WorldKind world = WorldKind::ns3;
  BrokerPlan broker;
  StorePlan store;
  std::vector<LinkPlan> links;
  std::vector<GroupPlan> groups;
  std::vector<FaultPlan> faults;
  std::vector<trace::Expectation> expectations;
};

// The head of the trace that running the plan gives. Fault and client positions follow the plan's
// order: groups in order, members from 1. After the faults of the plan comes one "outage" for each
// client whose link has outages, in the order of the clients, then one "roaming" for each client
// whose link roams, and then those of `moves` for each client whose link has stations.
trace::RunInfo run_info(const Plan& plan);

// What may befall a device between stations, in this order.
struct MoveName {
  sim::World::Move move;
  std::string_view kind;  // of the fault
};
std::span<const MoveName> moves(const LinkPlan& link);

// Why the plan cannot be played in this world.
std::optional<std::string> refusal(const Plan& plan, WorldKind world);

}  // namespace mq::scenario
