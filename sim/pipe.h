// One direction of a device's access link as arithmetic: what happens to a packet that is handed
// over now, and when it arrives. Both worlds use it; neither knows how it decides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "sim/chance.h"
#include "sim/link/passage.h"
#include "sim/trouble.h"
#include "sim/world.h"

namespace mq::sim {

namespace link {
class Lane;
}

class Pipe {
 public:
  using Fate = link::Fate;
  using Passage = link::Passage;
  struct Counts {
    std::uint64_t packets = 0, bytes = 0;  // put on the air
    std::uint64_t lost = 0;                // never reached the other end
    Duration air{};                        // that it took to send them
    // Of these packets, by trouble.
    std::uint64_t duplicated = 0, reordered = 0, corrupted = 0;
  };

  Pipe(const LinkDirection& model, Rng rng);
  // A link with parts. `lane` was made of the same model.
  Pipe(const LinkDirection& model, Rng rng, std::unique_ptr<link::Lane> lane);
  Pipe(Pipe&&) noexcept;
  Pipe& operator=(Pipe&&) noexcept;
  ~Pipe();

  // `now` never goes back from call to call.
  Passage send(Instant now, std::size_t bytes, Chance& chance);
  // To be called for a packet whose arrival falls into a time when the link is down.
  void lost_on_arrival() { ++counts_.lost; }

  // From now on, until it is told otherwise.
  void trouble(const Trouble& now);
  void set_works(bool works) { works_ = works; }
  bool works() const { return works_; }
  Duration delay() const { return model_.delay; }
  const Counts& counts() const { return counts_; }

 private:
  bool queue_is_full(Instant now);
  Passage send_untroubled(Instant now, std::size_t bytes, Chance& chance);
  Passage send_troubled(Instant now, std::size_t bytes, Chance& chance);
  Passage send_by_lane(Instant now, std::size_t bytes, Chance& chance);

  LinkDirection model_;
  Rng rng_;
  bool works_ = true;
  std::uint32_t first_waiting_ = 0;
  Instant free_at_{};  // when the transmitter has sent what it was given
  Instant last_arrival_{};
  std::vector<Instant> starts_;  // of packets waiting for the transmitter, from first_waiting_ on
  std::unique_ptr<link::Lane> lane_;  // none: the link is plain
  struct Troubled {
    Trouble what;
    Rng rng;  // of its own: a fault shifts no other chance
    Instant free_at{};
    Instant last{};  // the link's `now` never goes back
  };
  std::unique_ptr<Troubled> troubled_;  // none: there never was any
  Counts counts_;
};

// What both directions of a device's link together have carried, without the radio's part.
World::Traffic traffic_of(const Pipe::Counts& up, const Pipe::Counts& down);

}  // namespace mq::sim
