#include "scenarios/engine/run.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/rng.h"
#include "scenarios/engine/device.h"
#include "scenarios/engine/fault_schedule.h"
#include "scenarios/engine/recorder.h"
#include "scenarios/engine/run_hash.h"
#include "scenarios/engine/tapped_backend.h"
#include "sim/broker_host.h"

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
  }

 private:
  RunHash& hash_;
  trace::Observer& next_;
};

struct Fleet {
  std::vector<FleetMember> members;
  std::vector<std::unique_ptr<Device>> devices;
};

Fleet build_fleet(const Plan& plan, FleetContext& context, const Rng& rng) {
  Fleet fleet;
  std::uint32_t index = 0;
  for (const GroupPlan& group : plan.groups) {
    for (std::size_t number = 1; number <= group.count; ++number, ++index) {
      const std::string id = client_id(group, number);
      const sim::DeviceId place = context.world.add_device(id, plan.links[group.link].model);
      const Version version = group.versions[(number - 1) % group.versions.size()];
      fleet.members.push_back({id, group.link, place});
      fleet.devices.push_back(std::make_unique<Device>(context, group, version, id,
                                                       trace::ClientIndex{index}, place,
                                                       rng.child("device/" + id)));
    }
  }
  return fleet;
}

// True if the end was reached.
bool run_in_slices(sim::World& world, Instant end, const std::function<bool(Instant)>& go_on) {
  const Duration slice = std::max<Duration>((end - Instant{}) / slices, Duration(1));
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
  Tee tee(hash, observer);
  Recorder recorder(world, tee);
  TappedBackend tapped(broker, recorder);
  sim::BrokerHost host(world, tapped);

  const Instant storm_ends = Instant{} + plan.duration;
  sim::StreamLoop loop(world);
  FleetContext context{world, loop, recorder, storm_ends, options.client_fault};
  Fleet fleet = build_fleet(plan, context, rng);
  FaultSchedule faults(
      plan, world, recorder, fleet.members, rng.child("faults"),
      [&host](sim::Crash how) { host.kill(how); }, [&host] { host.start(); });

  world.call_at(Instant{}, [&host] { host.start(); });
  for (auto& device : fleet.devices) device->begin();
  faults.begin();
  world.call_at(storm_ends, [&recorder] { recorder.record(trace::CalmBegan{}); });

  RunEnd end;
  end.complete = run_in_slices(world, storm_ends + plan.calm, options.go_on);
  end.reached = world.now();
  recorder.record(trace::RunEnded{end.complete});
  end.hash = hash.finish(world.chance_digest());
  for (const FleetMember& member : fleet.members)
    end.traffic.push_back(world.traffic(member.place));
  return end;
}

}  // namespace mq::scenario
