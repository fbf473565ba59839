// The memory world inside: its devices, its connections and its queue of events.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/link/parts.h"
#include "sim/memory/connection.h"
#include "sim/memory/memory_world.h"
#include "sim/pipe.h"
#include "sim/timer_queue.h"

namespace mq::sim {
namespace memory {

struct Device {
  Pipe up;
  Pipe down;
  std::unique_ptr<link::State> parts;  // none: the link is plain
  std::uint16_t next_port = 49152;
  std::set<ConnectionId> connections;
  bool is_awaited = false;  // bytes wait until it is awake

  Pipe& leaving(Side side) { return side == Side::device ? up : down; }
  bool both_work() const { return up.works() && down.works(); }
};

}  // namespace memory

struct MemoryWorld::State {
  State(std::uint64_t seed, const MemoryLimits& given)
      : limits(given), rng(seed), shared_bursts(rng.child("shared bursts")) {}

  TimerId call_at(Instant when, std::function<void()> what) {
    return timers.add(std::max(when, now), std::move(what));
  }
  memory::Connection* find(memory::ConnectionId id) {
    const auto found = connections.find(id);
    return found == connections.end() ? nullptr : &found->second;
  }
  memory::Device& device_of(const memory::Connection& connection) {
    return devices[static_cast<std::size_t>(connection.device)];
  }
  Duration round_trip(const memory::Connection& connection) {
    const memory::Device& device = device_of(connection);
    return device.up.delay() + device.down.delay();
  }

  // A call from outside: the first packet leaves, at each try later than before.
  struct Outside {
    DeviceId device;
    std::function<void(bool)> tell;
    Instant began{};
    Duration until_next{};
    bool is_over = false;
  };
  void ring(const std::shared_ptr<Outside>& call);
  void is_heard(const std::shared_ptr<Outside>& call);
  void end(const std::shared_ptr<Outside>& call, bool answered);

  void open(memory::ConnectionId id);
  void opening_arrives(memory::ConnectionId id);
  void accepted(memory::ConnectionId id);
  void give_up_connecting(memory::ConnectionId id);

  void pump(memory::ConnectionId id, memory::Side side);
  void pump_later(memory::ConnectionId id, memory::Side side, Duration delay);
  std::optional<Instant> arrival_of(memory::ConnectionId id, memory::Side side, std::size_t bytes);
  bool crosses_border(memory::ConnectionId id, memory::Side side);
  void await(DeviceId device, Instant when);
  void woke(DeviceId device);
  void acknowledge_kept(memory::ConnectionId id);
  struct Sent {
    std::size_t count = 0;
    bool is_end = false;
    std::uint32_t attempt = 0;
    Instant left{};
  };
  void arrives(memory::ConnectionId id, memory::Side side, const Sent& sent);
  void went_silent(memory::ConnectionId id, memory::Side side);
  void give_up(memory::ConnectionId id, memory::Side side, Instant since);
  void die(memory::ConnectionId id, memory::Side side);
  void send_reset(memory::ConnectionId id, memory::Side side, CloseCause seen_as);
  void fail(memory::ConnectionId id, memory::Side side, CloseCause cause);
  // The end is gone without a word, and what comes for it is answered by RST.
  void forget(memory::ConnectionId id, memory::Side side);
  // The broker's end is gone with its machine.
  void lose_power(memory::ConnectionId id);
  void tell_readable(memory::ConnectionId id, memory::Side side);
  void tell_writable(memory::ConnectionId id, memory::Side side);
  void release(memory::ConnectionId id, memory::Side side);
  void forget_if_unused(memory::ConnectionId id);
  void link_changed(memory::Device& device);

  MemoryLimits limits;
  Rng rng;
  link::SharedBursts shared_bursts;
  Chance chance;
  Instant now{};
  bool stopped = false;
  bool site_has_power = true;
  bool ending = false;  // the world is being destroyed: sockets inside callbacks say no more
  std::uint64_t next_connection = 0;
  TimerQueue timers;
  std::vector<memory::Device> devices;
  std::unordered_map<memory::ConnectionId, memory::Connection> connections;  // never iterated
  Accept accept;
};

}  // namespace mq::sim
