// Short interruptions of a moving device: handovers, in which packets wait, and now and then a
// radio link failure, in which they are lost. Both directions see the same ones.
#pragma once

#include <deque>

#include "base/rng.h"
#include "base/time.h"
#include "sim/chance.h"
#include "sim/link/distribution.h"

namespace mq::sim::link {

struct GapModel {
  Distribution between;         // seconds from the end of one to the beginning of the next
  Distribution length;          // seconds, of a handover
  double failures = 0;          // the share of them that fails
  Distribution failure_length;  // seconds
};

class Gaps {
 public:
  struct Gap {
    Instant begin, end;
    bool is_failure;
  };

  // `model` outlives this.
  Gaps(const GapModel& model, Rng rng) : model_(model), rng_(rng) {}

  // The first gap that ends after `when`, which is not before `now`; `now` never goes back. Valid
  // until the next call.
  const Gap& first_after(Instant when, Instant now, Chance& chance);

 private:
  void draw_next(Chance& chance);
  Duration draw(const Distribution& of, Chance& chance);

  const GapModel& model_;
  Rng rng_;
  std::deque<Gap> gaps_;  // those that somebody may still ask for
  Instant drawn_until_{};
};

}  // namespace mq::sim::link
