// Listens to the bytes at one end of one connection and records the packets in them: the judges
// read what went over the wire, not what a core says about it.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <utility>

#include "protocol/codec.h"
#include "scenarios/engine/tracer.h"
#include "sim/trace/event.h"

namespace mq::scenario {

class PacketTap {
 public:
  PacketTap(Tracer& tracer, trace::Connection connection, trace::End end);

  void sent(std::span<const std::byte> bytes);      // by this end
  void received(std::span<const std::byte> bytes);  // at this end

  // Told of a packet that this end sends before it is recorded, of one that came after it was.
  using Hear = std::function<void(const Packet& packet, bool sent)>;
  void tell_of(Hear hear) { hear_ = std::move(hear); }

  trace::Connection connection() const { return connection_; }

 private:
  void hear(Sender from, bool sent, std::span<const std::byte> bytes);

  Tracer& tracer_;
  trace::Connection connection_;
  trace::End end_;
  Hear hear_;
  PacketReader from_client_{Sender::client, Version::v5};
  PacketReader from_server_{Sender::server, Version::v5};
  bool client_is_malformed_ = false;
  bool server_is_malformed_ = false;
};

}  // namespace mq::scenario
