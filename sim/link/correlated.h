// Values of a distribution that remember the one before: a normal AR(1) process gives the shares.
// The values have the distribution they should have, whatever the correlation.
#pragma once

#include <cmath>
#include <optional>

#include "base/rng.h"
#include "sim/chance.h"
#include "sim/link/distribution.h"

namespace mq::sim::link {

class Correlated {
 public:
  explicit Correlated(Rng rng) : rng_(rng) {}

  // `correlation`, in [0, 1), is that with the value drawn before (of its normal score).
  double draw(const Distribution& of, double correlation, Chance& chance) {
    if (of.kind() == Distribution::Kind::fixed) return of.at(0);
    const double share = chance.unit(rng_);
    if (correlation <= 0) return of.at(share);
    const double fresh = normal_at(share);
    score_ =
        score_ ? correlation * *score_ + std::sqrt(1 - correlation * correlation) * fresh : fresh;
    return of.at(normal_share(*score_));
  }

 private:
  Rng rng_;
  std::optional<double> score_;
};

}  // namespace mq::sim::link
