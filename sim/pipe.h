// One direction of a device's access link as arithmetic: what happens to a packet that is handed
// over now, and when it arrives. Both worlds use it; neither knows how it decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "sim/chance.h"
#include "sim/world.h"

namespace mq::sim {

class Pipe {
 public:
  enum class Fate : std::uint8_t { arrives, lost, queue_full, link_is_down };
  struct Passage {
    Fate fate;
    Instant arrival;  // only of what arrives; never before the packet sent earlier
  };
  struct Counts {
    std::uint64_t packets = 0, bytes = 0;  // put on the air
    std::uint64_t lost = 0;                // never reached the other end
  };

  Pipe(const LinkDirection& model, Rng rng) : model_(model), rng_(rng) {}

  // `now` never goes back from call to call.
  Passage send(Instant now, std::size_t bytes, Chance& chance);
  // To be called for a packet whose arrival falls into a time when the link is down.
  void lost_on_arrival() { ++counts_.lost; }

  void set_works(bool works) { works_ = works; }
  bool works() const { return works_; }
  Duration delay() const { return model_.delay; }
  const Counts& counts() const { return counts_; }

 private:
  bool queue_is_full(Instant now);

  LinkDirection model_;
  Rng rng_;
  bool works_ = true;
  Instant free_at_{};  // when the transmitter has sent what it was given
  Instant last_arrival_{};
  std::vector<Instant> starts_;  // of packets waiting for the transmitter, from first_waiting_ on
  std::size_t first_waiting_ = 0;
  Counts counts_;
};

}  // namespace mq::sim
