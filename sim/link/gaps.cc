#include "sim/link/gaps.h"

#include <algorithm>
#include <cmath>

namespace mq::sim::link {

Duration Gaps::draw(const Distribution& of, Chance& chance) {
  const double value = of.at(chance.unit(rng_));
  // Time goes on, whatever the distribution.
  return std::max(Duration(1), Duration(std::llround(value * 1e9)));
}

void Gaps::draw_next(Chance& chance) {
  const Instant begin = drawn_until_ + draw(model_.between, chance);
  const bool fails = model_.failures > 0 && chance.unit(rng_) < model_.failures;
  drawn_until_ = begin + draw(fails ? model_.failure_length : model_.length, chance);
  gaps_.push_back({begin, drawn_until_, fails});
}

const Gaps::Gap& Gaps::first_after(Instant when, Instant now, Chance& chance) {
  while (!gaps_.empty() && gaps_.front().end <= now) gaps_.pop_front();
  while (gaps_.empty() || gaps_.back().end <= when) {
    draw_next(chance);
    if (gaps_.size() > 1 && gaps_.front().end <= now) gaps_.pop_front();
  }
  return *std::find_if(gaps_.begin(), gaps_.end(),
                       [when](const Gap& gap) { return gap.end > when; });
}

}  // namespace mq::sim::link
