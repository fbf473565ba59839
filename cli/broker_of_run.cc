#include "cli/broker_of_run.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

#include "cli/exit_code.h"
#include "cli/realtime_broker.h"
#include "cli/virtual_broker.h"
#include "conformance/runner/address.h"
#include "peers/peer.h"
#include "scenarios/engine/fleet_transports.h"
#include "sim/linked/linked_backend.h"

namespace mq::cli {
namespace {

bool crashes(const scenario::Plan& plan, std::optional<sim::Crash> how = std::nullopt) {
  return std::any_of(plan.faults.begin(), plan.faults.end(), [&](const auto& fault) {
    const auto* crash = std::get_if<scenario::CrashBroker>(&fault.what);
    return crash != nullptr && (!how || crash->how == *how);
  });
}

bool fills_disk(const scenario::Plan& plan) {
  return std::any_of(plan.faults.begin(), plan.faults.end(), [](const auto& fault) {
    return std::holds_alternative<scenario::FillDisk>(fault.what);
  });
}

// ---- Ours ---------------------------------------------------------------------------------------

broker::AccessRules rules_of(const std::vector<scenario::UserPlan>& users) {
  using Grant = broker::AccessRules::Grant;
  broker::AccessRules rules;
  for (const auto& user : users) {
    for (const auto& filter : user.publish) rules.add(user.name, Grant::write, filter);
    for (const auto& filter : user.subscribe) rules.add(user.name, Grant::read, filter);
  }
  return rules;
}

std::map<std::string, std::string> passwords_of(const std::vector<scenario::UserPlan>& users) {
  std::map<std::string, std::string> passwords;
  for (const auto& user : users) passwords.emplace(user.name, user.password);
  return passwords;
}

broker::Settings settings_of(const scenario::Plan& plan, broker::Fault fault) {
  broker::Settings settings;
  settings.fault = fault;
  if (plan.broker.receive_maximum) settings.limits.receive_maximum = *plan.broker.receive_maximum;
  // The limit keeps a real machine alive; here it would refuse a part of a large fleet. Each device
  // may have a connection that the broker takes for alive beside its new one.
  std::size_t clients = 0;
  for (const scenario::GroupPlan& group : plan.groups) clients += group.count;
  settings.limits.links = std::max(settings.limits.links, 2 * clients);
  if (!plan.broker.users.empty()) settings.access.rules = rules_of(plan.broker.users);
  return settings;
}

bool is_timed(const scenario::Plan& plan) {
  return plan.broker.service_time && plan.broker.service_time->is_measured;
}

Duration thread_cpu() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// The processor time that a broker in this very thread takes, call by call.
class TimedBackend final : public sim::BrokerBackend {
  auto timed(const auto& work) {
    struct Stopwatch {
      Duration& sum;
      Duration began = thread_cpu();
      ~Stopwatch() { sum += thread_cpu() - began; }
    } const stopwatch{cpu_};
    return work();
  }

 public:
  explicit TimedBackend(sim::BrokerBackend& broker) : broker_(broker) {}
  std::optional<Instant> start(Instant now) override { return broker_.start(now); }
  std::optional<Instant> step(Instant now) override {
    return timed([&] { return broker_.step(now); });
  }
  sim::BackendLink open(const std::string& peer) override {
    return timed([&] { return broker_.open(peer); });
  }
  std::size_t write(sim::BackendLink link, std::span<const std::byte> bytes) override {
    return timed([&] { return broker_.write(link, bytes); });
  }
  std::size_t read(sim::BackendLink link, std::span<std::byte> into) override {
    return timed([&] { return broker_.read(link, into); });
  }
  void half_close(sim::BackendLink link) override {
    timed([&] { broker_.half_close(link); });
  }
  void reset(sim::BackendLink link) override {
    timed([&] { broker_.reset(link); });
  }
  std::vector<Ready> ready() override {
    return timed([&] { return broker_.ready(); });
  }
  std::vector<Memory> memory(sim::BackendLink link) const override { return broker_.memory(link); }
  bool fill_disk(bool full) override { return broker_.fill_disk(full); }
  Duration took() override { return cpu_ - std::exchange(cpu_told_, cpu_); }
  void kill(sim::Crash how) override { broker_.kill(how); }

  Duration cpu() const { return cpu_; }

 private:
  sim::BrokerBackend& broker_;
  Duration cpu_{};
  Duration cpu_told_{};
};

class OurBroker final : public BrokerOfRun {
 public:
  OurBroker(const scenario::Plan& plan, broker::Fault fault, bool measures_cpu)
      : backend_(settings_of(plan, fault), static_cast<broker::Durability>(plan.broker.durability),
                 Rng(plan.seed).child("broker"),
                 // Only a broker that comes back shows what its store was worth.
                 crashes(plan) || fills_disk(plan) ? sim::LinkedBackend::Keeps::on_disk
                                                   : sim::LinkedBackend::Keeps::in_memory,
                 plan.broker.sync) {
    if (!plan.broker.users.empty()) backend_.let_in_only(passwords_of(plan.broker.users));
    if (measures_cpu || is_timed(plan)) timed_.emplace(backend_);
  }
  sim::BrokerBackend& backend() override {
    return timed_ ? static_cast<sim::BrokerBackend&>(*timed_) : backend_;
  }
  Duration cpu() const override { return timed_ ? timed_->cpu() : Duration{}; }

 private:
  sim::LinkedBackend backend_;
  std::optional<TimedBackend> timed_;
};

// ---- Another ------------------------------------------------------------------------------------

std::string version_text(Version version) { return version == Version::v5 ? "5.0" : "3.1.1"; }

void require_versions(const scenario::Plan& plan, const peers::Adapter& adapter) {
  const auto& spoken = adapter.capabilities.versions;
  for (const scenario::GroupPlan& group : plan.groups) {
    if (group.rest) continue;
    for (const Version version : group.versions) {
      if (std::find(spoken.begin(), spoken.end(), version_text(version)) != spoken.end()) continue;
      const char* const way_out =
          version == Version::v5 ? "; with --protocol 3.1.1 nobody does" : "";
      throw NoBroker(exit_code::usage, plan.file + ": the group `" + group.name + "` speaks MQTT " +
                                           version_text(version) + ", and " + adapter.title +
                                           " does not" + way_out);
    }
  }
}

void log_in_everybody(scenario::Plan& plan, const peers::Adapter& adapter) {
  if (!adapter.login) return;
  for (scenario::GroupPlan& group : plan.groups) {
    if (!group.user_name.empty()) continue;
    group.user_name = adapter.login->user;
    group.password = adapter.login->password;
  }
}

bool has(const std::vector<std::string>& words, const char* word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

class OtherBroker final : public BrokerOfRun {
 public:
  OtherBroker(scenario::Plan& plan, const peers::Adapter& adapter, const std::string& log_file)
      : title_(adapter.title), release_(peers::installed_release(adapter)), log_file_(log_file) {
    require_versions(plan, adapter);
    log_in_everybody(plan, adapter);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(log_file, ignored))
      std::filesystem::remove(log_file, ignored);
    VirtualBroker wanted{.seed = Rng(plan.seed).child("broker").next(),
                         .settings = settings_for(plan, adapter),
                         .log_file = log_file,
                         .listeners = listeners_for(plan, adapter),
                         .has_disk = crashes(plan, sim::Crash::machine)};
    if (has(wanted.listeners, "mqtts")) {
      transport::TlsPem pem = scenario::broker_certificate(plan.seed);
      wanted.certificate = std::move(pem.certificate);
      wanted.key = std::move(pem.key);
      wanted.authority = std::move(pem.authorities);
    }
    backend_ = virtual_broker(adapter, wanted);
    say_what_differs(plan, adapter);
  }

  // What differs from run to run has no place in the results.
  ~OtherBroker() override {
    if (!backend_) return;
    const auto cpu =
        std::chrono::duration_cast<std::chrono::milliseconds>(backend_->program().cpu());
    backend_.reset();
    std::ofstream(log_file_, std::ios::app)
        << "mqttlab: it took " << cpu.count() << " ms of processor time\n";
  }
  OtherBroker(const OtherBroker&) = delete;
  OtherBroker& operator=(const OtherBroker&) = delete;

  sim::BrokerBackend& backend() override { return *backend_; }
  std::string trouble() const override { return backend_->trouble(); }
  Duration cpu() const override { return backend_->cpu_since_start(); }
  std::vector<std::string> ended_by_itself() const override { return backend_->unexpected_ends(); }

  std::vector<report::Setting> about() const override {
    std::vector<report::Setting> rows;
    rows.push_back({"broker", release_.empty() ? title_ : release_, ""});
    rows.push_back({"back end", std::string(sim::name(backend_->program().mode())), ""});
    std::string calls;
    for (const std::string& call : backend_->program().unfaithful())
      calls += (calls.empty() ? "" : ", ") + call;
    if (!calls.empty()) rows.push_back({"not faithful", calls, ""});
    for (const std::string& end : ended_by_itself())
      rows.push_back({"the broker ended by itself", end, ""});
    if (backend_->clock_ahead() > Duration::zero())
      rows.push_back({"the broker's clock is ahead by",
                      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         backend_->clock_ahead())
                                         .count()) +
                          " ms, which it took to start",
                      ""});
    rows.insert(rows.end(), differs_.begin(), differs_.end());
    return rows;
  }

 private:
  static std::vector<std::string> settings_for(const scenario::Plan& plan,
                                               const peers::Adapter& adapter) {
    const bool keeps = crashes(plan) && plan.broker.durability != trace::Durability::none;
    if (keeps && has(adapter.settings, "durable")) return {"durable"};
    return {};
  }

  // Its own listeners for what the fleet speaks; what it has none for is taken off before it.
  static std::vector<std::string> listeners_for(const scenario::Plan& plan,
                                                const peers::Adapter& adapter) {
    std::vector<std::string> listeners;
    const auto want = [&](scenario::Transport transport, const char* listener) {
      if (uses(plan, transport) && has(adapter.listeners, listener))
        listeners.emplace_back(listener);
    };
    want(scenario::Transport::tls, "mqtts");
    want(scenario::Transport::websocket, "ws");
    return listeners;
  }

  static bool uses(const scenario::Plan& plan, scenario::Transport transport) {
    return std::any_of(
        plan.groups.begin(), plan.groups.end(),
        [&](const scenario::GroupPlan& group) { return group.transport == transport; });
  }

  void say_what_differs(const scenario::Plan& plan, const peers::Adapter& adapter) {
    const auto differs = [this](std::string text) {
      differs_.push_back({"note", std::move(text), ""});
    };
    if (plan.broker.sync > Duration::zero()) differs("`sync` is of our own broker's disk");
    if (plan.broker.receive_maximum) differs("`receive_maximum` is of our own broker");
    if (crashes(plan) && !has(adapter.settings, "durable"))
      differs("its adapter has no setting `durable`: a crash leaves nothing");
    if (crashes(plan, sim::Crash::machine))
      differs(
          "after a power failure its files hold what it had synced last (fsync, fdatasync); their "
          "names stay as they are");
    using scenario::Transport;
    if (uses(plan, Transport::tls) && !has(adapter.listeners, "mqtts"))
      differs("mqttlab takes TLS off before the broker, whose adapter has no listener for it");
    if (uses(plan, Transport::websocket) && !has(adapter.listeners, "ws"))
      differs(
          "mqttlab takes WebSocket off before the broker, whose adapter has no listener for it");
    if (uses(plan, Transport::wss))
      differs("mqttlab takes WebSocket over TLS off before the broker");
    if (!adapter.untested.empty()) differs("this adapter is untested: " + adapter.untested);
  }

  std::string title_;
  std::string release_;
  std::string log_file_;
  std::unique_ptr<sim::ExternalBackend> backend_;
  std::vector<report::Setting> differs_;
};

}  // namespace

std::unique_ptr<BrokerOfRun> broker_of_run(scenario::Plan& plan, broker::Fault fault,
                                           const std::string& log_file,
                                           const BrokerWishes& wishes) {
  if (plan.broker.external.empty())
    return std::make_unique<OurBroker>(plan, fault, wishes.measures_cpu);
  if (fills_disk(plan))
    throw NoBroker(exit_code::usage, plan.file +
                                         ": the disk that gets full is that of our own "
                                         "broker, and " +
                                         plan.broker.external + " has another");
  if (!plan.broker.users.empty())
    throw NoBroker(exit_code::usage, plan.file + ": `users` are those of our own broker, and " +
                                         plan.broker.external + " does not know them");
  if (conformance::looks_like_url(plan.broker.external)) {
    if (!wishes.lives_in_real_time)
      throw NoBroker(exit_code::usage, plan.broker.external +
                                           ": a broker by URL lives in real time; name an adapter");
    return realtime_broker(plan);
  }
  try {
    return std::make_unique<OtherBroker>(plan, peers::find_adapter(plan.broker.external), log_file);
  } catch (const peers::AdapterError& error) {
    throw NoBroker(exit_code::usage, error.what());
  } catch (const std::invalid_argument& error) {
    throw NoBroker(exit_code::usage, error.what());
  } catch (const peers::PeerError& error) {
    throw NoBroker(exit_code::unreachable, error.what());
  } catch (const std::system_error& error) {
    throw NoBroker(exit_code::fault, plan.broker.external + ": " + error.what());
  }
}

}  // namespace mq::cli
