// A device's connection to the broker's site: TCP over its link, then what its group has above it
// (TLS, WebSocket). One after another; whoever speaks MQTT or HTTP sees bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/time.h"
#include "scenarios/engine/fleet_context.h"
#include "scenarios/plan.h"
#include "sim/stream.h"
#include "sim/trace/event.h"
#include "transport/connection.h"

namespace mq::scenario {

// How long a connection that is being closed may take to hand over its last bytes.
inline constexpr Duration linger = std::chrono::seconds(5);

class DeviceConnection {
 public:
  // Called within run_until(), not after drop().
  class Owner {
   public:
    virtual void opened() = 0;  // bytes may flow
    virtual void received(std::span<const std::byte> bytes) = 0;
    virtual void drained(std::size_t bytes) = 0;  // of send(), that have left
    virtual void leaving() = 0;                   // it closes by itself; the goodbye is under way
    virtual void ended(trace::CloseCause cause) = 0;

   protected:
    ~Owner() = default;
  };

  // `rng` has a child for each connection; fleet and owner outlive this.
  DeviceConnection(FleetContext& fleet, sim::DeviceId place, Transport transport, Rng rng,
                   Owner& owner);
  ~DeviceConnection() { drop(); }
  DeviceConnection(const DeviceConnection&) = delete;
  DeviceConnection& operator=(const DeviceConnection&) = delete;

  // Begins to connect; `touched` is what its events will touch. Not while there is one.
  void open(trace::Connection connection, std::vector<Memory> touched);

  bool is_connecting() const { return connecting_.has_value(); }  // by TCP
  bool is_up() const { return link_ != nullptr; }                 // TCP stands
  bool is_there() const { return is_connecting() || is_up(); }

  void send(Bytes bytes) { link_->send(std::move(bytes)); }
  void flush() { link_->flush(); }
  // What was sent before still goes out; then `ended` is called. May take for ever: drop() then.
  void close() { link_->close(); }
  // At once, without `ended`.
  void drop();

 private:
  void tcp_is_up();

  FleetContext& fleet_;
  const sim::DeviceId place_;
  const Transport transport_;
  const Rng rng_;
  Owner& owner_;
  trace::Connection connection_{};
  std::vector<Memory> touched_;
  std::optional<sim::Stream> connecting_;
  std::shared_ptr<transport::Link> link_;
};

}  // namespace mq::scenario
