#include "sim/memory/memory_world.h"

#include <algorithm>
#include <map>
#include <queue>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ensure.h"
#include "sim/callbacks.h"
#include "sim/chance.h"
#include "sim/memory/connection.h"
#include "sim/pipe.h"

namespace mq::sim {

using memory::Connection;
using memory::ConnectionId;
using memory::EndState;
using memory::Flow;
using memory::Opening;
using memory::other;
using memory::Side;

namespace {

struct Device {
  Pipe up;
  Pipe down;
  std::uint16_t next_port = 49152;
  std::set<ConnectionId> connections;

  Pipe& leaving(Side side) { return side == Side::device ? up : down; }
  bool both_work() const { return up.works() && down.works(); }
};

std::string address_of(const Connection& connection) {
  const auto index = static_cast<std::uint32_t>(connection.device) + 1;
  return "10." + std::to_string(index >> 16 & 255) + '.' + std::to_string(index >> 8 & 255) + '.' +
         std::to_string(index & 255) + ':' + std::to_string(connection.port);
}

struct Entry {
  Instant when;
  std::uint64_t order;
  TimerId timer;
  bool operator>(const Entry& that) const {
    return when != that.when ? when > that.when : order > that.order;
  }
};

}  // namespace

struct MemoryWorld::State {
  State(std::uint64_t seed, const MemoryLimits& given) : limits(given), rng(seed) {}

  TimerId call_at(Instant when, std::function<void()> what) {
    const TimerId timer = callbacks.add(std::move(what));
    queue.push({std::max(when, now), next_order++, timer});
    return timer;
  }
  Connection* find(ConnectionId id) {
    const auto found = connections.find(id);
    return found == connections.end() ? nullptr : &found->second;
  }
  Device& device_of(const Connection& connection) {
    return devices[static_cast<std::size_t>(connection.device)];
  }
  Duration round_trip(const Connection& connection) {
    const Device& device = device_of(connection);
    return device.up.delay() + device.down.delay();
  }

  void open(ConnectionId id);
  void opening_arrives(ConnectionId id);
  void accepted(ConnectionId id);
  void give_up_connecting(ConnectionId id);

  void pump(ConnectionId id, Side side);
  void pump_later(ConnectionId id, Side side, Duration delay);
  std::optional<Instant> arrival_of(Connection& connection, Side side, std::size_t bytes);
  void arrives(ConnectionId id, Side side, std::size_t count, bool is_end, std::uint32_t attempt);
  void went_silent(ConnectionId id, Side side);
  void give_up(ConnectionId id, Side side, Instant since);
  void die(ConnectionId id, Side side);
  void send_reset(ConnectionId id, Side side, CloseCause seen_as);
  void fail(ConnectionId id, Side side, CloseCause cause);
  void tell_readable(ConnectionId id, Side side);
  void tell_writable(ConnectionId id, Side side);
  void release(ConnectionId id, Side side);
  void forget_if_unused(ConnectionId id);
  void link_changed(Device& device);

  MemoryLimits limits;
  Rng rng;
  Chance chance;
  Instant now{};
  bool stopped = false;
  bool ending = false;  // the world is being destroyed: sockets inside callbacks say no more
  std::uint64_t next_order = 0;
  std::uint64_t next_connection = 0;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  Callbacks callbacks;
  std::vector<Device> devices;
  std::unordered_map<ConnectionId, Connection> connections;  // never iterated
  Accept accept;
};

// The socket: an id and a side. All state is the connection's.
class MemoryWorld::End final : public Socket {
 public:
  End(State& world, ConnectionId id, Side side) : world_(world), id_(id), side_(side) {
    connection().end(side).owned = true;
  }
  ~End() override {
    if (!world_.ending) world_.release(id_, side_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void listen_to(Events events) override {
    Connection& mine = connection();
    mine.end(side_).events = std::make_shared<const Events>(std::move(events));
    if (!mine.to(side_).arrived.empty() || mine.to(side_).end_arrived)
      world_.call_at(world_.now, [w = &world_, i = id_, s = side_] { w->tell_readable(i, s); });
  }

  std::size_t write(std::span<const std::byte> bytes) override {
    Connection& mine = connection();
    Flow& flow = mine.from(side_);
    EndState& end = mine.end(side_);
    if (end.dead || flow.end_written) return 0;
    const std::size_t room = world_.limits.send_buffer_bytes -
                             std::min(world_.limits.send_buffer_bytes, flow.waiting.size());
    const std::size_t taken = std::min(room, bytes.size());
    flow.waiting.push(bytes.first(taken));
    end.write_was_short = taken < bytes.size();
    world_.pump(id_, side_);
    return taken;
  }

  std::size_t read(std::span<std::byte> into) override {
    Flow& flow = connection().to(side_);
    const bool was_closed = flow.arrived.size() >= world_.limits.receive_buffer_bytes / 2;
    const std::size_t taken = flow.arrived.take(into);
    if (was_closed && taken > 0) world_.pump_later(id_, other(side_), Duration::zero());
    return taken;
  }

  bool at_end() const override {
    Flow& flow = connection().to(side_);
    return flow.end_arrived && flow.arrived.empty();
  }

  void shutdown_write() override {
    Connection& mine = connection();
    if (mine.end(side_).dead) return;
    mine.from(side_).end_written = true;
    world_.pump(id_, side_);
  }

  void reset() override {
    Connection& mine = connection();
    if (mine.end(side_).dead) return;
    mine.end(side_).events = nullptr;
    world_.die(id_, side_);
  }

  std::string device_address() const override { return address_of(connection()); }

 private:
  Connection& connection() const {
    Connection* found = world_.find(id_);
    ensure(found != nullptr, "a connection lives as long as a socket of it");
    return *found;
  }

  State& world_;
  ConnectionId id_;
  Side side_;
};

// The start: SYN up, SYN-ACK down, ACK up. A packet that meets a link that is down waits for it.

void MemoryWorld::State::open(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->opening == Opening::done) return;
  if (connection->opening_under_way) return;
  const Side side = connection->opening == Opening::syn_ack ? Side::broker : Side::device;
  if (const auto arrival = arrival_of(*connection, side, 0)) {
    connection->opening_under_way = true;
    call_at(*arrival, [this, id] { opening_arrives(id); });
  }
}

void MemoryWorld::State::opening_arrives(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  connection->opening_under_way = false;
  const Side side = connection->opening == Opening::syn_ack ? Side::broker : Side::device;
  Pipe& pipe = device_of(*connection).leaving(side);
  if (!pipe.works()) {
    pipe.lost_on_arrival();
    return;
  }
  const bool opener_is_dead = connection->end(Side::device).dead;
  switch (connection->opening) {
    case Opening::syn:
      if (opener_is_dead) return;
      if (!accept) return send_reset(id, Side::broker, CloseCause::refused);
      connection->opening = Opening::syn_ack;
      return open(id);
    case Opening::syn_ack: {
      if (opener_is_dead) return;
      connection->opening = Opening::ack;
      EndState& end = connection->end(Side::device);
      end.connected = true;
      open(id);
      pump(id, Side::device);
      const auto events = end.events;
      if (events && events->connected) events->connected();
      return;
    }
    case Opening::ack:
      connection->opening = Opening::done;
      return accepted(id);
    case Opening::done:
      return;
  }
}

void MemoryWorld::State::accepted(ConnectionId id) {
  Connection* connection = find(id);
  if (!accept) return die(id, Side::broker);
  connection->end(Side::broker).connected = true;
  const std::string peer = address_of(*connection);
  const DeviceId from = connection->device;
  const Accept handler = accept;  // it may be replaced while it runs
  handler(std::make_unique<End>(*this, id, Side::broker), peer, from);
}

void MemoryWorld::State::give_up_connecting(ConnectionId id) {
  Connection* connection = find(id);
  if (connection != nullptr && !connection->end(Side::device).connected)
    fail(id, Side::device, CloseCause::timed_out);
}

// Bytes.

// When a packet that leaves now arrives, a loss and its repetition included; nothing if the link
// is down.
std::optional<Instant> MemoryWorld::State::arrival_of(Connection& connection, Side side,
                                                      std::size_t bytes) {
  Pipe& pipe = device_of(connection).leaving(side);
  Flow& flow = connection.from(side);
  const Pipe::Passage passage = pipe.send(now, bytes + limits.header_bytes, chance);
  if (passage.fate == Pipe::Fate::link_is_down) return std::nullopt;
  Instant arrival = passage.arrival;
  if (passage.fate != Pipe::Fate::arrives)
    arrival = now + pipe.delay() + round_trip(connection) + limits.retransmission;
  flow.last_arrival = std::max(arrival, flow.last_arrival);
  return flow.last_arrival;
}

void MemoryWorld::State::pump(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  EndState& end = connection->end(side);
  if (!end.connected || end.dead) return;
  Flow& flow = connection->from(side);
  while (true) {
    const std::size_t unsent = flow.waiting.size() - flow.under_way;
    const bool is_end = unsent == 0;
    if (is_end && (!flow.end_written || flow.end_under_way || flow.end_arrived)) return;
    const std::size_t count = std::min(unsent, limits.packet_bytes);
    if (flow.arrived.size() + flow.under_way + count > limits.receive_buffer_bytes) return;
    const auto arrival = arrival_of(*connection, side, count);
    if (!arrival) return went_silent(id, side);
    if (is_end) flow.end_under_way = true;
    flow.under_way += count;
    call_at(*arrival, [this, id, side, count, is_end, attempt = flow.attempt] {
      arrives(id, side, count, is_end, attempt);
    });
  }
}

void MemoryWorld::State::pump_later(ConnectionId id, Side side, Duration delay) {
  call_at(now + delay, [this, id, side] { pump(id, side); });
}

void MemoryWorld::State::arrives(ConnectionId id, Side side, std::size_t count, bool is_end,
                                 std::uint32_t attempt) {
  Connection* connection = find(id);
  if (connection == nullptr || attempt != connection->from(side).attempt) return;
  if (connection->opening == Opening::ack && device_of(*connection).up.works()) {
    connection->opening = Opening::done;  // what it carries says the same as the lost ACK
    accepted(id);
    connection = find(id);
    if (connection == nullptr) return;
  }
  Flow& flow = connection->from(side);
  Device& device = device_of(*connection);
  if (!device.leaving(side).works()) {
    device.leaving(side).lost_on_arrival();
    flow.under_way = 0;
    flow.end_under_way = false;
    ++flow.attempt;
    return went_silent(id, side);
  }
  if (connection->end(other(side)).dead) return send_reset(id, other(side), CloseCause::reset);
  if (connection->end(other(side)).owned) flow.arrived.push(flow.waiting.front(count));
  flow.waiting.pop(count);
  flow.under_way -= count;
  flow.end_arrived = flow.end_arrived || is_end;
  if (!device.both_work()) went_silent(id, side);  // no acknowledgement comes back
  pump(id, side);
  tell_readable(id, other(side));
  tell_writable(id, side);
}

void MemoryWorld::State::went_silent(ConnectionId id, Side side) {
  Flow& flow = find(id)->from(side);
  if (flow.silent_since) return;
  flow.silent_since = now;
  call_at(now + limits.give_up_after, [this, id, side, since = now] { give_up(id, side, since); });
}

void MemoryWorld::State::give_up(ConnectionId id, Side side, Instant since) {
  Connection* connection = find(id);
  if (connection != nullptr && connection->from(side).silent_since == since)
    fail(id, side, CloseCause::timed_out);
}

void MemoryWorld::State::link_changed(Device& device) {
  if (!device.up.works() && !device.down.works()) return;
  for (const ConnectionId id : device.connections) {
    Connection& connection = *find(id);
    call_at(now + limits.retransmission, [this, id] { open(id); });
    for (const Side side : {Side::device, Side::broker}) {
      if (device.both_work()) connection.from(side).silent_since.reset();
      if (device.leaving(side).works()) pump_later(id, side, limits.retransmission);
    }
  }
}

// The end.

void MemoryWorld::State::die(ConnectionId id, Side side) {
  find(id)->end(side).dead = true;
  send_reset(id, side, CloseCause::reset);
}

// RST is sent once and may be lost. `side` is the end that sends it.
void MemoryWorld::State::send_reset(ConnectionId id, Side side, CloseCause seen_as) {
  if (const auto arrival = arrival_of(*find(id), side, 0)) {
    call_at(*arrival, [this, id, side, seen_as] {
      Connection* found = find(id);
      if (found != nullptr && device_of(*found).leaving(side).works())
        fail(id, other(side), seen_as);
    });
  }
  forget_if_unused(id);
}

void MemoryWorld::State::fail(ConnectionId id, Side side, CloseCause cause) {
  EndState& end = find(id)->end(side);
  if (end.dead) return;
  end.dead = true;
  const auto events = std::exchange(end.events, nullptr);
  if (events && events->failed) events->failed(cause);
  forget_if_unused(id);
}

void MemoryWorld::State::tell_readable(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  const auto events = connection->end(side).events;
  if (events && events->readable) events->readable();
}

void MemoryWorld::State::tell_writable(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr || !connection->end(side).write_was_short) return;
  connection->end(side).write_was_short = false;
  const auto events = connection->end(side).events;
  if (events && events->writable) events->writable();
}

void MemoryWorld::State::release(ConnectionId id, Side side) {
  Connection* connection = find(id);
  EndState& end = connection->end(side);
  end.owned = false;
  end.events = nullptr;
  connection->to(side).arrived.clear();
  if (!end.dead) {
    connection->from(side).end_written = true;
    pump(id, side);
  }
  forget_if_unused(id);
}

// Nobody can see anything of a connection that no socket stands for, unless the broker's is still
// to come.
void MemoryWorld::State::forget_if_unused(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  const EndState& device = connection->end(Side::device);
  const EndState& broker = connection->end(Side::broker);
  if (device.owned || broker.owned) return;
  const bool broker_may_come =
      connection->opening == Opening::ack && device.connected && !device.dead && !broker.dead;
  if (broker_may_come) return;
  device_of(*connection).connections.erase(id);
  connections.erase(id);
}

// The world.

MemoryWorld::MemoryWorld(std::uint64_t seed, const MemoryLimits& limits)
    : state_(std::make_unique<State>(seed, limits)) {
  ensure(limits.receive_buffer_bytes >= 4 * limits.packet_bytes, "a window of some packets");
}

MemoryWorld::~MemoryWorld() { state_->ending = true; }

Instant MemoryWorld::now() const { return state_->now; }

TimerId MemoryWorld::call_at(Instant when, std::function<void()> what) {
  return state_->call_at(when, std::move(what));
}

void MemoryWorld::cancel(TimerId timer) { state_->callbacks.take(timer); }

DeviceId MemoryWorld::add_device(std::string_view name, const LinkModel& link) {
  const Rng rng = state_->rng.child(name);
  state_->devices.push_back(
      {Pipe(link.up, rng.child("up")), Pipe(link.down, rng.child("down")), 49152, {}});
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
  device.next_port = device.next_port == 65535 ? 49152 : device.next_port + 1;
  device.connections.insert(id);
  world.call_at(world.now, [&world, id] { world.open(id); });
  world.call_at(world.now + world.limits.give_up_connecting_after,
                [&world, id] { world.give_up_connecting(id); });
  return std::make_unique<End>(world, id, Side::device);
}

void MemoryWorld::accept_with(Accept accept) { state_->accept = std::move(accept); }

void MemoryWorld::set_link(DeviceId device, bool up_works, bool down_works) {
  Device& changed = state_->devices.at(static_cast<std::size_t>(device));
  if (changed.up.works() == up_works && changed.down.works() == down_works) return;
  changed.up.set_works(up_works);
  changed.down.set_works(down_works);
  state_->link_changed(changed);
}

void MemoryWorld::run_until(Instant end) {
  State& world = *state_;
  world.stopped = false;
  while (!world.stopped && !world.queue.empty() && world.queue.top().when <= end) {
    const Entry next = world.queue.top();
    world.queue.pop();
    world.now = next.when;
    if (const auto what = world.callbacks.take(next.timer)) what();
  }
  if (!world.stopped) world.now = std::max(world.now, end);
}

void MemoryWorld::stop() { state_->stopped = true; }

std::uint64_t MemoryWorld::chance_digest() const { return state_->chance.digest(); }

World::Traffic MemoryWorld::traffic(DeviceId device) const {
  const Device& asked = state_->devices.at(static_cast<std::size_t>(device));
  const Pipe::Counts& up = asked.up.counts();
  const Pipe::Counts& down = asked.down.counts();
  return {up.packets, down.packets, up.bytes, down.bytes, up.lost, down.lost};
}

std::size_t MemoryWorld::connections_alive() const { return state_->connections.size(); }

}  // namespace mq::sim
