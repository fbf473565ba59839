// When a link is out of service altogether: at random, by a timetable, or where a trace has gaps.
#pragma once

#include <optional>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "sim/link/distribution.h"

namespace mq::sim::link {

struct OutageModel {
  struct Window {
    Duration at;
    Duration length;
  };
  // By chance: the seconds from the end of one to the beginning of the next, and of one.
  Distribution between, length;
  // Or, if it is not empty: these, ascending and apart, and with a period again in each.
  std::vector<Window> timetable;
  Duration period{};  // 0: once
  bool up = true;     // the directions that carry nothing
  bool down = true;
};

class Outages {
 public:
  struct Outage {
    Instant begin, end;
  };

  // `model` outlives this.
  Outages(const OutageModel& model, Rng rng) : model_(model), rng_(rng) {}

  // The one that follows the one before, whose end is `after` (at first: the start of the run).
  std::optional<Outage> next(Instant after);
  const OutageModel& model() const { return model_; }

 private:
  Duration draw(const Distribution& of);

  const OutageModel& model_;
  Rng rng_;
  std::size_t place_ = 0;
  Instant round_{};
};

}  // namespace mq::sim::link
