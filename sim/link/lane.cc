#include "sim/link/lane.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace mq::sim::link {
namespace {

constexpr std::size_t full_packet_bytes = 1500;

}  // namespace

std::shared_ptr<Bursts> SharedBursts::of(const std::shared_ptr<const Parts>& parts, bool is_up) {
  for (const Entry& entry : entries_)
    if (entry.parts == parts && entry.is_up == is_up) return entry.bursts;
  const BurstModel& model = is_up ? *parts->up.bursts : *parts->down.bursts;
  const std::string stream = std::to_string(entries_.size());
  entries_.push_back({parts, is_up, std::make_shared<Bursts>(model, rng_.child(stream))});
  return entries_.back().bursts;
}

Lane::Lane(const LinkDirection& plain, State& state, Leads leads, const Rng& rng)
    : plain_(plain),
      state_(state),
      parts_(leads == Leads::up ? state.parts->up : state.parts->down),
      leads_(leads),
      jitter_(rng.child("jitter")),
      loss_(rng.child("loss")),
      delays_(rng.child("delay")) {
  if (parts_.rate.is_there()) rate_.emplace(parts_.rate, rng.child("rate"));
  if (parts_.bursts)
    bursts_ = parts_.bursts->is_shared
                  ? state.shared.of(state.parts, leads == Leads::up)
                  : std::make_shared<Bursts>(*parts_.bursts, rng.child("bursts"));
  if (parts_.codel) codel_.emplace();
}

std::unique_ptr<Lane> make_lane(const LinkDirection& plain, State* state, Lane::Leads leads,
                                const Rng& rng) {
  if (state == nullptr) return nullptr;
  const bool is_up = leads == Lane::Leads::up;
  const DirectionParts& own = is_up ? state->parts->up : state->parts->down;
  if (!own.any() && !state->radio && !state->gaps) return nullptr;
  return std::make_unique<Lane>(plain, *state, leads, rng.child(is_up ? "lane/up" : "lane/down"));
}

bool Lane::has_room(Instant now, Instant start, std::size_t bytes) {
  while (!waiting_.empty() && waiting_.front().start <= now) {
    waiting_bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
  if (start <= now) return true;
  if (waiting_.size() >= plain_.queue_packets) return false;
  if (parts_.queue_bytes > 0 && waiting_bytes_ + bytes > parts_.queue_bytes) return false;
  return parts_.queue_time == Duration::zero() || start - now <= parts_.queue_time;
}

Instant Lane::finish(Instant start, std::size_t bytes, Chance& chance) {
  if (rate_) return rate_->finish(start, bytes, chance);
  if (plain_.bits_per_second <= 0) return start;
  return start + Duration(std::llround(static_cast<double>(bytes) * 8e9 / plain_.bits_per_second));
}

// Nothing is sent in a gap: a packet that would begin in one begins after it, one that is on the
// air is interrupted. In a failure it is lost instead.
Lane::Air Lane::transmit(Instant start, Instant now, std::size_t bytes, Chance& chance) {
  if (!state_.gaps) {
    const Instant sent = finish(start, bytes, chance);
    return {false, sent, sent - start};
  }
  Instant from = start;
  while (true) {
    const Gaps::Gap& gap = state_.gaps->first_after(from, now, chance);
    if (gap.begin > from) break;
    if (gap.is_failure) return {true, from};
    from = gap.end;
  }
  Instant sent = finish(from, bytes, chance);
  const Duration time = sent - from;
  while (true) {
    const Gaps::Gap& gap = state_.gaps->first_after(from, now, chance);
    if (gap.begin >= sent) return {false, sent, time};
    if (gap.is_failure) return {true, gap.begin, time};
    sent += gap.end - gap.begin;
    from = gap.end;
  }
}

Duration Lane::delay(Chance& chance) {
  Duration delay = plain_.delay;
  if (parts_.delay) {
    const double drawn = delays_.draw(parts_.delay->seconds, parts_.delay->correlation, chance);
    delay = Duration(std::llround(drawn * 1e9));
  }
  if (plain_.jitter > Duration::zero())
    delay += Duration(static_cast<Duration::rep>(chance.unit(jitter_) *
                                                 static_cast<double>(plain_.jitter.count())));
  return delay;
}

bool Lane::loses(Instant sent, Chance& chance) {
  const bool alone = plain_.loss > 0 && chance.unit(loss_) < plain_.loss;
  const bool in_burst = bursts_ && bursts_->loses_next(sent, chance);
  return alone || in_burst;
}

Lane::Result Lane::send(Instant now, std::size_t bytes, Chance& chance) {
  Instant ready = now;
  if (state_.radio) {
    const Radio::Answer answer = leads_ == Leads::up ? state_.radio->reach_up(now, chance)
                                                     : state_.radio->reach_down(now, chance);
    if (answer.is_asleep) {
      const bool kept = state_.radio->model().sleep->network_keeps;
      return {{kept ? Fate::asleep : Fate::unreachable, answer.at}};
    }
    ready = answer.at;
  }
  const Instant start = std::max(free_at_, ready);
  if (!has_room(now, start, bytes)) return {{Fate::queue_full, {}}};
  if (codel_) {
    const Duration packet_time =
        plain_.bits_per_second > 0
            ? Duration(std::llround(full_packet_bytes * 8e9 / plain_.bits_per_second))
            : Duration::zero();
    if (codel_->drops(start, start - now, packet_time)) return {{Fate::queue_full, {}}};
  }
  const Air air = transmit(start, now, bytes, chance);
  if (start > now) {
    waiting_.push_back({start, bytes});
    waiting_bytes_ += bytes;
  }
  free_at_ = air.sent;
  if (state_.radio) state_.radio->is_busy_until(air.sent);
  const Instant arrival = air.sent + delay(chance);
  if (loses(air.sent, chance) || air.is_lost) return {{Fate::lost, {}}, true, air.time};
  if (parts_.reorders) return {{Fate::arrives, arrival}, true, air.time};
  last_arrival_ = std::max(arrival, last_arrival_);
  return {{Fate::arrives, last_arrival_}, true, air.time};
}

}  // namespace mq::sim::link
