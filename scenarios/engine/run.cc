#include "scenarios/engine/run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/ensure.h"
#include "base/rng.h"
#include "scenarios/engine/device.h"
#include "scenarios/engine/fault_schedule.h"
#include "scenarios/engine/fleet_transports.h"
#include "scenarios/engine/layered_backend.h"
#include "scenarios/engine/program_device.h"
#include "scenarios/engine/rest_device.h"
#include "scenarios/engine/run_hash.h"
#include "scenarios/engine/store_backend.h"
#include "scenarios/engine/tapped_backend.h"
#include "scenarios/engine/tracer.h"
#include "sim/broker_host.h"
#include "sim/link/parts.h"
#include "sim/trace/batch.h"

namespace mq::scenario {
namespace {

// How often `go_on` is asked, over the whole run.
constexpr int slices = 1000;

// Gives every event to the hash and to the caller's observer.
class Tee final : public trace::Observer {
 public:
  Tee(RunHash& hash, trace::Observer& next) : hash_(hash), next_(next) {}
  void observe(const trace::Event& event) override {
    hash_.observe(event);
    next_.observe(event);
    if (last_ != nullptr) last_->observe(event);
  }
  // Hears everything after the others: it may act upon it.
  void then(trace::Observer& last) { last_ = &last; }

 private:
  RunHash& hash_;
  trace::Observer& next_;
  trace::Observer* last_ = nullptr;
};

// Who can wait gets events in batches.
class Gathered {
 public:
  explicit Gathered(trace::Observer& observer) : observer_(observer) {
    if (auto* many = dynamic_cast<trace::BatchObserver*>(&observer)) batch_.emplace(*many);
  }
  trace::Observer& observer() { return batch_ ? *batch_ : observer_; }
  void flush() {
    if (batch_) batch_->flush();
  }

 private:
  trace::Observer& observer_;
  std::optional<trace::Batch> batch_;
};

struct Fleet {
  std::vector<FleetMember> members;
  std::vector<std::unique_ptr<Device>> devices;
  std::vector<std::unique_ptr<ProgramDevice>> programs;
  std::vector<std::unique_ptr<RestDevice>> rest;
};

std::string output_of(const std::string& folder, const std::string& id) {
  return folder.empty() ? "/dev/null" : folder + "/" + id + ".log";
}

void tell_of_programs(const Fleet& fleet, RunEnd& end) {
  for (const auto& program : fleet.programs) {
    for (const auto& [how, times] : program->ends())
      if (how != "with status 0")
        end.programs.push_back(program->id() + " ended " + how + ", " + std::to_string(times) +
                               (times == 1 ? " time" : " times"));
    for (const std::string& call : program->unfaithful())
      end.programs.push_back(program->id() + " is not faithful: " + call);
    if (end.program_trouble.empty()) end.program_trouble = program->trouble();
  }
}

Fleet build_fleet(const Plan& plan, FleetContext& context, const Rng& rng,
                  const std::string& programs_folder) {
  Fleet fleet;
  std::uint32_t index = 0;
  for (const GroupPlan& group : plan.groups) {
    for (std::size_t number = 1; number <= group.count; ++number, ++index) {
      const std::string id = client_id(group, number);
      const sim::DeviceId place = context.world.add_device(id, plan.links[group.link].model);
      const Version version = group.versions[(number - 1) % group.versions.size()];
      FleetMember& member = fleet.members.emplace_back(FleetMember{id, group.link, place});
      const trace::ClientIndex client{index};
      const Rng chance = rng.child("device/" + id);
      if (group.program)
        member.program = fleet.programs
                             .emplace_back(std::make_unique<ProgramDevice>(
                                 context.world, context.tracer, group, id, client, place, chance,
                                 output_of(programs_folder, id)))
                             .get();
      else if (group.rest)
        member.rest = fleet.rest
                          .emplace_back(std::make_unique<RestDevice>(context, group, id, client,
                                                                     place, chance))
                          .get();
      else
        member.device = fleet.devices
                            .emplace_back(std::make_unique<Device>(context, group, version, id,
                                                                   client, place, chance))
                            .get();
    }
  }
  return fleet;
}

bool has_layers(const Plan& plan) {
  return std::any_of(plan.groups.begin(), plan.groups.end(),
                     [](const GroupPlan& group) { return group.transport != Transport::tcp; });
}

bool has_http(const Plan& plan) {
  return std::any_of(plan.groups.begin(), plan.groups.end(),
                     [](const GroupPlan& group) { return group.rest.has_value(); });
}

std::optional<sim::Listener> own_listener(const sim::BrokerBackend& broker, Transport transport) {
  if (transport == Transport::tls && broker.has(sim::Listener::mqtts)) return sim::Listener::mqtts;
  if (transport == Transport::websocket && broker.has(sim::Listener::websocket))
    return sim::Listener::websocket;
  return std::nullopt;
}

struct Comes {
  Transport transport;
  bool speaks_http;
};
std::vector<Comes> by_client(const Plan& plan) {
  std::vector<Comes> all;
  for (const GroupPlan& group : plan.groups)
    all.insert(all.end(), group.count, {group.transport, group.rest.has_value()});
  return all;
}

StoreBackend::Find those_with_http(const Plan& plan, const Tracer& tracer) {
  return [&tracer, all = by_client(plan)](const std::string& peer) {
    const trace::Connection* const connection = tracer.connection_at(peer);
    ensure(connection != nullptr, "every connection comes from a device of the fleet");
    const bool is_one = all.at(static_cast<std::size_t>(connection->client)).speaks_http;
    return is_one ? std::optional(*connection) : std::nullopt;
  };
}

// What the broker takes off itself passes, and is read with the secrets of the device.
TappedBackend::Unwrap unwrapped(const Plan& plan, const sim::BrokerBackend& broker,
                                FleetTransports& transports) {
  return [&broker, &transports,
          all = by_client(plan)](trace::Connection connection) -> TappedBackend::Wrapping {
    const Transport transport = all.at(static_cast<std::size_t>(connection.client)).transport;
    const auto listener = own_listener(broker, transport);
    if (!listener) return {};
    return {*listener, transports.revealed(transport, connection)};
  };
}

// The broker has a listener for each transport: a device comes to that of its own.
LayeredBackend::MakeLayer layers_of_peers(const Plan& plan, const sim::BrokerBackend& broker,
                                          const Tracer& tracer, FleetTransports& transports,
                                          const Rng& rng) {
  return [&tracer, &broker, &transports, rng,
          all = by_client(plan)](const std::string& peer) -> std::unique_ptr<transport::Layer> {
    const trace::Connection* const connection = tracer.connection_at(peer);
    ensure(connection != nullptr, "every connection comes from a device of the fleet");
    const auto client = static_cast<std::size_t>(connection->client);
    const Comes& comes = all.at(client);
    if (!comes.speaks_http && own_listener(broker, comes.transport)) return nullptr;
    return transports.at_broker(
        comes.transport, *connection,
        rng.child(std::to_string(client) + "/" + std::to_string(connection->number)));
  };
}

// A radio without states is on while packets are on the air.
trace::Spent spent(trace::ClientIndex client, const sim::World::Traffic& traffic,
                   const LinkPlan& link, Duration run) {
  trace::Spent spent{client, traffic.bytes_up, traffic.bytes_down};
  if (link.model.parts && link.model.parts->radio) spent.radio_on = traffic.radio_on;
  if (!link.power) return spent;
  const Duration on_air = traffic.air_up + traffic.air_down;
  const Duration waiting = std::max(traffic.radio_on - on_air, Duration::zero());
  const Duration idle = std::max(run - on_air - waiting, Duration::zero());
  const double millijoules =
      link.power->send * seconds(traffic.air_up) + link.power->receive * seconds(traffic.air_down) +
      link.power->connected * seconds(waiting) + link.power->idle * seconds(idle);
  spent.microjoules = static_cast<std::uint64_t>(millijoules * 1000);
  return spent;
}

// True if the end was reached.
bool run_in_slices(sim::World& world, Instant end, std::optional<Duration> every,
                   const std::function<bool(Instant)>& go_on) {
  const Duration slice =
      every.value_or(std::max<Duration>((end - Instant{}) / slices, Duration(1)));
  for (Instant next = Instant{} + slice;; next += slice) {
    world.run_until(std::min(next, end));
    if (next >= end) return true;
    if (!go_on(world.now())) return false;
  }
}

}  // namespace

RunEnd run(const Plan& plan, sim::World& world, sim::BrokerBackend& broker,
           trace::Observer& observer, const RunOptions& options) {
  const Rng rng(plan.seed);
  RunHash hash;
  Gathered gathered(observer);
  Tee tee(hash, gathered.observer());
  Tracer tracer(world, tee);
  trace::HearEncrypted hear_encrypted;
  if (options.hear_encrypted)
    hear_encrypted = [&](const trace::EncryptedRecords& records) {
      gathered.flush();  // captures are in the order of time
      options.hear_encrypted(records);
    };
  FleetTransports transports(world, rng.child("transports"), hear_encrypted);
  TappedBackend tapped(broker, tracer, unwrapped(plan, broker, transports),
                       plan.broker.service_time);
  StoreBackend store(tapped, tracer, plan.store, those_with_http(plan, tracer));
  sim::BrokerBackend& speaking = has_http(plan) ? static_cast<sim::BrokerBackend&>(store) : tapped;
  LayeredBackend layered(
      speaking, layers_of_peers(plan, broker, tracer, transports, rng.child("broker/layers")));
  sim::BrokerHost host(world,
                       has_layers(plan) ? static_cast<sim::BrokerBackend&>(layered) : speaking);

  const Instant storm_ends = Instant{} + plan.duration;
  sim::StreamLoop loop(world);
  FleetContext context{world, loop, tracer, storm_ends, options.client_fault, transports};
  Fleet fleet = build_fleet(plan, context, rng, options.programs_folder);
  FaultSchedule faults(plan, world, tracer, fleet.members, rng.child("faults"),
                       {.kill = [&host](sim::Crash how) { host.kill(how); },
                        .restart = [&host] { host.start(); },
                        .pause = [&host](bool on) { on ? host.pause() : host.resume(); },
                        .fill_disk =
                            [&host, &broker](bool full) {
                              broker.fill_disk(full);
                              host.wake();
                            }});

  world.call_at(Instant{}, [&host] { host.start(); });
  for (auto& device : fleet.devices) device->begin();
  for (auto& program : fleet.programs) program->begin();
  for (auto& device : fleet.rest) device->begin();
  faults.begin();
  if (faults.waits_for_packets()) tee.then(faults);
  world.call_at(storm_ends, [&tracer] { tracer.record(trace::CalmBegan{}); });

  RunEnd end;
  end.complete =
      run_in_slices(world, storm_ends + plan.calm, options.go_on_every, [&](Instant reached) {
        gathered.flush();
        return options.go_on(reached);
      });
  end.reached = world.now();
  for (const FleetMember& member : fleet.members) {
    end.traffic.push_back(world.traffic(member.place));
    const auto client = static_cast<std::uint32_t>(end.traffic.size() - 1);
    tracer.record(spent(trace::ClientIndex{client}, end.traffic.back(), plan.links[member.link],
                        end.reached - Instant{}));
  }
  tracer.record(trace::RunEnded{end.complete});
  gathered.flush();
  tell_of_programs(fleet, end);
  end.hash = hash.finish(world.chance_digest());
  return end;
}

}  // namespace mq::scenario
