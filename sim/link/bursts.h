// Loss in bursts: the model of Gilbert and Elliott. A good and a bad state, each with a loss of its
// own, and a step between two packets.
#pragma once

#include "base/rng.h"
#include "sim/chance.h"

namespace mq::sim::link {

struct BurstModel {
  double to_bad = 0;   // from good, before each packet: p
  double to_good = 0;  // from bad: r
  double loss_in_good = 0;
  double loss_in_bad = 1;
  bool is_shared = false;  // one state for all devices behind the link: a backhaul, a beam

  double share_bad() const { return to_bad > 0 ? to_bad / (to_bad + to_good) : 0; }
  double mean_loss() const { return share_bad() * loss_in_bad + (1 - share_bad()) * loss_in_good; }
};

class Bursts {
 public:
  Bursts(const BurstModel& model, Rng rng) : model_(model), rng_(rng) {}

  bool loses_next(Chance& chance) {
    const double step = chance.unit(rng_);
    is_bad_ = is_bad_ ? step >= model_.to_good : step < model_.to_bad;
    const double loss = is_bad_ ? model_.loss_in_bad : model_.loss_in_good;
    if (loss <= 0 || loss >= 1) return loss > 0;
    return chance.unit(rng_) < loss;
  }
  bool is_bad() const { return is_bad_; }

 private:
  const BurstModel& model_;
  Rng rng_;
  bool is_bad_ = false;
};

}  // namespace mq::sim::link
