// The fixed header (3.1.1 section 2.2, 5.0 section 2.1), read as soon as its bytes are there, and
// the packet behind it. Internal to protocol/.
#pragma once

#include <cstddef>
#include <span>
#include <variant>

#include "protocol/codec.h"

namespace mq::wire {

struct FixedHeader {
  Kind kind;
  std::uint8_t flags;
  bool is_minimal;           // the length took no more bytes than it needs
  std::size_t header_bytes;  // 2 to 5
  std::size_t packet_bytes;  // header and body
};

// NeedMore while the header itself is incomplete.
std::variant<NeedMore, FixedHeader, Malformed> read_fixed_header(std::span<const std::byte> bytes,
                                                                 Version version, Sender from);

// `packet` is as long as the header says.
Decoded decode_body(const FixedHeader& header, std::span<const std::byte> packet, Version version,
                    Sender from);

}  // namespace mq::wire
