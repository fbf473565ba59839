// What a link can have beside rate, delay, jitter, loss and a queue: each part optional, each
// drawing from a stream of its own, so that adding one shifts nothing else. A link without any has
// none of this.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "sim/link/border.h"
#include "sim/link/bursts.h"
#include "sim/link/distribution.h"
#include "sim/link/gaps.h"
#include "sim/link/radio.h"
#include "sim/link/rate.h"
#include "sim/link/stations.h"

namespace mq::sim::link {

struct DelayModel {
  Distribution seconds;  // one way
  double correlation = 0;
};

struct DirectionParts {
  RateModel rate;                   // in place of LinkDirection::bits_per_second
  std::optional<DelayModel> delay;  // in place of LinkDirection::delay
  bool reorders = false;            // a packet may overtake one that is delayed more
  std::optional<BurstModel> bursts;
  std::size_t queue_bytes = 0;  // waiting for the transmitter; 0: no limit of this kind
  Duration queue_time{};        // the longest wait; 0: no limit of this kind
  bool codel = false;

  bool any() const {
    return rate.is_there() || delay || reorders || bursts || queue_bytes > 0 ||
           queue_time > Duration::zero() || codel;
  }
};

struct Parts {
  DirectionParts up, down;
  std::optional<RadioModel> radio;
  std::optional<GapModel> gaps;
  std::optional<NatModel> nat;
  bool roams = false;                     // the device's address may change
  std::optional<StationsModel> stations;  // behind all of the above, as the device sees it

  bool any() const { return up.any() || down.any() || radio || gaps || nat || roams || stations; }
};

// The states that the devices of a link have in common; one of these per world.
class SharedBursts {
 public:
  explicit SharedBursts(Rng rng) : rng_(rng) {}
  // `parts` are those of the link, and the same for all its devices.
  std::shared_ptr<Bursts> of(const std::shared_ptr<const Parts>& parts, bool is_up);

 private:
  struct Entry {
    std::shared_ptr<const Parts> parts;
    bool is_up;
    std::shared_ptr<Bursts> bursts;
  };
  Rng rng_;
  std::vector<Entry> entries_;  // few: one per link that shares
};

// The state of what both directions of a device's link share.
struct State {
  // `shared` outlives this.
  State(std::shared_ptr<const Parts> given, const Rng& rng, SharedBursts& in_common)
      : parts(std::move(given)), shared(in_common) {
    if (parts->radio) radio.emplace(*parts->radio, rng.child("radio"));
    if (parts->gaps) gaps.emplace(*parts->gaps, rng.child("gaps"));
    if (parts->nat || parts->roams) border.emplace(parts->nat ? &*parts->nat : nullptr);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::shared_ptr<const Parts> parts;
  SharedBursts& shared;
  std::optional<Radio> radio;
  std::optional<Gaps> gaps;
  std::optional<Border> border;
};

}  // namespace mq::sim::link
