// What no file of a run shows unless anybody on the way could have read it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "protocol/packet.h"

namespace mq::report {

// The bytes of a packet, the password of a CONNECT starred out. The result lies in `wire` or in
// `scratch`.
std::span<const std::byte> without_password(const Packet& packet, std::span<const std::byte> wire,
                                            std::vector<std::byte>& scratch);

}  // namespace mq::report
