// Loss in bursts: the model of Gilbert and Elliott. A good and a bad state, each with a loss of its
// own, and a step between two packets, or in each span of time: what was measured with a probe
// every 10 ms would otherwise last for hours when a packet is sent every minute.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/rng.h"
#include "base/time.h"
#include "sim/chance.h"

namespace mq::sim::link {

struct BurstModel {
  double to_bad = 0;   // from good, before each step: p
  double to_good = 0;  // from bad: r
  double loss_in_good = 0;
  double loss_in_bad = 1;
  Duration every{};        // a step; 0: once a packet
  bool is_shared = false;  // one state for all devices behind the link: a backhaul, a beam

  double share_bad() const { return to_bad > 0 ? to_bad / (to_bad + to_good) : 0; }
  double mean_loss() const { return share_bad() * loss_in_bad + (1 - share_bad()) * loss_in_good; }
};

class Bursts {
 public:
  Bursts(const BurstModel& model, Rng rng) : model_(model), rng_(rng) {}

  bool loses_next(Instant now, Chance& chance) {
    const double step = chance.unit(rng_);
    if (model_.every > Duration::zero()) {
      is_bad_ = step < chance_of_bad(now);
    } else {
      is_bad_ = is_bad_ ? step >= model_.to_good : step < model_.to_bad;
    }
    const double loss = is_bad_ ? model_.loss_in_bad : model_.loss_in_good;
    if (loss <= 0 || loss >= 1) return loss > 0;
    return chance.unit(rng_) < loss;
  }
  bool is_bad() const { return is_bad_; }

 private:
  // After all steps since the last packet at once: the chain of two states has a closed form.
  double chance_of_bad(Instant now) {
    const auto steps = std::max<Duration::rep>((now - stepped_) / model_.every, 0);
    stepped_ += steps * model_.every;
    const double remembered =
        std::pow(1 - model_.to_bad - model_.to_good, static_cast<double>(steps));
    return model_.share_bad() + ((is_bad_ ? 1 : 0) - model_.share_bad()) * remembered;
  }

  const BurstModel& model_;
  Rng rng_;
  bool is_bad_ = false;
  Instant stepped_{};
};

}  // namespace mq::sim::link
