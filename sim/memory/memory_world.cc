#include "sim/memory/memory_world.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "sim/link/lane.h"
#include "sim/memory/memory_end.h"
#include "sim/memory/world_state.h"

namespace mq::sim {

using memory::Connection;
using memory::ConnectionId;
using memory::Device;
using memory::Side;
using Leads = link::Lane::Leads;

namespace {

constexpr std::uint16_t service_port = 443;  // that of a device, for calls from outside
constexpr std::size_t opening_bytes = 60;    // a packet of TCP's handshake

}  // namespace

MemoryWorld::MemoryWorld(std::uint64_t seed, const MemoryLimits& limits)
    : state_(std::make_unique<State>(seed, limits)) {
  ensure(limits.receive_buffer_bytes >= 4 * limits.packet_bytes, "a window of some packets");
}

MemoryWorld::~MemoryWorld() { state_->ending = true; }

Instant MemoryWorld::now() const { return state_->now; }

TimerId MemoryWorld::call_at(Instant when, std::function<void()> what) {
  return state_->call_at(when, std::move(what));
}

void MemoryWorld::cancel(TimerId timer) { state_->timers.cancel(timer); }

DeviceId MemoryWorld::add_device(std::string_view name, const LinkModel& link) {
  const Rng rng = state_->rng.child(name);
  auto parts = link.parts ? std::make_unique<link::State>(link.parts, rng.child("parts"),
                                                          state_->shared_bursts)
                          : nullptr;
  state_->devices.push_back(
      {Pipe(link.up, rng.child("up"), link::make_lane(link.up, parts.get(), Leads::up, rng)),
       Pipe(link.down, rng.child("down"),
            link::make_lane(link.down, parts.get(), Leads::down, rng)),
       std::move(parts)});
  return DeviceId{static_cast<std::uint32_t>(state_->devices.size() - 1)};
}

std::unique_ptr<Socket> MemoryWorld::connect(DeviceId from) {
  State& world = *state_;
  Device& device = world.devices.at(static_cast<std::size_t>(from));
  const ConnectionId id{world.next_connection++};
  Connection& connection = world.connections[id];
  connection.device = from;
  connection.port = device.next_port;
  connection.opened_at = world.now;
  if (device.parts && device.parts->border) {
    device.parts->border->open(connection.port, world.now);
    connection.moves = device.parts->border->address_of(connection.port);
  }
  device.next_port = device.next_port == 65535 ? 49152 : device.next_port + 1;
  device.connections.insert(id);
  world.call_at(world.now, [&world, id] { world.open(id); });
  world.call_at(world.now + world.limits.give_up_connecting_after,
                [&world, id] { world.give_up_connecting(id); });
  return std::make_unique<End>(world, id, Side::device);
}

void MemoryWorld::accept_with(Accept accept) { state_->accept = std::move(accept); }

void MemoryWorld::set_site_power(bool is_on) {
  State& world = *state_;
  if (std::exchange(world.site_has_power, is_on) == is_on) return;
  for (Device& device : world.devices) {
    if (is_on) {
      world.link_changed(device);
    } else {
      const auto connections = device.connections;
      for (const ConnectionId id : connections) world.lose_power(id);
    }
  }
}

void MemoryWorld::set_link(DeviceId device, bool up_works, bool down_works) {
  Device& changed = state_->devices.at(static_cast<std::size_t>(device));
  if (changed.up.works() == up_works && changed.down.works() == down_works) return;
  changed.up.set_works(up_works);
  changed.down.set_works(down_works);
  state_->link_changed(changed);
}

void MemoryWorld::change_address(DeviceId device) {
  const Device& moved = state_->devices.at(static_cast<std::size_t>(device));
  ensure(moved.parts && moved.parts->border, "the link of a device that moves roams");
  moved.parts->border->change_address();
}

void MemoryWorld::call(DeviceId device, std::function<void(bool)> tell) {
  using Outside = State::Outside;
  const auto call = std::make_shared<Outside>(
      Outside{device, std::move(tell), state_->now, std::chrono::seconds(1)});
  state_->ring(call);
  state_->call_at(state_->now + state_->limits.give_up_connecting_after,
                  [world = &*state_, call] { world->end(call, false); });
}

// A service has no port that the device has opened: a translator knows nothing of it.
void MemoryWorld::State::ring(const std::shared_ptr<Outside>& call) {
  if (call->is_over) return;
  Device& device = devices.at(static_cast<std::size_t>(call->device));
  const bool is_let_in =
      !device.parts || !device.parts->border ||
      device.parts->border->comes_down(service_port, now) == link::Border::Verdict::passes;
  const Pipe::Passage passage = device.down.send(now, opening_bytes, chance);
  if (!is_let_in) device.down.lost_on_arrival();
  if (is_let_in && passage.fate == Pipe::Fate::arrives)
    call_at(passage.arrival, [this, call] { is_heard(call); });
  call_at(now + call->until_next, [this, call] { ring(call); });
  call->until_next *= 2;
}

void MemoryWorld::State::is_heard(const std::shared_ptr<Outside>& call) {
  Device& device = devices.at(static_cast<std::size_t>(call->device));
  if (!device.down.works()) return device.down.lost_on_arrival();
  const Pipe::Passage passage = device.up.send(now, opening_bytes, chance);
  if (passage.fate != Pipe::Fate::arrives) return;
  call_at(passage.arrival, [this, call] {
    Device& answering = devices.at(static_cast<std::size_t>(call->device));
    if (answering.up.works()) return end(call, true);
    answering.up.lost_on_arrival();
  });
}

void MemoryWorld::State::end(const std::shared_ptr<Outside>& call, bool answered) {
  if (!std::exchange(call->is_over, true)) call->tell(answered);
}

void MemoryWorld::trouble(DeviceId device, const Trouble& up, const Trouble& down) {
  Device& troubled = state_->devices.at(static_cast<std::size_t>(device));
  troubled.up.trouble(up);
  troubled.down.trouble(down);
}

void MemoryWorld::break_connections(DeviceId device, Break how) {
  State& world = *state_;
  const auto connections = world.devices.at(static_cast<std::size_t>(device)).connections;
  for (const ConnectionId id : connections) {
    for (const Side side : {Side::device, Side::broker}) {
      if (how == Break::forgotten && side == Side::broker) continue;
      Connection* const connection = world.find(id);
      if (connection == nullptr) break;
      if (how == Break::forgotten) {
        world.forget(id, side);
      } else if (connection->end(side).connected) {  // nobody between knows of others yet
        world.call_at(world.now, [&world, id, side] {
          if (world.find(id) != nullptr) world.fail(id, side, CloseCause::reset);
        });
      }
    }
  }
}

void MemoryWorld::forget_connections(DeviceId device, link::Expiry then) {
  const Device& forgotten = state_->devices.at(static_cast<std::size_t>(device));
  ensure(forgotten.parts && forgotten.parts->border, "a carrier that forgets has a border");
  forgotten.parts->border->forget(then);
}

void MemoryWorld::run_until(Instant end) {
  State& world = *state_;
  world.stopped = false;
  while (!world.stopped) {
    const TimerQueue::Entry* const next = world.timers.next();
    if (next == nullptr || next->when > end) break;
    world.now = next->when;
    world.timers.take_next()();
  }
  if (!world.stopped) world.now = std::max(world.now, end);
}

void MemoryWorld::stop() { state_->stopped = true; }

std::uint64_t MemoryWorld::chance_digest() const { return state_->chance.digest(); }

World::Traffic MemoryWorld::traffic(DeviceId device) const {
  const Device& asked = state_->devices.at(static_cast<std::size_t>(device));
  Traffic traffic = traffic_of(asked.up.counts(), asked.down.counts());
  if (asked.parts && asked.parts->radio) {
    traffic.radio_on = asked.parts->radio->connected_time(state_->now);
    traffic.promotions = asked.parts->radio->promotions();
  }
  return traffic;
}

std::size_t MemoryWorld::connections_alive() const { return state_->connections.size(); }

}  // namespace mq::sim
