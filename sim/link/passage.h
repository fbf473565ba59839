// What becomes of a packet that is handed to a link.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace mq::sim::link {

enum class Fate : std::uint8_t {
  arrives,
  lost,
  queue_full,
  link_is_down,
  asleep,       // the device cannot be reached, and the network keeps the packet for it
  unreachable,  // the same, and the packet is lost
};

struct Passage {
  Fate fate;
  // Of what arrives, and never before the packet sent earlier unless the link reorders. Of a device
  // asleep: when it can be reached again, if it does not send something before.
  Instant arrival;
  bool comes_twice = false;
};

}  // namespace mq::sim::link
