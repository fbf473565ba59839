#include "sim/memory/connection.h"

#include <algorithm>
#include <utility>

#include "sim/memory/memory_end.h"
#include "sim/memory/world_state.h"

namespace mq::sim {

using memory::Connection;
using memory::ConnectionId;
using memory::Device;
using memory::EndState;
using memory::Flow;
using memory::Opening;
using memory::other;
using memory::Side;

namespace memory {

std::string address_of(const Connection& connection) {
  const auto index =
      static_cast<std::uint32_t>(connection.device) + 1 + moved_address(connection.moves);
  return "10." + std::to_string(index >> 16 & 255) + '.' + std::to_string(index >> 8 & 255) + '.' +
         std::to_string(index & 255) + ':' + std::to_string(connection.port);
}

}  // namespace memory

// The start: SYN up, SYN-ACK down, ACK up. A packet that meets a link that is down waits for it.

void MemoryWorld::State::open(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->opening == Opening::done) return;
  if (connection->opening_under_way) return;
  EndState& answerer = connection->end(Side::broker);
  if (connection->opening == Opening::syn_ack && answerer.dead) {  // it began, and lost its power
    connection->opening = Opening::syn;
    answerer.dead = false;
  }
  const Side side = connection->opening == Opening::syn_ack ? Side::broker : Side::device;
  if (const auto arrival = arrival_of(id, side, 0)) {
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
      if (!accept || !site_has_power) return send_reset(id, Side::broker, CloseCause::refused);
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
      if (connection->end(Side::broker).dead)
        return send_reset(id, Side::broker, CloseCause::reset);
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

// When a packet that leaves now arrives, a loss and its repetition included; nothing if it never
// will: the link is down, the device sleeps, or the carrier lets nothing through.
std::optional<Instant> MemoryWorld::State::arrival_of(ConnectionId id, Side side,
                                                      std::size_t bytes) {
  Connection& connection = *find(id);
  Device& device = device_of(connection);
  Pipe& pipe = device.leaving(side);
  if (device.parts && !crosses_border(id, side)) return std::nullopt;
  Flow& flow = connection.from(side);
  const Pipe::Passage passage = pipe.send(now, bytes + limits.header_bytes, chance);
  if (passage.fate == Pipe::Fate::link_is_down) return std::nullopt;
  if (passage.fate == Pipe::Fate::asleep || passage.fate == Pipe::Fate::unreachable) {
    flow.kept = flow.kept || passage.fate == Pipe::Fate::asleep;
    await(connection.device, passage.arrival);
    return std::nullopt;
  }
  Instant arrival = passage.arrival;
  Instant left = now;
  if (passage.fate != Pipe::Fate::arrives) {
    left += round_trip(connection) + limits.retransmission;
    arrival = left + pipe.delay();
  }
  flow.last_left = std::max(left, flow.last_left);
  flow.last_arrival = std::max(arrival, flow.last_arrival);
  // Whoever sends is awake.
  if (device.is_awaited && side == Side::device) woke(connection.device);
  return flow.last_arrival;
}

bool MemoryWorld::State::crosses_border(ConnectionId id, Side side) {
  using Verdict = link::Border::Verdict;
  Connection& connection = *find(id);
  Device& device = device_of(connection);
  if (!device.parts->border) return true;
  link::Border& border = *device.parts->border;
  const bool is_up = side == Side::device;
  const Verdict verdict =
      is_up ? border.goes_up(connection.port, now) : border.comes_down(connection.port, now);
  if (verdict == Verdict::passes) return true;
  device.leaving(side).lost_on_arrival();
  if (verdict != Verdict::is_reset || !connection.end(side).connected) return false;
  call_at(now + (is_up ? round_trip(connection) : Duration::zero()), [this, id, side] {
    if (find(id) != nullptr) fail(id, side, CloseCause::reset);
  });
  return false;
}

void MemoryWorld::State::await(DeviceId device, Instant when) {
  memory::Device& asleep = devices[static_cast<std::size_t>(device)];
  if (std::exchange(asleep.is_awaited, true)) return;
  call_at(when, [this, device] { woke(device); });
}

void MemoryWorld::State::woke(DeviceId device) {
  memory::Device& awake = devices[static_cast<std::size_t>(device)];
  if (!std::exchange(awake.is_awaited, false)) return;
  for (const ConnectionId id : awake.connections)
    if (std::exchange(find(id)->from(Side::broker).kept, false)) acknowledge_kept(id);
  link_changed(awake);
}

// The device answers what was kept for it; a sender that has given up meanwhile knows nothing of
// it, and says so.
void MemoryWorld::State::acknowledge_kept(ConnectionId id) {
  if (!find(id)->end(Side::broker).dead) return;
  if (const auto arrival = arrival_of(id, Side::device, 0)) {
    call_at(*arrival, [this, id] {
      if (find(id) != nullptr && device_of(*find(id)).up.works())
        send_reset(id, Side::broker, CloseCause::reset);
    });
  }
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
    const auto arrival = arrival_of(id, side, count);
    if (!arrival) return went_silent(id, side);
    if (is_end) flow.end_under_way = true;
    flow.under_way += count;
    call_at(*arrival, [this, id, side, sent = Sent{count, is_end, flow.attempt, flow.last_left}] {
      arrives(id, side, sent);
    });
  }
}

void MemoryWorld::State::pump_later(ConnectionId id, Side side, Duration delay) {
  call_at(now + delay, [this, id, side] { pump(id, side); });
}

void MemoryWorld::State::arrives(ConnectionId id, Side side, const Sent& sent) {
  Connection* connection = find(id);
  if (connection == nullptr || sent.attempt != connection->from(side).attempt) return;
  if (connection->opening == Opening::ack && device_of(*connection).up.works() &&
      !connection->end(Side::broker).dead) {
    connection->opening = Opening::done;  // what it carries says the same as the lost ACK
    accepted(id);
    connection = find(id);
    if (connection == nullptr) return;
  }
  Flow& flow = connection->from(side);
  Device& device = device_of(*connection);
  const bool is_lost = !device.leaving(side).works();
  if (is_lost) device.leaving(side).lost_on_arrival();
  const bool never_left = flow.cut_off && sent.left > *flow.cut_off;
  if (is_lost || never_left || (side == Side::device && !site_has_power)) {
    flow.under_way = 0;
    flow.end_under_way = false;
    ++flow.attempt;
    return went_silent(id, side);
  }
  if (connection->end(other(side)).dead) return send_reset(id, other(side), CloseCause::reset);
  if (connection->end(other(side)).owned) flow.arrived.push(flow.waiting.front(sent.count));
  flow.waiting.pop(sent.count);
  flow.under_way -= sent.count;
  flow.end_arrived = flow.end_arrived || sent.is_end;
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
  for (const ConnectionId id : device.connections) {
    Connection& connection = *find(id);
    call_at(now + limits.retransmission, [this, id] { open(id); });
    for (const Side side : {Side::device, Side::broker}) {
      Flow& flow = connection.from(side);
      if (device.both_work()) flow.silent_since.reset();
      if (device.leaving(side).works()) pump_later(id, side, limits.retransmission);
      // What waits for a window that is closed learns nothing any more.
      if (!device.both_work() && !flow.waiting.empty()) went_silent(id, side);
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
  if (side == Side::broker && !site_has_power) return forget_if_unused(id);
  if (const auto arrival = arrival_of(id, side, 0)) {
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

void MemoryWorld::State::forget(ConnectionId id, Side side) {
  EndState& end = find(id)->end(side);
  end.dead = true;
  end.events = nullptr;
  Flow& flow = find(id)->from(side);
  flow.waiting.clear();
  flow.under_way = 0;
  flow.end_under_way = false;
  ++flow.attempt;
  forget_if_unused(id);
}

void MemoryWorld::State::lose_power(ConnectionId id) {
  Connection& connection = *find(id);
  if (connection.opening == Opening::syn) return;  // it has not heard of it yet
  EndState& end = connection.end(Side::broker);
  end.dead = true;
  end.events = nullptr;
  Flow& flow = connection.from(Side::broker);
  flow.waiting.keep_first(flow.under_way);
  flow.end_written = flow.end_under_way;
  flow.cut_off = now;
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

}  // namespace mq::sim
