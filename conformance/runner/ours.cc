#include "conformance/runner/ours.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/nearest_word.h"
#include "base/overloaded.h"
#include "conformance/runner/simulated_case.h"
#include "scenarios/engine/layered_backend.h"
#include "sim/broker_host.h"
#include "sim/link/parts.h"
#include "sim/linked/linked_backend.h"
#include "sim/memory/memory_world.h"
#include "transport/websocket.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr Duration reply = 30s;
constexpr Duration quiet = 5s;
constexpr Duration longest = std::chrono::hours(24 * 366);  // of virtual time, for one case
constexpr Duration one_way = 1ms;
constexpr double packet_bits = 8 * 1500;
constexpr double nearly_all = 0.99;   // of the delays of a link
constexpr Duration radio_wakes = 2s;  // from idle, where a link has a radio
constexpr const char* echo_method = "LAB-ECHO";

struct Setting {
  std::string_view name;
  void (*set)(broker::Settings&, std::uint64_t);
};
constexpr auto settings = std::to_array<Setting>({
    {"maximum_qos",
     [](auto& s, std::uint64_t n) { s.offers.maximum_qos = static_cast<Qos>(n); }},
    {"retain_available", [](auto& s, std::uint64_t n) { s.offers.retained_messages = n != 0; }},
    {"wildcard_subscription_available",
     [](auto& s, std::uint64_t n) { s.offers.wildcard_subscriptions = n != 0; }},
    {"subscription_identifier_available",
     [](auto& s, std::uint64_t n) { s.offers.subscription_identifiers = n != 0; }},
    {"shared_subscription_available",
     [](auto& s, std::uint64_t n) { s.offers.shared_subscriptions = n != 0; }},
    {"empty_client_ids", [](auto& s, std::uint64_t n) { s.offers.empty_client_ids = n != 0; }},
    {"receive_maximum",
     [](auto& s, std::uint64_t n) {
       s.limits.receive_maximum = static_cast<std::uint16_t>(n);
     }},
    {"topic_alias_maximum",
     [](auto& s, std::uint64_t n) { s.limits.topic_aliases = static_cast<std::uint16_t>(n); }},
    {"maximum_packet_size", [](auto& s, std::uint64_t n) { s.limits.packet_bytes = n; }},
    {"keep_alive_max",
     [](auto& s, std::uint64_t n) { s.keep_alive_max = std::chrono::seconds(n); }},
    {"session_expiry_max",
     [](auto& s, std::uint64_t n) { s.limits.session_expiry = std::chrono::seconds(n); }},
    {"connect_timeout",
     [](auto& s, std::uint64_t n) { s.limits.connect_timeout = std::chrono::seconds(n); }},
    {"sessions", [](auto& s, std::uint64_t n) { s.limits.sessions = n; }},
    {"validates_payload_format",
     [](auto& s, std::uint64_t n) { s.validates_payload_format = n != 0; }},
    {"response_information",
     [](auto& s, std::uint64_t n) { s.response_information = n != 0 ? "answers/%c" : ""; }},
    {"server_moved",
     [](auto& s, std::uint64_t n) {
       s.server_moved = n != 0;
       s.server_reference = "other.example:1883";
     }},
});

const Setting* find(const std::string& name) {
  for (const Setting& one : settings)
    if (one.name == name) return &one;
  return nullptr;
}

std::pair<std::string, std::string> taken_apart(const std::string& setting) {
  const std::size_t equals = std::min(setting.find('='), setting.size());
  return {setting.substr(0, equals), setting.substr(std::min(equals + 1, setting.size()))};
}

bool has_users(const Case& one) {
  return needs(one, "credentials") || needs(one, "wrong_password") || needs(one, "restricted_user");
}

broker::Settings settings_of(const Case& one, const Across& across) {
  broker::Settings made;
  if (needs(one, "restricted_user")) {
    auto& rules = made.access.rules.emplace();
    rules.add("lab", broker::AccessRules::Grant::read_and_write, "#");
    rules.add("guest", broker::AccessRules::Grant::read_and_write, "guest/#");
  }
  for (const auto* configured : {&across.settings, &one.config})
    for (const std::string& item : *configured) {
      const auto [name, value] = taken_apart(item);
      const Setting* const setting = find(name);
      if (setting != nullptr) setting->set(made, number_in(value).value_or(0));
    }
  return made;
}

// One case, its world and its broker.
class Encounter {
 public:
  Encounter(const Case& one, std::uint64_t seed, const Between& between, const Across& across)
      : made_(across.world ? across.world(seed) : std::make_unique<sim::MemoryWorld>(seed)),
        world_(*made_),
        broker_(settings_of(one, across), broker::Durability::process, Rng(seed).child("broker")),
        between_(between ? between(broker_) : nullptr),
        web_socket_(needs(one, "websocket") ? over_web_socket(across) : nullptr),
        host_(world_, top()),
        case_(one, surroundings(one, across), world_, devices(across), [this] { world_.stop(); }) {
    if (has_users(one)) broker_.let_in_only({{"lab", "secret"}, {"guest", "guest"}});
    if (needs(one, "echo_method")) broker_.let_in_who_echoes(echo_method, "lab");
  }

  Outcome run() {
    world_.call_at(world_.now(), [this] {
      host_.start();
      case_.start();
    });
    world_.run_until(world_.now() + longest);
    case_.abandon("a year of virtual time has passed");
    return case_.take_outcome();
  }

 private:
  static constexpr int devices_max = 8;

  std::vector<sim::DeviceId> devices(const Across& across) {
    std::vector<sim::DeviceId> all;
    for (int i = 0; i < devices_max; ++i)
      all.push_back(world_.add_device("device " + std::to_string(i), across.link));
    return all;
  }
  sim::BrokerBackend& erring_or_not() { return between_ ? *between_ : broker_; }
  sim::BrokerBackend& top() { return web_socket_ ? *web_socket_ : erring_or_not(); }
  std::unique_ptr<sim::BrokerBackend> over_web_socket(const Across& across) {
    return std::make_unique<scenario::LayeredBackend>(
        erring_or_not(), [bent = across.web_socket](const std::string&) {
          auto layer = transport::websocket_server_layer({});
          return bent ? bent(std::move(layer)) : std::move(layer);
        });
  }

  static Surroundings surroundings(const Case& one, const Across& across) {
    Surroundings around = surroundings_at(across.link);
    around.abilities = across.abilities;
    if (has_users(one)) around.given = abilities_of_ours().given;
    around.given["method"] = echo_method;
    return around;
  }

  const std::unique_ptr<sim::World> made_;
  sim::World& world_;
  sim::LinkedBackend broker_;
  const std::unique_ptr<sim::BrokerBackend> between_;
  const std::unique_ptr<sim::BrokerBackend> web_socket_;  // takes the frames off
  sim::BrokerHost host_;
  SimulatedCase case_;
};

}  // namespace

std::string config_fault(const std::string& setting) {
  const auto [name, value] = taken_apart(setting);
  std::vector<std::string> names;
  for (const Setting& one : settings) names.emplace_back(one.name);
  if (find(name) == nullptr)
    return "`" + name + "` is nothing that a broker can be configured with" +
           did_you_mean(name, names);
  if (!number_in(value)) return "expected `" + name + "=NUMBER`";
  return {};
}

Abilities abilities_of_ours() {
  Abilities ours;
  ours.virtual_time = true;
  ours.web_socket = true;
  ours.can_be_configured = true;
  ours.topic_alias_maximum = broker::Limits{}.topic_aliases;
  ours.receive_maximum = broker::Limits{}.receive_maximum;
  ours.maximum_packet_size = static_cast<std::uint32_t>(broker::Limits{}.packet_bytes);
  ours.given = {{"user", "lab"},
                {"password", "secret"},
                {"wrong_password", "guess"},
                {"guest", "guest"},
                {"guest_password", "guest"},
                {"denied_topic", "lab/denied"},
                {"allowed_topic", "guest/a"},
                {"method", echo_method}};
  return ours;
}

Across next_to_ours() {
  Across across;
  across.link.up.delay = across.link.down.delay = one_way;
  return across;
}

Duration round_trip(const sim::LinkModel& link) {
  const auto length = [](double seconds) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  };
  Duration sum{};
  if (link.parts) {
    for (const sim::link::DirectionParts* way : {&link.parts->up, &link.parts->down})
      if (way->delay) sum += length(way->delay->seconds.at(nearly_all));
    if (link.parts->radio) sum += radio_wakes;
  }
  for (const sim::LinkDirection* way : {&link.up, &link.down}) {
    sum += way->delay + way->jitter;
    if (way->bits_per_second > 0) sum += length(packet_bits / way->bits_per_second);
  }
  return sum;
}

// A round trip of TCP's opening, one of CONNECT, and one that may be lost and repeated. Nothing is
// added where there is next to none.
Surroundings surroundings_at(const sim::LinkModel& link) {
  const Duration one_round = round_trip(link);
  const Duration tolerance = one_round > 2 * one_way ? 3 * one_round : Duration{};
  return {.topic = "lab",
          .client_id = "lab",
          .given = {},
          .patience = {reply + 10 * tolerance, quiet + tolerance, tolerance, tolerance},
          .slack = std::chrono::seconds(1) + tolerance};
}

Outcome play_against_ours(const Case& one, std::uint64_t seed, const Between& between,
                          const Across& across) {
  return Encounter(one, seed, between, across).run();
}

}  // namespace mq::conformance
