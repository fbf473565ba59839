#include "sim/link/rate.h"

#include <algorithm>
#include <cmath>

namespace mq::sim::link {
namespace {

// A rate that is drawn as zero for this long in a row has been misdescribed; what is sent is then
// sent at once, so that time goes on.
constexpr int empty_intervals_max = 1'000'000;

Duration time_for(double bits, double bits_per_second) {
  return Duration(std::llround(bits * 1e9 / bits_per_second));
}

}  // namespace

Rate::Rate(const RateModel& model, Rng rng)
    : model_(model), rng_(rng), draws_(rng.child("values")) {
  if (model.trace && model.starts_anywhere)
    offset_ = Duration(
        static_cast<Duration::rep>(rng_.unit() * static_cast<double>(model.trace->period.count())));
}

Instant Rate::finish(Instant start, std::size_t bytes, Chance& chance) {
  const double bits = static_cast<double>(bytes) * 8;
  if (model_.varying) return finish_varying(start, bits, chance);
  if (model_.poisson_bits_per_second > 0) return finish_poisson(start, bytes, chance);
  if (!model_.trace->opportunities.empty()) return finish_opportunities(start + offset_, bytes);
  return finish_steps(start + offset_, bits);
}

Instant Rate::finish_varying(Instant start, double bits, Chance& chance) {
  const VaryingRate& varying = *model_.varying;
  Instant at = start;
  for (int empty = 0; empty < empty_intervals_max; ++empty) {
    const std::int64_t interval = at.time_since_epoch() / varying.every;
    if (interval != interval_) {
      const auto steps = static_cast<double>(interval - interval_);
      const double correlation = varying.correlation > 0 ? std::pow(varying.correlation, steps) : 0;
      bits_per_second_ = draws_.draw(varying.bits_per_second, correlation, chance);
      interval_ = interval;
    }
    const Instant end{(interval + 1) * varying.every};
    const double room = bits_per_second_ * seconds(end - at);
    if (bits <= room && bits_per_second_ > 0) return at + time_for(bits, bits_per_second_);
    if (room > 0) empty = 0;
    bits -= room;
    at = end;
  }
  return at;
}

Instant Rate::finish_steps(Instant start, double bits) {
  const RateTrace& trace = *model_.trace;
  Instant at = start;
  while (true) {
    const Duration within = at.time_since_epoch() % trace.period;
    const auto next =
        std::upper_bound(trace.steps.begin(), trace.steps.end(), within,
                         [](Duration when, const RateTrace::Step& step) { return when < step.at; });
    const double rate = (next - 1)->bits_per_second;
    const Duration end = next == trace.steps.end() ? trace.period : next->at;
    const double room = rate * seconds(end - within);
    if (bits <= room && rate > 0) return at + time_for(bits, rate) - offset_;
    bits -= room;
    at += end - within;
  }
}

Instant Rate::finish_opportunities(Instant start, std::size_t bytes) {
  const RateTrace& trace = *model_.trace;
  const auto& all = trace.opportunities;
  const auto time_of_place = [&] { return Instant(round_ * trace.period + all[place_]); };
  const auto advance = [&] {
    left_ = opportunity_bytes;
    if (++place_ == all.size()) {
      place_ = 0;
      ++round_;
    }
  };
  if (time_of_place() < start || left_ == 0) {
    if (time_of_place() < start) {
      round_ = start.time_since_epoch() / trace.period;
      const Duration within = start.time_since_epoch() % trace.period;
      place_ =
          static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), within) - all.begin());
      if (place_ == all.size()) {
        place_ = 0;
        ++round_;
      }
    }
    left_ = opportunity_bytes;
  }
  while (bytes > left_) {
    bytes -= left_;
    advance();
  }
  left_ -= bytes;
  const Instant sent = std::max(time_of_place(), start);
  if (left_ == 0) advance();
  return sent - offset_;
}

// What is left of an opportunity serves the packet that waits behind.
Instant Rate::finish_poisson(Instant start, std::size_t bytes, Chance& chance) {
  const double mean = opportunity_bytes * 8 / model_.poisson_bits_per_second;
  const auto next_after = [&](Instant at) {
    const double gap = Distribution::exponential(mean).at(chance.unit(rng_));
    return at + Duration(std::llround(gap * 1e9));
  };
  if (opportunity_ < start || left_ == 0) {
    opportunity_ = next_after(std::max(opportunity_, start));
    left_ = opportunity_bytes;
  }
  while (bytes > left_) {
    bytes -= left_;
    opportunity_ = next_after(opportunity_);
    left_ = opportunity_bytes;
  }
  left_ -= bytes;
  return opportunity_;
}

}  // namespace mq::sim::link
