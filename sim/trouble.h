// What a fault does to the packets of one direction of a link while it lasts, beside what the link
// does by itself.
#pragma once

#include "base/time.h"

namespace mq::sim {

struct Trouble {
  // Another bottleneck before the link, with a queue as long as the link's; 0: none.
  double bits_per_second = 0;
  Duration wait{};  // for each packet, in order: a queue that somebody else keeps full
  // Probabilities per packet, each by itself.
  double lost = 0;
  double duplicated = 0;
  double reordered = 0;  // held back for `held_back`; others overtake it
  Duration held_back{};
  double corrupted = 0;  // it arrives, and TCP's checksum finds out

  bool any() const {
    return bits_per_second > 0 || wait > Duration::zero() || lost > 0 || duplicated > 0 ||
           reordered > 0 || corrupted > 0;
  }
  bool operator==(const Trouble&) const = default;
};

}  // namespace mq::sim
