#include "scenarios/engine/fault_schedule.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"

namespace mq::scenario {
namespace {

Duration exponential(Rng& rng, Duration mean) {
  boost::random::exponential_distribution<double> distribution(1.0);
  return Duration(
      static_cast<Duration::rep>(static_cast<double>(mean.count()) * distribution(rng)));
}

}  // namespace

FaultSchedule::FaultSchedule(const Plan& plan, sim::World& world, Tracer& tracer,
                             const std::vector<FleetMember>& fleet, Rng rng,
                             std::function<void(sim::Crash)> kill, std::function<void()> restart)
    : plan_(plan),
      world_(world),
      tracer_(tracer),
      fleet_(fleet),
      kill_(std::move(kill)),
      restart_(std::move(restart)),
      storm_ends_(Instant{} + plan.duration),
      cuts_(fleet.size()) {
  std::size_t fault = plan.faults.size();
  for (std::size_t member = 0; member < fleet.size(); ++member) {
    const auto& outages = plan.links[fleet[member].link].outages;
    if (outages)
      outages_.push_back({fault++, member, &*outages, rng.child("outage/" + fleet[member].id)});
  }
}

void FaultSchedule::begin() {
  for (std::size_t fault = 0; fault < plan_.faults.size(); ++fault)
    world_.call_at(Instant{} + plan_.faults[fault].at, [this, fault] { strike(fault); });
  for (std::size_t outage = 0; outage < outages_.size(); ++outage) draw_outage(outage);
}

void FaultSchedule::strike(std::size_t fault) {
  const FaultPlan& plan = plan_.faults[fault];
  const Instant now = world_.now();
  const Duration length =
      std::visit(overloaded{[&](const Cut& what) {
                              cut(fault, what, std::min(now + what.length, storm_ends_));
                              return what.length;
                            },
                            [&](const CrashBroker& what) {
                              crash(fault, what);
                              return what.restart_after;
                            }},
                 plan.what);
  if (plan.every && now + *plan.every + length <= storm_ends_)
    world_.call_at(now + *plan.every, [this, fault] { strike(fault); });
}

void FaultSchedule::cut(std::size_t fault, const Cut& cut, Instant until) {
  tracer_.record(trace::FaultBegan{fault});
  const int up = cut.up ? 1 : 0;
  const int down = cut.down ? 1 : 0;
  for (std::uint32_t member : plan_.faults[fault].clients) hold(member, up, down);
  world_.call_at(until, [this, fault, up, down] {
    for (std::uint32_t member : plan_.faults[fault].clients) hold(member, -up, -down);
    tracer_.record(trace::FaultEnded{fault});
  });
}

void FaultSchedule::crash(std::size_t fault, const CrashBroker& crash) {
  tracer_.record(trace::FaultBegan{fault});
  if (crashes_now_++ == 0) kill_(crash.how);
  world_.call_at(std::min(world_.now() + crash.restart_after, storm_ends_), [this, fault] {
    if (--crashes_now_ == 0) restart_();
    tracer_.record(trace::FaultEnded{fault});
  });
}

// Working and broken in turn, each for an exponential time; the calm ends both.
void FaultSchedule::draw_outage(std::size_t index) {
  Outage& outage = outages_[index];
  const Instant begins = world_.now() + exponential(outage.rng, outage.plan->up_mean);
  if (begins >= storm_ends_) return;
  const Instant ends =
      std::min(begins + exponential(outage.rng, outage.plan->down_mean), storm_ends_);
  world_.call_at(begins, [this, index] {
    tracer_.record(trace::FaultBegan{outages_[index].fault});
    hold(outages_[index].member, 1, 1);
  });
  world_.call_at(ends, [this, index] {
    hold(outages_[index].member, -1, -1);
    tracer_.record(trace::FaultEnded{outages_[index].fault});
    draw_outage(index);
  });
}

void FaultSchedule::hold(std::size_t member, int up, int down) {
  CutsNow& now = cuts_[member];
  now.up += up;
  now.down += down;
  world_.set_link(fleet_[member].place, now.up == 0, now.down == 0);
}

}  // namespace mq::scenario
