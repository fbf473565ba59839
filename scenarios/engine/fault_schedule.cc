#include "scenarios/engine/fault_schedule.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"

namespace mq::scenario {

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
  for (std::size_t fault = 0; fault < plan.faults.size(); ++fault) {
    const FaultPlan& one = plan.faults[fault];
    if (one.after)
      placed_.push_back({fault, std::vector<Instant>(one.clients.size(), Instant{} + one.at)});
  }
  add_outages(&LinkPlan::outages, rng);
  add_outages(&LinkPlan::roaming, rng);
}

void FaultSchedule::add_outages(std::optional<sim::link::OutageModel> LinkPlan::*part,
                                const Rng& rng) {
  const bool roams = part == &LinkPlan::roaming;
  const std::string stream = roams ? "roaming/" : "outage/";
  for (std::size_t member = 0; member < fleet_.size(); ++member) {
    const auto& model = plan_.links[fleet_[member].link].*part;
    if (!model) continue;
    const std::size_t fault = plan_.faults.size() + outages_.size();
    outages_.push_back(
        {fault, member, sim::link::Outages(*model, rng.child(stream + fleet_[member].id)), roams});
  }
}

void FaultSchedule::begin() {
  for (std::size_t fault = 0; fault < plan_.faults.size(); ++fault)
    if (!plan_.faults[fault].after)
      world_.call_at(Instant{} + plan_.faults[fault].at, [this, fault] { strike(fault); });
  for (std::size_t outage = 0; outage < outages_.size(); ++outage) next_outage(outage, Instant{});
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

void FaultSchedule::observe(const trace::Event& event) {
  const auto* const seen = std::get_if<trace::PacketSeen>(&event.what);
  if (seen == nullptr) return;
  const auto member = static_cast<std::uint32_t>(seen->connection.client);
  for (Placed& placed : placed_) {
    const FaultPlan& fault = plan_.faults[placed.fault];
    if (kind(*seen->packet) != fault.after->kind || seen->sent != fault.after->sent ||
        (seen->end == trace::End::client) != fault.after->at_client)
      continue;
    const auto found = std::lower_bound(fault.clients.begin(), fault.clients.end(), member);
    if (found == fault.clients.end() || *found != member) continue;
    Instant& armed = placed.armed[static_cast<std::size_t>(found - fault.clients.begin())];
    if (event.at < armed || event.at >= storm_ends_) continue;
    armed = fault.every ? event.at + *fault.every : Instant::max();
    cut_one(placed.fault, member);
  }
}

void FaultSchedule::cut_one(std::size_t fault, std::uint32_t member) {
  const auto& what = std::get<Cut>(plan_.faults[fault].what);
  const int up = what.up ? 1 : 0;
  const int down = what.down ? 1 : 0;
  hold(member, up, down);  // now; the trace is told when this packet has been
  const Instant now = world_.now();
  world_.call_at(now, [this, fault] { tracer_.record(trace::FaultBegan{fault}); });
  world_.call_at(std::min(now + what.length, storm_ends_), [this, fault, member, up, down] {
    hold(member, -up, -down);
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

// Working and broken in turn; the calm ends both.
void FaultSchedule::next_outage(std::size_t index, Instant after) {
  const auto outage = outages_[index].times.next(after);
  if (!outage || outage->begin >= storm_ends_) return;
  const Instant ends = std::min(outage->end, storm_ends_);
  const int up = outages_[index].times.model().up ? 1 : 0;
  const int down = outages_[index].times.model().down ? 1 : 0;
  world_.call_at(outage->begin, [this, index, up, down] {
    tracer_.record(trace::FaultBegan{outages_[index].fault});
    hold(outages_[index].member, up, down);
  });
  world_.call_at(ends, [this, index, up, down, ends] {
    hold(outages_[index].member, -up, -down);
    if (outages_[index].changes_address && ends < storm_ends_)
      world_.change_address(fleet_[outages_[index].member].place);
    tracer_.record(trace::FaultEnded{outages_[index].fault});
    next_outage(index, ends);
  });
}

void FaultSchedule::hold(std::size_t member, int up, int down) {
  CutsNow& now = cuts_[member];
  now.up += up;
  now.down += down;
  world_.set_link(fleet_[member].place, now.up == 0, now.down == 0);
}

}  // namespace mq::scenario
