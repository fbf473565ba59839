#include "sim/pipe.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/link/lane.h"

namespace mq::sim {

Pipe::Pipe(const LinkDirection& model, Rng rng) : model_(model), rng_(rng) {}
Pipe::Pipe(const LinkDirection& model, Rng rng, std::unique_ptr<link::Lane> lane)
    : model_(model), rng_(rng), lane_(std::move(lane)) {}
Pipe::Pipe(Pipe&&) noexcept = default;
Pipe& Pipe::operator=(Pipe&&) noexcept = default;
Pipe::~Pipe() = default;

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
  if (lane_) return send_by_lane(now, bytes, chance);
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

Pipe::Passage Pipe::send_by_lane(Instant now, std::size_t bytes, Chance& chance) {
  const link::Lane::Result result = lane_->send(now, bytes, chance);
  if (result.is_on_air) {
    ++counts_.packets;
    counts_.bytes += bytes;
  }
  const Fate fate = result.passage.fate;
  if (fate != Fate::arrives && fate != Fate::asleep) ++counts_.lost;
  return result.passage;
}

}  // namespace mq::sim
