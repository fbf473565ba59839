#include "scenarios/engine/fault_schedule.h"

#include <algorithm>
#include <utility>

#include "base/overloaded.h"

namespace mq::scenario {
namespace {

double either(double a, double b) { return 1 - (1 - a) * (1 - b); }

// Two faults on one link at once.
sim::Trouble sum(const sim::Trouble& a, const sim::Trouble& b) {
  sim::Trouble both;
  both.bits_per_second = a.bits_per_second == 0   ? b.bits_per_second
                         : b.bits_per_second == 0 ? a.bits_per_second
                                                  : std::min(a.bits_per_second, b.bits_per_second);
  both.wait = a.wait + b.wait;
  both.lost = either(a.lost, b.lost);
  both.duplicated = either(a.duplicated, b.duplicated);
  both.reordered = either(a.reordered, b.reordered);
  both.held_back = std::max(a.held_back, b.held_back);
  both.corrupted = either(a.corrupted, b.corrupted);
  return both;
}

}  // namespace

FaultSchedule::FaultSchedule(const Plan& plan, sim::World& world, Tracer& tracer,
                             const std::vector<FleetMember>& fleet, Rng rng, BrokerFaults broker)
    : plan_(plan),
      world_(world),
      tracer_(tracer),
      fleet_(fleet),
      broker_(std::move(broker)),
      storm_ends_(Instant{} + plan.duration),
      rng_(rng.child("strikes")),
      cuts_(fleet.size()) {
  for (std::size_t fault = 0; fault < plan.faults.size(); ++fault) {
    const FaultPlan& one = plan.faults[fault];
    if (one.after)
      placed_.push_back({fault, std::vector<Instant>(one.watched.size(), Instant{} + one.at)});
    if (std::holds_alternative<Disturb>(one.what)) troubles_.resize(fleet.size());
    if (const auto* reboot = std::get_if<Reboot>(&one.what); reboot && reboot->keeps_store)
      for (const std::uint32_t member : one.clients)
        if (Device* const device = fleet_[member].device) device->keep_store();
  }
  add_outages(&LinkPlan::outages, rng);
  add_outages(&LinkPlan::roaming, rng);
  std::size_t next = plan.faults.size() + outages_.size();
  for (const FleetMember& member : fleet) {
    const auto moves = scenario::moves(plan.links[member.link]);
    if (!moves.empty()) between_.emplace(member.place, Between{next, moves});
    next += moves.size();
  }
  if (!between_.empty())
    world.hear_moves([this](const sim::World::Moved& moved) { this->moved(moved); });
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
      world_.call_at(Instant{} + plan_.faults[fault].at,
                     [this, fault] { strike_again_and_again(fault); });
  for (std::size_t outage = 0; outage < outages_.size(); ++outage) next_outage(outage, Instant{});
}

void FaultSchedule::strike_again_and_again(std::size_t fault) {
  const FaultPlan& plan = plan_.faults[fault];
  const Instant now = world_.now();
  if (happens(plan)) strike(fault);
  if (plan.every && now + *plan.every + plan.length() <= storm_ends_)
    world_.call_at(now + *plan.every, [this, fault] { strike_again_and_again(fault); });
}

void FaultSchedule::strike(std::size_t fault) {
  const FaultPlan& plan = plan_.faults[fault];
  if (is_of_broker(plan.what)) return strike_broker(fault);
  if (plan.swizzle > Duration::zero()) return swizzle(fault);
  tracer_.record(trace::FaultBegan{fault});
  for (const std::uint32_t member : plan.clients) begins(fault, member);
  ends_at(fault, world_.now() + length_of(plan.what));
}

// One after another, and healed in another order.
void FaultSchedule::swizzle(std::size_t fault) {
  const FaultPlan& plan = plan_.faults[fault];
  const Instant now = world_.now();
  const std::size_t count = plan.clients.size();
  const auto turn = [&](std::size_t number) {
    return plan.swizzle / static_cast<Duration::rep>(count) * static_cast<Duration::rep>(number);
  };
  auto begun = in_random_order(plan.clients);
  while (!begun.empty() && now + turn(begun.size() - 1) >= storm_ends_) begun.pop_back();
  for (std::size_t i = 0; i < begun.size(); ++i)
    world_.call_at(now + turn(i), [this, fault, member = begun[i]] {
      tracer_.record(trace::FaultBegan{fault, trace::ClientIndex{member}});
      begins(fault, member);
    });
  const auto healed = in_random_order(begun);
  const Instant first_healed = now + plan.swizzle + length_of(plan.what);
  for (std::size_t i = 0; i < healed.size(); ++i) ends_at(fault, first_healed + turn(i), healed[i]);
}

std::vector<std::uint32_t> FaultSchedule::in_random_order(std::vector<std::uint32_t> members) {
  for (std::size_t i = members.size(); i > 1; --i)
    std::swap(members[i - 1], members[rng_.below(i)]);
  return members;
}

// Behind a packet, at one client. A cut takes what is being sent with it; what else there is begins
// when the packet is on its way.
void FaultSchedule::strike_one(std::size_t fault, std::uint32_t member) {
  const FaultKind& what = plan_.faults[fault].what;
  const Instant now = world_.now();
  const bool at_once = std::holds_alternative<Cut>(what);
  if (at_once) begins(fault, member);  // now; the trace is told when this packet has been
  world_.call_at(now, [this, fault, member, at_once] {
    tracer_.record(trace::FaultBegan{fault, trace::ClientIndex{member}});
    if (!at_once) begins(fault, member);
  });
  ends_at(fault, now + length_of(what), member);
}

void FaultSchedule::ends_at(std::size_t fault, Instant when, std::optional<std::uint32_t> only) {
  world_.call_at(std::min(when, storm_ends_), [this, fault, only] {
    if (only) {
      ends(fault, *only);
      return tracer_.record(trace::FaultEnded{fault, trace::ClientIndex{*only}});
    }
    for (const std::uint32_t member : plan_.faults[fault].clients) ends(fault, member);
    tracer_.record(trace::FaultEnded{fault});
  });
}

void FaultSchedule::begins(std::size_t fault, std::uint32_t member) {
  const FleetMember& at = fleet_[member];
  std::visit(
      overloaded{
          [&](const Cut& cut) { hold(member, cut.up ? 1 : 0, cut.down ? 1 : 0); },
          [&](const Disturb& disturb) {
            troubles_[member].push_back(&disturb);
            trouble(member);
          },
          [&](const Reset&) { world_.break_connections(at.place, sim::World::Break::reset); },
          [&](const ForgetConnections& forget) {
            world_.forget_connections(at.place, forget.then);
          },
          [&](const ChangeAddress&) { world_.change_address(at.place); },
          [&](const CallDevice&) { call(member); },
          [&](const Reboot&) {
            if (at.program != nullptr) at.program->switch_off();
            if (at.rest != nullptr) at.rest->switch_off();
          },
          [](const auto&) {},
      },
      plan_.faults[fault].what);
  if (at.device != nullptr) begins_at(*at.device, plan_.faults[fault].what);
}

void FaultSchedule::call(std::uint32_t member) {
  world_.call(fleet_[member].place, [this, member, began = world_.now()](bool answered) {
    tracer_.record(trace::Called{trace::ClientIndex{member}, answered, world_.now() - began});
  });
}

// What befalls our own client and its application, and no other program.
void FaultSchedule::begins_at(Device& device, const FaultKind& what) {
  std::visit(overloaded{
                 [&](const HalfOpen&) { device.lose_connection(); },
                 [&](const Reboot& reboot) { device.switch_off(reboot.keeps_store); },
                 [&](const SetClock& set) { device.set_clock(set.by); },
                 [&](const Storm&) { device.reconnect(); },
                 [&](const Push& push) { device.publish_now(push); },
                 [](const auto&) {},
             },
             what);
}

void FaultSchedule::ends(std::size_t fault, std::uint32_t member) {
  std::visit(overloaded{
                 [&](const Cut& cut) { hold(member, cut.up ? -1 : 0, cut.down ? -1 : 0); },
                 [&](const Disturb& disturb) {
                   auto& now = troubles_[member];
                   const auto found = std::find(now.begin(), now.end(), &disturb);
                   if (found != now.end()) now.erase(found);
                   trouble(member);
                 },
                 [&](const Reboot&) {
                   const FleetMember& one = fleet_[member];
                   if (one.device != nullptr) one.device->switch_on();
                   if (one.program != nullptr) one.program->switch_on();
                   if (one.rest != nullptr) one.rest->switch_on();
                 },
                 [](const auto&) {},
             },
             plan_.faults[fault].what);
}

void FaultSchedule::strike_broker(std::size_t fault) {
  const FaultKind& what = plan_.faults[fault].what;
  const auto while_it_lasts = [&](int& now, auto&& begin, auto end) {
    tracer_.record(trace::FaultBegan{fault});
    if (now++ == 0) begin();
    world_.call_at(std::min(world_.now() + length_of(what), storm_ends_), [this, fault, &now, end] {
      if (--now == 0) end();
      tracer_.record(trace::FaultEnded{fault});
    });
  };
  if (const auto* crash = std::get_if<CrashBroker>(&what))
    while_it_lasts(
        crashes_now_, [&] { broker_.kill(crash->how); }, [this] { broker_.restart(); });
  else if (std::holds_alternative<PauseBroker>(what))
    while_it_lasts(
        pauses_now_, [&] { broker_.pause(true); }, [this] { broker_.pause(false); });
  else
    while_it_lasts(
        full_disks_now_, [&] { broker_.fill_disk(true); }, [this] { broker_.fill_disk(false); });
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
    const auto found = std::lower_bound(fault.watched.begin(), fault.watched.end(), member);
    if (found == fault.watched.end() || *found != member) continue;
    Instant& armed = placed.armed[static_cast<std::size_t>(found - fault.watched.begin())];
    if (event.at < armed || event.at >= storm_ends_ || !happens(fault)) continue;
    const Instant again = fault.every ? event.at + *fault.every : Instant::max();
    if (!fault.strikes_all) {
      armed = again;
      strike_one(placed.fault, member);
    } else {
      std::fill(placed.armed.begin(), placed.armed.end(), again);
      world_.call_at(world_.now(), [this, which = placed.fault] { strike(which); });
    }
  }
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

void FaultSchedule::moved(const sim::World::Moved& moved) {
  const Between& between = between_.at(moved.device);
  for (std::size_t i = 0; i < between.moves.size(); ++i) {
    if (between.moves[i].move != moved.what) continue;
    const std::size_t fault = between.fault + i;
    if (moved.begins)
      tracer_.record(trace::FaultBegan{fault});
    else
      tracer_.record(trace::FaultEnded{fault});
  }
}

void FaultSchedule::hold(std::size_t member, int up, int down) {
  CutsNow& now = cuts_[member];
  now.up += up;
  now.down += down;
  world_.set_link(fleet_[member].place, now.up == 0, now.down == 0);
}

void FaultSchedule::trouble(std::size_t member) {
  sim::Trouble up;
  sim::Trouble down;
  for (const Disturb* disturb : troubles_[member]) {
    up = sum(up, disturb->up);
    down = sum(down, disturb->down);
  }
  world_.trouble(fleet_[member].place, up, down);
}

}  // namespace mq::scenario
