// A socket of the memory world: an id and a side. All state is the connection's.
#pragma once

#include <span>
#include <string>

#include "base/ensure.h"
#include "sim/memory/world_state.h"

namespace mq::sim {

class MemoryWorld::End final : public Socket {
 public:
  End(State& world, memory::ConnectionId id, memory::Side side)
      : world_(world), id_(id), side_(side) {
    connection().end(side).owned = true;
  }
  ~End() override {
    if (!world_.ending) world_.release(id_, side_);
  }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void listen_to(Events events) override {
    memory::Connection& mine = connection();
    mine.end(side_).events = std::make_shared<const Events>(std::move(events));
    if (!mine.to(side_).arrived.empty() || mine.to(side_).end_arrived)
      world_.call_at(world_.now, [w = &world_, i = id_, s = side_] { w->tell_readable(i, s); });
  }

  std::size_t write(std::span<const std::byte> bytes) override {
    memory::Connection& mine = connection();
    memory::Flow& flow = mine.from(side_);
    memory::EndState& end = mine.end(side_);
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
    memory::Flow& flow = connection().to(side_);
    const bool was_closed = flow.arrived.size() >= world_.limits.receive_buffer_bytes / 2;
    const std::size_t taken = flow.arrived.take(into);
    if (was_closed && taken > 0) world_.pump_later(id_, memory::other(side_), Duration::zero());
    return taken;
  }

  bool at_end() const override {
    memory::Flow& flow = connection().to(side_);
    return flow.end_arrived && flow.arrived.empty();
  }

  void shutdown_write() override {
    memory::Connection& mine = connection();
    if (mine.end(side_).dead) return;
    mine.from(side_).end_written = true;
    world_.pump(id_, side_);
  }

  void reset() override {
    memory::Connection& mine = connection();
    if (mine.end(side_).dead) return;
    mine.end(side_).events = nullptr;
    world_.die(id_, side_);
  }

  std::string device_address() const override { return memory::address_of(connection()); }

 private:
  memory::Connection& connection() const {
    memory::Connection* found = world_.find(id_);
    ensure(found != nullptr, "a connection lives as long as a socket of it");
    return *found;
  }

  State& world_;
  memory::ConnectionId id_;
  memory::Side side_;
};

}  // namespace mq::sim
