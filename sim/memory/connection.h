// One connection of the memory world: two flows of bytes, one per direction, and what each end
// knows. The world moves it; see memory_world.cc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "sim/byte_queue.h"
#include "sim/world.h"

namespace mq::sim::memory {

enum class ConnectionId : std::uint64_t {};
enum class Side : std::uint8_t { device, broker };
constexpr Side other(Side side) { return side == Side::device ? Side::broker : Side::device; }

// Bytes from one end to the other.
struct Flow {
  ByteQueue waiting;          // written and not yet arrived
  std::size_t under_way = 0;  // the first of `waiting`: sent, may still be lost
  ByteQueue arrived;          // not yet read
  bool end_written = false;   // shutdown_write() was called
  bool end_under_way = false;
  bool end_arrived = false;
  bool kept = false;          // the network has some for a device that sleeps
  std::uint32_t attempt = 0;  // arrivals of an earlier attempt mean nothing
  Instant last_arrival{};
  Instant last_left{};  // the sender, for the last time: after a loss it is sent again
  // The sender's machine lost its power: what left it later never did.
  std::optional<Instant> cut_off;
  // Since when the sender has heard nothing; it gives up some time after.
  std::optional<Instant> silent_since;
};

struct EndState {
  std::shared_ptr<const Socket::Events> events;  // none: nobody listens (yet)
  bool owned = false;                            // a Socket stands for it
  bool connected = false;
  bool dead = false;  // failed or reset: whatever arrives is answered by RST
  bool write_was_short = false;
};

// How far the three packets of the start have come: which one is the next to arrive.
enum class Opening : std::uint8_t { syn, syn_ack, ack, done };

struct Connection {
  DeviceId device;
  std::uint16_t port = 0;
  std::uint32_t moves = 0;  // of the device, before
  Opening opening = Opening::syn;
  bool opening_under_way = false;
  Instant opened_at{};
  std::array<Flow, 2> flows;  // by the side that writes
  std::array<EndState, 2> ends;

  Flow& from(Side side) { return flows[static_cast<std::size_t>(side)]; }
  Flow& to(Side side) { return flows[static_cast<std::size_t>(other(side))]; }
  EndState& end(Side side) { return ends[static_cast<std::size_t>(side)]; }
};

// The device's address and port, as the broker sees them.
std::string address_of(const Connection& connection);

}  // namespace mq::sim::memory
