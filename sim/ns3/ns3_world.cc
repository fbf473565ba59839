#include "sim/ns3/ns3_world.h"

#include <ns3/log.h>
#include <ns3/object-factory.h>
#include <ns3/rng-seed-manager.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "base/fetch.h"
#include "sim/link/lane.h"
#include "sim/ns3/caller.h"
#include "sim/ns3/cell_device.h"
#include "sim/ns3/foresight.h"
#include "sim/ns3/stations/stations.h"
#include "sim/ns3/tcp_end.h"
#include "sim/timer_queue.h"

// ns-3 asks each of its components at every turn whether it logs, a twentieth of the time of a run.
// Nothing of ours can switch that on; the libraries find this answer before their own.
bool ns3::LogComponent::IsEnabled(const LogLevel) const { return false; }

namespace mq::sim {

using cell::TcpEnd;
using Leads = link::Lane::Leads;

namespace {

constexpr std::uint16_t site_port = 1883;
bool world_exists = false;  // because ns-3's simulator is a global

class EndSocket final : public Socket {
 public:
  explicit EndSocket(ns3::Ptr<TcpEnd> end) : end_(std::move(end)) { end_->set_owned(); }
  ~EndSocket() override { end_->let_go(); }
  EndSocket(const EndSocket&) = delete;
  EndSocket& operator=(const EndSocket&) = delete;

  void listen_to(Events events) override { end_->listen_to(std::move(events)); }
  std::size_t write(std::span<const std::byte> bytes) override { return end_->write(bytes); }
  std::size_t read(std::span<std::byte> into) override { return end_->read(into); }
  bool at_end() const override { return end_->at_end(); }
  void shutdown_write() override { end_->shutdown_write(); }
  void reset() override { end_->reset(); }
  std::string device_address() const override { return end_->device_text(); }
  void will_touch(const std::vector<Memory>& memory) override { end_->will_touch(memory); }

 private:
  ns3::Ptr<TcpEnd> end_;
};

}  // namespace

struct Ns3World::State {
  // A base station with a stack of its own, and devices of one TCP preset, which share another: one
  // each would be a tenth of their memory.
  struct Cell {
    TcpPreset preset;
    ns3::Ptr<cell::Device> base;
    ns3::Ptr<ns3::Node> node;
    ns3::Ptr<cell::Device> modems;
    ns3::Ptr<TcpEnd> device_end;  // not connected: that of a device is another one
    ns3::Ptr<TcpEnd> listener;
    std::size_t devices = 0;
  };

  struct DeviceTcp {
    ns3::Ptr<TcpEnd> model;
    TcpPreset preset;
  };

  State(std::uint64_t seed, const Ns3Limits& given, MakeStations stations_from)
      : limits(given),
        make_stations(stations_from),
        rng(seed),
        shared_bursts(rng.child("shared bursts")) {}

  // What the devices of one link have in common.
  struct Network {
    std::shared_ptr<const link::Parts> parts;
    std::unique_ptr<cell::Stations> stations;
    std::vector<DeviceId> members;
  };

  Cell& cell_for(TcpPreset preset);
  Network& network_of(const std::shared_ptr<const link::Parts>& parts);
  void listen(Cell& cell);
  void accepted(TcpEnd& end);
  TimerId call_at(Instant when, std::function<void()> what, std::optional<DeviceId> about);
  void arm();
  void fire();
  void foresee() const;
  Instant simulator_now() const {
    return Instant(Duration(ns3::Simulator::Now().GetNanoSeconds()));
  }
  ns3::Time until(Instant when) const {
    return ns3::NanoSeconds(std::max(when - simulator_now(), Duration::zero()).count());
  }

  Ns3Limits limits;
  MakeStations make_stations;
  Rng rng;
  link::SharedBursts shared_bursts;
  cell::Air air;
  cell::Ends ends{air};
  cell::Caller caller{air};
  // One event of the simulator stands for all timers: its queue stays as short as the network's.
  TimerQueue timers;
  std::set<Instant> armed;  // when there is such an event
  Accept accept;
  std::vector<Cell> cells;
  std::map<TcpPreset, std::size_t> open_cell;  // the one that has room
  std::vector<DeviceTcp> devices;
  std::vector<std::unique_ptr<Network>> networks;  // few
  std::function<void(const Moved&)> hear_moves;
  bool running = false;
  bool stopped = false;
  Instant idle_at{};
};

// An event that turns out to be too late stays for the timers that follow: to take it out would
// mean to look for it.
void Ns3World::State::arm() {
  const TimerQueue::Entry* const next = timers.next();
  if (next == nullptr || (!armed.empty() && *armed.begin() <= next->when)) return;
  armed.insert(next->when);
  ns3::Simulator::Schedule(until(next->when), &State::fire, this);
}

// What is added meanwhile for this instant comes after whatever else happens at it.
void Ns3World::State::fire() {
  const std::uint64_t later = timers.next_order();
  const Instant now = simulator_now();
  armed.erase(now);
  while (const TimerQueue::Entry* next = timers.next()) {
    if (stopped || next->when > now || next->order >= later) break;
    timers.take_next()();
  }
  arm();
  foresee();
}

// The timer after the next is a few events away, time enough for what leads to its state.
void Ns3World::State::foresee() const {
  const auto soon = timers.soon();
  for (std::size_t i = 0; i < soon.size(); ++i) {
    if (!soon[i].about) continue;
    const cell::Link& link = *air.links[static_cast<std::size_t>(*soon[i].about)];
    if (i > 0) {
      fetch(&link);
    } else if (!link.connections.empty() && link.connections.back().at_device != nullptr) {
      link.connections.back().at_device->fetch_all();
    }
  }
}

Ns3World::State::Cell& Ns3World::State::cell_for(TcpPreset preset) {
  const auto open = open_cell.find(preset);
  if (open != open_cell.end() && cells[open->second].devices < limits.devices_per_cell)
    return cells[open->second];
  open_cell[preset] = cells.size();
  const auto base = ns3::CreateObject<cell::Device>(air, cell::Link::End::at_site);
  const auto modems = ns3::CreateObject<cell::Device>(air, cell::Link::End::at_device);
  cells.push_back(
      {preset, base, cell::make_node(base, cell::site_address()), modems,
       TcpEnd::create(ends, cell::make_node(modems, cell::nobodys_address()), tcp_settings(preset)),
       nullptr, 0});
  if (accept) listen(cells.back());
  return cells.back();
}

Ns3World::State::Network& Ns3World::State::network_of(
    const std::shared_ptr<const link::Parts>& parts) {
  for (const auto& known : networks)
    if (known->parts == parts) return *known;
  ensure(make_stations != nullptr, "this world has no stations");
  Network& network = *networks.emplace_back(std::make_unique<Network>());
  network.parts = parts;
  cell::StationsHooks hooks;
  hooks.arrives = [this, &network](std::size_t member, cell::Link::End leads_to,
                                   ns3::Ptr<ns3::Packet> segment) {
    cell::Device::leaves_network(air, network.members[member], leads_to, std::move(segment));
  };
  hooks.moves = [this, &network](std::size_t member, Move what, bool begins) {
    if (hear_moves) hear_moves({network.members[member], what, begins});
  };
  network.stations = make_stations(*parts->stations, std::move(hooks));
  return network;
}

void Ns3World::State::listen(Cell& cell) {
  cell.listener = TcpEnd::create(ends, cell.node, tcp_settings(cell.preset));
  cell.listener->listen(site_port);
}

void Ns3World::State::accepted(TcpEnd& end) {
  const Accept handler = accept;  // it may be replaced while it runs
  if (!handler) return end.reset();
  const std::uint32_t first = cell::address_of(DeviceId{0}).Get();
  handler(std::make_unique<EndSocket>(ns3::Ptr<TcpEnd>(&end)), end.device_text(),
          DeviceId{end.device_address().Get() - first});
}

Ns3World::Ns3World(std::uint64_t seed, const Ns3Limits& limits, MakeStations make_stations)
    : state_(std::make_unique<State>(seed, limits, make_stations)) {
  ensure(!std::exchange(world_exists, true), "one ns-3 world at a time in a process");
  ensure(limits.devices_per_cell > 0, "a cell has room for a device");
  ns3::ObjectFactory scheduler;
  scheduler.SetTypeId(cell::ForesightScheduler::GetTypeId());
  ns3::Simulator::SetScheduler(scheduler);
  // Nothing of ours draws from ns-3, and of what we use of it only its own radio networks do.
  ns3::RngSeedManager::SetSeed(static_cast<std::uint32_t>(seed % 0xfffffffe) + 1);
  state_->air.caller = &state_->caller;
  state_->ends.accepted = [this](TcpEnd& end) { state_->accepted(end); };
}

Ns3World::~Ns3World() {
  for (State::Cell& cell : state_->cells)
    if (cell.listener) cell.listener->stop_listening();
  state_->ends.finish();
  ns3::Simulator::Destroy();
  state_.reset();
  world_exists = false;
}

Instant Ns3World::now() const {
  return state_->running ? state_->simulator_now() : state_->idle_at;
}

TimerId Ns3World::State::call_at(Instant when, std::function<void()> what,
                                 std::optional<DeviceId> about) {
  const TimerId timer = timers.add(std::max(when, simulator_now()), std::move(what), about);
  arm();
  return timer;
}

TimerId Ns3World::call_at(Instant when, std::function<void()> what) {
  return state_->call_at(when, std::move(what), {});
}

TimerId Ns3World::call_device_at(DeviceId device, Instant when, std::function<void()> what) {
  return state_->call_at(when, std::move(what), device);
}

void Ns3World::cancel(TimerId timer) { state_->timers.cancel(timer); }

DeviceId Ns3World::add_device(std::string_view name, const LinkModel& link) {
  State& world = *state_;
  const DeviceId id{static_cast<std::uint32_t>(world.devices.size())};
  State::Cell& cell = world.cell_for(link.tcp);
  ++cell.devices;
  const Rng rng = world.rng.child(name);
  auto extras = link.parts ? std::make_unique<cell::Extras>(link.parts, rng.child("parts"),
                                                            world.shared_bursts)
                           : nullptr;
  link::State* const parts = extras ? &extras->state : nullptr;
  auto between = std::make_unique<cell::Link>(cell::Link{
      Pipe(link.up, rng.child("up"), link::make_lane(link.up, parts, Leads::up, rng)),
      Pipe(link.down, rng.child("down"), link::make_lane(link.down, parts, Leads::down, rng)),
      cell.modems,
      cell.base,
      {},
      std::move(extras)});
  if (link.parts && link.parts->stations) {
    State::Network& network = world.network_of(link.parts);
    between->extras->stations = network.stations.get();
    between->extras->member = network.members.size();
    network.members.push_back(id);
    network.stations->add_member(rng.child("way"));
  }
  world.devices.push_back({cell.device_end, link.tcp});
  world.air.links.push_back(std::move(between));
  return id;
}

std::unique_ptr<Socket> Ns3World::connect(DeviceId from) {
  const auto end = state_->devices.at(static_cast<std::size_t>(from)).model->another();
  end->open(from, site_port);
  return std::make_unique<EndSocket>(end);
}

void Ns3World::accept_with(Accept accept) {
  const bool listened = state_->accept != nullptr;
  state_->accept = std::move(accept);
  const bool listens = state_->accept != nullptr;
  if (listened == listens) return;
  for (State::Cell& cell : state_->cells) {
    if (listens) {
      state_->listen(cell);
    } else {
      cell.listener->stop_listening();
      cell.listener = nullptr;
    }
  }
}

void Ns3World::set_site_power(bool is_on) {
  if (std::exchange(state_->air.site_has_power, is_on) == is_on || is_on) return;
  for (const auto& link : state_->air.links) {
    // A copy: ends leave the list when they are over.
    const auto connections = link->connections;
    for (const cell::Link::Connection& connection : connections)
      if (connection.at_site != nullptr) connection.at_site->forget();
  }
}

void Ns3World::set_link(DeviceId device, bool up_works, bool down_works) {
  cell::Link& link = *state_->air.links.at(static_cast<std::size_t>(device));
  link.up.set_works(up_works);
  link.down.set_works(down_works);
}

void Ns3World::change_address(DeviceId device) {
  cell::Link& link = *state_->air.links.at(static_cast<std::size_t>(device));
  ensure(link.extras && link.extras->state.border, "the link of a device that moves roams");
  link.extras->state.border->change_address();
}

void Ns3World::call(DeviceId device, std::function<void(bool)> tell) {
  const State::DeviceTcp& called = state_->devices.at(static_cast<std::size_t>(device));
  state_->caller.call(device, tcp_settings(called.preset), std::move(tell));
}

void Ns3World::trouble(DeviceId device, const Trouble& up, const Trouble& down) {
  cell::Link& link = *state_->air.links.at(static_cast<std::size_t>(device));
  link.up.trouble(up);
  link.down.trouble(down);
}

void Ns3World::break_connections(DeviceId device, Break how) {
  // A copy: ends leave the list when they are over.
  const auto connections = state_->air.links.at(static_cast<std::size_t>(device))->connections;
  for (const cell::Link::Connection& connection : connections) {
    for (TcpEnd* const end : {connection.at_device, connection.at_site}) {
      if (end == nullptr || end->is_over()) continue;
      if (how == Break::reset)
        end->suffer_reset();
      else if (end == connection.at_device)
        end->forget();
    }
  }
}

void Ns3World::forget_connections(DeviceId device, link::Expiry then) {
  cell::Link& link = *state_->air.links.at(static_cast<std::size_t>(device));
  ensure(link.extras && link.extras->state.border, "a carrier that forgets has a border");
  link.extras->state.border->forget(then);
}

void Ns3World::hear_moves(std::function<void(const Moved&)> hear) {
  state_->hear_moves = std::move(hear);
}

void Ns3World::run_until(Instant end) {
  State& world = *state_;
  world.running = true;
  world.stopped = false;
  // One nanosecond later, so that whatever is due at `end` has happened, in whatever order.
  const ns3::EventId last = ns3::Simulator::Schedule(
      world.until(end + Duration(1)), static_cast<void (*)()>(&ns3::Simulator::Stop));
  ns3::Simulator::Run();
  ns3::Simulator::Cancel(last);
  world.running = false;
  world.idle_at = world.stopped ? world.simulator_now() : std::max(end, world.idle_at);
}

void Ns3World::stop() {
  state_->stopped = true;
  ns3::Simulator::Stop();
}

std::uint64_t Ns3World::chance_digest() const { return state_->air.chance.digest(); }

World::Traffic Ns3World::traffic(DeviceId device) const {
  const cell::Link& link = *state_->air.links.at(static_cast<std::size_t>(device));
  Traffic traffic = traffic_of(link.up.counts(), link.down.counts());
  if (link.extras && link.extras->state.radio) {
    traffic.radio_on = link.extras->state.radio->connected_time(now());
    traffic.promotions = link.extras->state.radio->promotions();
  }
  if (link.extras) {
    traffic.lost_up += link.extras->inside_up;
    traffic.lost_down += link.extras->inside_down;
  }
  return traffic;
}

std::size_t Ns3World::connections_alive() const { return state_->ends.size(); }

}  // namespace mq::sim
