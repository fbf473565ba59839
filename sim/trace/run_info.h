// The head of a trace: what was run and what was promised. Checks get it before the first event.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "protocol/packet.h"

namespace mq::trace {

struct WillInfo {
  std::string topic;
  Qos qos = Qos::at_most_once;
  bool retain = false;
  std::chrono::seconds delay{};
};

struct SubscriptionInfo {
  std::string filter;
  SubscriptionOptions options;
};

enum class Speaks : std::uint8_t { mqtt, http };

struct ClientInfo {
  std::string id;  // its MQTT client id: "sensors-12"
  std::string group;
  std::string link;
  Speaks speaks = Speaks::mqtt;  // with HTTP, what follows means nothing
  Version version = Version::v5;
  bool clean_start = true;
  std::uint32_t session_expiry = 0;  // seconds; 0xFFFFFFFF: never ends (3.1.1 with Clean Session 0)
  std::chrono::seconds keep_alive{};
  std::optional<WillInfo> will;
  std::vector<SubscriptionInfo> subscriptions;
  // The topic filters that its user may publish to, and read; nothing: all. A 3.1.1 client is told
  // nothing when a message is refused. For the checks of a running trace; not written down.
  std::optional<std::vector<std::string>> may_publish;
  std::optional<std::vector<std::string>> may_read = {};
};

struct FaultInfo {
  std::string kind;    // "cut", "crash", "outage", ...: the words of the scenario language
  std::string target;  // a link, a client or "broker"
  std::vector<std::uint32_t> clients;  // whose links it touches; empty: the broker's
};

// One line of `expect`, as data. `id` is the check that judges it.
struct Expectation {
  std::string id;        // "qos1", "latency", "sometimes", ...
  std::string argument;  // "at-least-once", "a PUBREL was lost and sent again", "up", "mean"
  std::optional<Qos> qos;         // latency: only messages of this QoS
  double percentile = 0;          // latency, first-message, staleness
  std::optional<Duration> below;  // these, radio and age
  std::optional<double> most =
      {};                  // bytes, energy (microjoules), reconnects: below, of each client
  std::string group = {};  // these, radio and age: of whom; empty: of everybody
  std::string as_written;  // for the promises table
};

enum class Durability : std::uint8_t { none, process, power };

struct RunInfo {
  std::string scenario;
  std::string description;
  std::uint64_t seed = 0;
  std::string world;   // "ns3", "memory"
  std::string broker;  // "ours"
  Durability durability = Durability::power;
  Duration duration{};  // the storm
  Duration calm{};      // after it
  std::vector<ClientInfo> clients;
  std::vector<FaultInfo> faults;
  std::vector<Expectation> expectations;
};

}  // namespace mq::trace
