#include "sim/pipe.h"

#include <algorithm>
#include <cmath>

namespace mq::sim {

bool Pipe::queue_is_full(Instant now) {
  while (first_waiting_ < starts_.size() && starts_[first_waiting_] <= now) ++first_waiting_;
  if (first_waiting_ == starts_.size()) {
    starts_.clear();
    first_waiting_ = 0;
  } else if (first_waiting_ >= 64 && first_waiting_ * 2 >= starts_.size()) {
    starts_.erase(starts_.begin(), starts_.begin() + static_cast<std::ptrdiff_t>(first_waiting_));
    first_waiting_ = 0;
  }
  return starts_.size() - first_waiting_ >= model_.queue_packets;
}

Pipe::Passage Pipe::send(Instant now, std::size_t bytes, Chance& chance) {
  if (!works_) {
    ++counts_.lost;
    return {Fate::link_is_down, {}};
  }
  Instant sent = now;
  if (model_.bits_per_second > 0) {
    const bool busy = free_at_ > now;
    if (queue_is_full(now) && busy) {
      ++counts_.lost;
      return {Fate::queue_full, {}};
    }
    if (busy) starts_.push_back(free_at_);
    const double nanoseconds = static_cast<double>(bytes) * 8e9 / model_.bits_per_second;
    free_at_ = std::max(free_at_, now) + Duration(std::llround(nanoseconds));
    sent = free_at_;
  }
  ++counts_.packets;
  counts_.bytes += bytes;
  Instant arrival = sent + model_.delay;
  if (model_.jitter > Duration::zero()) {
    const double jitter = chance.unit(rng_) * static_cast<double>(model_.jitter.count());
    arrival += Duration(static_cast<Duration::rep>(jitter));
  }
  if (model_.loss > 0 && chance.unit(rng_) < model_.loss) {
    ++counts_.lost;
    return {Fate::lost, {}};
  }
  last_arrival_ = std::max(arrival, last_arrival_);
  return {Fate::arrives, last_arrival_};
}

}  // namespace mq::sim
