// The storm: faults and outages at their instants, until the calm ends them all. What befalls
// devices between stations it only tells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "scenarios/engine/device.h"
#include "scenarios/engine/program_device.h"
#include "scenarios/engine/rest_device.h"
#include "scenarios/engine/tracer.h"
#include "scenarios/plan.h"
#include "sim/backend.h"
#include "sim/link/outages.h"
#include "sim/world.h"

namespace mq::scenario {

// What the storm can touch; in the order of RunInfo::clients.
struct FleetMember {
  std::string id;
  std::size_t link;  // position in Plan::links
  sim::DeviceId place;
  // One of these.
  Device* device = nullptr;
  ProgramDevice* program = nullptr;
  RestDevice* rest = nullptr;
};

// What it can do to the broker.
struct BrokerFaults {
  std::function<void(sim::Crash)> kill;
  std::function<void()> restart;
  std::function<void(bool)> pause;      // and go on
  std::function<void(bool)> fill_disk;  // and give it room again
};

class FaultSchedule final : public trace::Observer {
 public:
  // Everything outlives the run.
  FaultSchedule(const Plan& plan, sim::World& world, Tracer& tracer,
                const std::vector<FleetMember>& fleet, Rng rng, BrokerFaults broker);

  void begin();  // before the world runs
  // Of the run itself: some faults begin at a packet. A link that is cut here carries nothing of
  // what its end is about to send.
  bool waits_for_packets() const { return !placed_.empty(); }
  void observe(const trace::Event& event) override;

 private:
  struct Outage {       // of one member, again and again
    std::size_t fault;  // position in RunInfo::faults
    std::size_t member;
    sim::link::Outages times;
    bool changes_address;
  };
  struct Between {      // stations
    std::size_t fault;  // the first of the member's
    std::span<const MoveName> moves;
  };
  struct Placed {  // behind a packet
    std::size_t fault;
    std::vector<Instant> armed;  // from when on, by position in FaultPlan::watched
  };
  struct CutsNow {
    int up = 0;
    int down = 0;
  };

  void strike_again_and_again(std::size_t fault);
  void strike(std::size_t fault);
  void strike_one(std::size_t fault, std::uint32_t member);
  void swizzle(std::size_t fault);
  void begins(std::size_t fault, std::uint32_t member);
  static void begins_at(Device& device, const FaultKind& what);
  void call(std::uint32_t member);
  void ends(std::size_t fault, std::uint32_t member);
  // For one of its clients, or for all.
  void ends_at(std::size_t fault, Instant when, std::optional<std::uint32_t> only = std::nullopt);
  void strike_broker(std::size_t fault);
  bool happens(const FaultPlan& fault) { return fault.chance >= 1 || rng_.unit() < fault.chance; }
  std::vector<std::uint32_t> in_random_order(std::vector<std::uint32_t> members);

  void add_outages(std::optional<sim::link::OutageModel> LinkPlan::*part, const Rng& rng);
  void moved(const sim::World::Moved& moved);
  void next_outage(std::size_t outage, Instant after);
  void hold(std::size_t member, int up, int down);
  void trouble(std::size_t member);

  const Plan& plan_;
  sim::World& world_;
  Tracer& tracer_;
  const std::vector<FleetMember>& fleet_;
  const BrokerFaults broker_;
  Instant storm_ends_;
  Rng rng_;
  std::vector<CutsNow> cuts_;                          // per member: overlapping faults add up
  std::vector<std::vector<const Disturb*>> troubles_;  // per member, if there are any
  std::vector<Outage> outages_;
  std::map<sim::DeviceId, Between> between_;
  std::vector<Placed> placed_;
  int crashes_now_ = 0;
  int pauses_now_ = 0;
  int full_disks_now_ = 0;
};

}  // namespace mq::scenario
