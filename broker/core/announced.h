// What a CONNECT that could not be decoded says of the client that sent it, as far as it got: how
// to answer it (5.0, 3.1.2.1 and 3.1.2.11.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "protocol/packet.h"

namespace mq::broker {

struct Announced {
  Version version = Version::v3_1_1;   // 5.0 if that is what it names, else one before it
  std::uint32_t packet_bytes_max = 0;  // 0: any
};

// Of a packet's bytes, first to last that arrived; whatever they are.
Announced announced_by(std::span<const std::byte> packet);

}  // namespace mq::broker
