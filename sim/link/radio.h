// The radio of a device as its network sees it: connected while there is traffic and for a tail
// after it, then idle, and perhaps asleep. What the device sends waits until it is connected; what
// is sent to it waits until it has been paged, too, and finds nobody while it sleeps (3GPP's RRC,
// DRX, eDRX and PSM, of which only the times matter here).
#pragma once

#include <cstdint>
#include <optional>

#include "base/rng.h"
#include "base/time.h"
#include "sim/chance.h"
#include "sim/link/distribution.h"

namespace mq::sim::link {

struct RadioModel {
  Distribution promotion;  // seconds from idle to connected
  Distribution paging;     // seconds before that, for what comes down
  Duration tail{};         // without traffic, until the radio is idle
  // Connected discontinuous reception: after so much silence, what comes down waits (seconds).
  Duration drx_after{};
  Distribution drx;
  // Idle, the device can be reached for `awake`, then not, and so on in every period.
  struct Sleep {
    Duration awake{};
    Duration period{};
    bool network_keeps = true;  // what comes meanwhile, until it is awake; else it is lost
  };
  std::optional<Sleep> sleep;
};

class Radio {
 public:
  struct Answer {
    bool is_asleep = false;
    Instant at{};  // when the packet can go; asleep: when the device can be reached again
  };

  // `model` outlives this.
  Radio(const RadioModel& model, Rng rng) : model_(model), rng_(rng) {}

  // For a packet that is there to be sent; `now` never goes back.
  Answer reach_up(Instant now, Chance& chance);
  Answer reach_down(Instant now, Chance& chance);
  // The packet is on the air until then; the tail begins afterwards.
  void is_busy_until(Instant when);

  bool is_idle(Instant now) const { return !was_connected_ || now > last_activity_ + model_.tail; }
  const RadioModel& model() const { return model_; }
  std::uint64_t promotions() const { return promotions_; }
  Duration connected_time(Instant now) const;

 private:
  double draw(const Distribution& of, Chance& chance) {
    return of.kind() == Distribution::Kind::fixed ? of.at(0) : of.at(chance.unit(rng_));
  }
  Answer connect(Instant now, double seconds_until);

  const RadioModel& model_;
  Rng rng_;
  bool was_connected_ = false;
  Instant connected_from_{};
  Instant down_from_{};  // as connected_from_, and after the wait of DRX
  Instant last_activity_{};
  Duration connected_before_{};  // sum of the connections before this one
  std::uint64_t promotions_ = 0;
};

}  // namespace mq::sim::link
