// One direction of a link that has parts: radio, queue, rate, gaps, delay and loss, in the order in
// which a packet meets them. A link without parts is plain arithmetic in Pipe.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/link/codel.h"
#include "sim/link/correlated.h"
#include "sim/link/parts.h"
#include "sim/link/passage.h"
#include "sim/world.h"

namespace mq::sim::link {

class Lane {
 public:
  enum class Leads : std::uint8_t { up, down };

  // `state` outlives this.
  Lane(const LinkDirection& plain, State& state, Leads leads, const Rng& rng);

  // `now` never goes back from call to call. `is_on_air` tells whether the packet was put there.
  struct Result {
    Passage passage;
    bool is_on_air = false;
    Duration air{};  // how long it took to send
  };
  Result send(Instant now, std::size_t bytes, Chance& chance);

 private:
  struct Waiting {
    Instant start;
    std::size_t bytes;
  };
  bool has_room(Instant now, Instant start, std::size_t bytes);
  struct Air {
    bool is_lost = false;
    Instant sent{};
    Duration time{};  // of sending, without gaps
  };
  Air transmit(Instant start, Instant now, std::size_t bytes, Chance& chance);
  Instant finish(Instant start, std::size_t bytes, Chance& chance);
  Duration delay(Chance& chance);
  bool loses(Instant sent, Chance& chance);

  LinkDirection plain_;
  State& state_;
  const DirectionParts& parts_;
  Leads leads_;
  Rng jitter_, loss_;
  Correlated delays_;
  std::optional<Rate> rate_;
  std::shared_ptr<Bursts> bursts_;  // perhaps with the other devices of the link
  std::optional<CoDel> codel_;
  Instant free_at_{};
  Instant last_arrival_{};
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
};

// None if the direction is plain. `rng` is that of the device.
std::unique_ptr<Lane> make_lane(const LinkDirection& plain, State* state, Lane::Leads leads,
                                const Rng& rng);

}  // namespace mq::sim::link
