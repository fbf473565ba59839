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
  return troubled_ ? send_troubled(now, bytes, chance) : send_untroubled(now, bytes, chance);
}

void Pipe::trouble(const Trouble& now) {
  if (!troubled_ && !now.any()) return;
  if (!troubled_)
    troubled_ = std::make_unique<Troubled>(Troubled{.what = {}, .rng = rng_.child("trouble")});
  troubled_->what = now;
}

Pipe::Passage Pipe::send_troubled(Instant now, std::size_t bytes, Chance& chance) {
  Troubled& troubled = *troubled_;
  const Trouble& what = troubled.what;
  const auto happens = [&](double probability) {
    return probability > 0 && chance.unit(troubled.rng) < probability;
  };
  Instant entry = now;
  if (what.bits_per_second > 0) {
    constexpr double full_packet_bits = 1500 * 8;
    const double waiting_bits = seconds(troubled.free_at - now) * what.bits_per_second;
    if (waiting_bits > full_packet_bits * static_cast<double>(model_.queue_packets)) {
      ++counts_.lost;
      return {Fate::queue_full, {}};
    }
    const double nanoseconds = static_cast<double>(bytes) * 8e9 / what.bits_per_second;
    troubled.free_at = std::max(troubled.free_at, now) + Duration(std::llround(nanoseconds));
    entry = troubled.free_at;
  }
  troubled.last = entry = std::max(entry + what.wait, troubled.last);
  const bool is_lost = happens(what.lost);
  const bool is_corrupted = happens(what.corrupted);
  const bool is_held_back = happens(what.reordered);
  const bool comes_twice = happens(what.duplicated);
  Passage passage = send_untroubled(entry, bytes, chance);
  if (passage.fate != Fate::arrives) return passage;
  if (is_corrupted) ++counts_.corrupted;
  if (is_lost || is_corrupted) {
    ++counts_.lost;
    return {Fate::lost, {}};
  }
  if (is_held_back) {
    ++counts_.reordered;
    passage.arrival += what.held_back;
  }
  if (comes_twice) {
    ++counts_.duplicated;
    passage.comes_twice = true;
  }
  return passage;
}

Pipe::Passage Pipe::send_untroubled(Instant now, std::size_t bytes, Chance& chance) {
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
    const Duration air(std::llround(nanoseconds));
    counts_.air += air;
    free_at_ = std::max(free_at_, now) + air;
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
    counts_.air += result.air;
  }
  const Fate fate = result.passage.fate;
  if (fate != Fate::arrives && fate != Fate::asleep) ++counts_.lost;
  return result.passage;
}

World::Traffic traffic_of(const Pipe::Counts& up, const Pipe::Counts& down) {
  World::Traffic traffic{up.packets, down.packets, up.bytes, down.bytes, up.lost, down.lost};
  traffic.duplicated = up.duplicated + down.duplicated;
  traffic.reordered = up.reordered + down.reordered;
  traffic.corrupted = up.corrupted + down.corrupted;
  traffic.air_up = up.air;
  traffic.air_down = down.air;
  return traffic;
}

}  // namespace mq::sim
