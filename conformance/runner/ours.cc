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
#include "conformance/runner/play.h"
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

// One case and its world. Callbacks of the world are told to the play; what the play wants is done
// once they have returned.
class Encounter {
 public:
  Encounter(const Case& one, std::uint64_t seed, const Between& between, const Across& across)
      : made_(across.world ? across.world(seed) : std::make_unique<sim::MemoryWorld>(seed)),
        world_(*made_),
        broker_(settings_of(one, across), broker::Durability::process, Rng(seed).child("broker")),
        between_(between ? between(broker_) : nullptr),
        web_socket_(needs(one, "websocket") ? over_web_socket(across) : nullptr),
        host_(world_, top()),
        play_(one, surroundings(one, across)) {
    if (has_users(one)) broker_.let_in_only({{"lab", "secret"}, {"guest", "guest"}});
    if (needs(one, "echo_method")) broker_.let_in_who_echoes(echo_method, "lab");
    for (int i = 0; i < devices_max; ++i)
      devices_.push_back(world_.add_device("device " + std::to_string(i), across.link));
  }

  Outcome run() {
    world_.call_at(world_.now(), [this] {
      host_.start();
      play_.start(world_.now());
      act();
    });
    world_.run_until(world_.now() + longest);
    play_.abandon("a year of virtual time has passed", world_.now());
    return play_.take_outcome();
  }

 private:
  static constexpr int devices_max = 8;

  sim::BrokerBackend& erring_or_not() { return between_ ? *between_ : broker_; }
  sim::BrokerBackend& top() { return web_socket_ ? *web_socket_ : erring_or_not(); }
  std::unique_ptr<sim::BrokerBackend> over_web_socket(const Across& across) {
    return std::make_unique<scenario::LayeredBackend>(
        erring_or_not(), [bent = across.web_socket](const std::string&) {
          auto layer = transport::websocket_server_layer({});
          return bent ? bent(std::move(layer)) : std::move(layer);
        });
  }

  // A round trip of TCP's opening, one of CONNECT, and one that may be lost and repeated. Nothing
  // is added where there is next to none.
  static Surroundings surroundings(const Case& one, const Across& across) {
    const Duration round_trip = conformance::round_trip(across.link);
    const Duration tolerance = round_trip > 2 * one_way ? 3 * round_trip : Duration{};
    Surroundings around{
        .topic = "lab",
        .client_id = "lab",
        .patience = {reply + 10 * tolerance, quiet + tolerance, tolerance, tolerance},
        .abilities = across.abilities,
        .slack = std::chrono::seconds(1) + tolerance};
    if (has_users(one)) around.given = abilities_of_ours().given;
    around.given["method"] = echo_method;
    return around;
  }

  void act() {
    while (auto action = play_.poll())
      std::visit(overloaded{[this](OpenLink& open) { this->open(open); },
                            [this](SendOnLink& send) { this->send(send); },
                            [this](EndLink& end) { this->end(end); }},
                 *action);
    if (play_.is_over()) return world_.stop();
    world_.cancel(timer_);
    timer_ = sim::TimerId::none;
    if (const auto due = play_.deadline())
      timer_ = world_.call_at(*due, [this] {
        timer_ = sim::TimerId::none;
        play_.on_tick(world_.now());
        act();
      });
  }

  void open(const OpenLink& open) {
    const std::size_t device = free_device();
    device_of_[open.link] = device;
    auto& socket = sockets_[open.link];
    socket = world_.connect(devices_[device]);
    const LinkNumber link = open.link;
    socket->listen_to({.connected =
                           [this, link] {
                             play_.on_open(link, world_.now());
                             act();
                           },
                       .readable = [this, link] { read(link); },
                       .writable = [this, link] { flush(link); },
                       .failed =
                           [this, link](sim::CloseCause cause) {
                             play_.on_end(link, words(cause), world_.now());
                             act();
                           }});
  }

  // Each connection has a device of its own as long as there are some: its link may vanish.
  std::size_t free_device() const {
    std::size_t best = 0;
    std::size_t least = static_cast<std::size_t>(-1);
    for (std::size_t device = 0; device < devices_.size(); ++device) {
      if (vanished_.contains(device)) continue;
      const auto users = static_cast<std::size_t>(
          std::count_if(sockets_.begin(), sockets_.end(),
                        [&](const auto& one) { return device_of_.at(one.first) == device; }));
      if (users < least) {
        best = device;
        least = users;
      }
    }
    return best;
  }

  void vanish(LinkNumber link) {
    const std::size_t device = device_of_.at(link);
    vanished_.insert(device);
    world_.set_link(devices_[device], false, false);
    waiting_[link].clear();
  }

  static std::string words(sim::CloseCause cause) {
    return cause == sim::CloseCause::closed ? "the connection is closed"
                                            : "the connection is " + std::string(name(cause));
  }

  void read(LinkNumber link) {
    const auto found = sockets_.find(link);
    if (found == sockets_.end()) return;
    std::array<std::byte, 65536> bytes;
    while (const std::size_t count = found->second->read(bytes))
      play_.on_bytes(link, std::span(bytes).first(count), world_.now());
    if (found->second->at_end()) play_.on_end(link, "the connection is closed", world_.now());
    act();
  }

  void send(const SendOnLink& send) {
    auto& waiting = waiting_[send.link];
    waiting.insert(waiting.end(), send.bytes.begin(), send.bytes.end());
    flush(send.link);
  }

  void flush(LinkNumber link) {
    auto& waiting = waiting_[link];
    const auto found = sockets_.find(link);
    if (waiting.empty() || found == sockets_.end()) return;
    const std::size_t taken = found->second->write(waiting);
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(taken));
    if (waiting.empty() && closing_.contains(link)) finish(link, closing_.at(link));
  }

  void end(const EndLink& end) {
    if (end.how == HowToEnd::vanish) return vanish(end.link);
    if (end.how != HowToEnd::reset && !waiting_[end.link].empty())
      closing_[end.link] = end.how;
    else
      finish(end.link, end.how);
  }

  void finish(LinkNumber link, HowToEnd how) {
    const auto found = sockets_.find(link);
    if (found == sockets_.end()) return;
    if (how == HowToEnd::half_close) return found->second->shutdown_write();
    if (how == HowToEnd::reset) found->second->reset();
    // Not from inside one of its own callbacks.
    auto gone = std::make_shared<std::unique_ptr<sim::Socket>>(std::move(found->second));
    sockets_.erase(found);
    world_.call_at(world_.now(), [gone] { gone->reset(); });
  }

  const std::unique_ptr<sim::World> made_;
  sim::World& world_;
  sim::LinkedBackend broker_;
  const std::unique_ptr<sim::BrokerBackend> between_;
  const std::unique_ptr<sim::BrokerBackend> web_socket_;  // takes the frames off
  sim::BrokerHost host_;
  Play play_;
  std::vector<sim::DeviceId> devices_;
  std::map<LinkNumber, std::unique_ptr<sim::Socket>> sockets_;
  std::map<LinkNumber, std::size_t> device_of_;
  std::set<std::size_t> vanished_;
  std::map<LinkNumber, std::vector<std::byte>> waiting_;
  std::map<LinkNumber, HowToEnd> closing_;
  sim::TimerId timer_ = sim::TimerId::none;
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

Outcome play_against_ours(const Case& one, std::uint64_t seed, const Between& between,
                          const Across& across) {
  return Encounter(one, seed, between, across).run();
}

}  // namespace mq::conformance
