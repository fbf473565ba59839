#include "sim/link/outages.h"

#include <algorithm>
#include <boost/random/exponential_distribution.hpp>

namespace mq::sim::link {

Duration Outages::draw(const Distribution& of) {
  if (of.kind() != Distribution::Kind::exponential)
    return Duration(static_cast<Duration::rep>(of.at(rng_.unit()) * 1e9));
  boost::random::exponential_distribution<double> distribution(1.0);
  const auto mean = static_cast<Duration::rep>(of.mean() * 1e9 + 0.5);
  return Duration(static_cast<Duration::rep>(static_cast<double>(mean) * distribution(rng_)));
}

std::optional<Outages::Outage> Outages::next(Instant after) {
  if (model_.timetable.empty()) {
    // Time goes on, whatever the distributions.
    const Instant begin = after + std::max(draw(model_.between), Duration(1));
    return Outage{begin, begin + draw(model_.length)};
  }
  if (place_ == model_.timetable.size()) {
    if (model_.period <= Duration::zero()) return std::nullopt;
    round_ += model_.period;
    place_ = 0;
  }
  const OutageModel::Window& window = model_.timetable[place_++];
  return Outage{round_ + window.at, round_ + window.at + window.length};
}

}  // namespace mq::sim::link
