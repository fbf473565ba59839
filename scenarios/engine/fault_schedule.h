// The storm: cuts, outages and crashes at their instants, until the calm ends them all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
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
};

class FaultSchedule final : public trace::Observer {
 public:
  // `kill` and `restart` are the broker's. Everything outlives the run.
  FaultSchedule(const Plan& plan, sim::World& world, Tracer& tracer,
                const std::vector<FleetMember>& fleet, Rng rng,
                std::function<void(sim::Crash)> kill, std::function<void()> restart);

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
  struct Placed {  // behind a packet
    std::size_t fault;
    std::vector<Instant> armed;  // from when on, by position in FaultPlan::clients
  };
  struct CutsNow {
    int up = 0;
    int down = 0;
  };

  void strike(std::size_t fault);
  void cut(std::size_t fault, const Cut& cut, Instant until);
  void cut_one(std::size_t fault, std::uint32_t member);
  void crash(std::size_t fault, const CrashBroker& crash);
  void add_outages(std::optional<sim::link::OutageModel> LinkPlan::*part, const Rng& rng);
  void next_outage(std::size_t outage, Instant after);
  void hold(std::size_t member, int up, int down);

  const Plan& plan_;
  sim::World& world_;
  Tracer& tracer_;
  const std::vector<FleetMember>& fleet_;
  std::function<void(sim::Crash)> kill_;
  std::function<void()> restart_;
  Instant storm_ends_;
  std::vector<CutsNow> cuts_;  // per member: overlapping faults add up
  std::vector<Outage> outages_;
  std::vector<Placed> placed_;
  int crashes_now_ = 0;
};

}  // namespace mq::scenario
