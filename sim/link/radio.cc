#include "sim/link/radio.h"

#include <algorithm>
#include <cmath>

namespace mq::sim::link {

Radio::Answer Radio::connect(Instant now, double seconds_until) {
  connected_before_ = connected_time(now);
  was_connected_ = true;
  ++promotions_;
  connected_from_ = down_from_ = last_activity_ = now + Duration(std::llround(seconds_until * 1e9));
  return {.at = connected_from_};
}

Radio::Answer Radio::reach_up(Instant now, Chance& chance) {
  if (is_idle(now)) return connect(now, draw(model_.promotion, chance));
  const Instant at = std::max(now, connected_from_);
  is_busy_until(at);
  return {.at = at};
}

Radio::Answer Radio::reach_down(Instant now, Chance& chance) {
  if (is_idle(now)) {
    if (model_.sleep) {
      const Instant since = was_connected_ ? last_activity_ + model_.tail : Instant{};
      const Duration within = (now - since) % model_.sleep->period;
      if (within >= model_.sleep->awake)
        return {.is_asleep = true, .at = now + model_.sleep->period - within};
    }
    const double paging = draw(model_.paging, chance);
    return connect(now, paging + draw(model_.promotion, chance));
  }
  if (model_.drx_after > Duration::zero() && now > last_activity_ + model_.drx_after)
    down_from_ = now + Duration(std::llround(draw(model_.drx, chance) * 1e9));
  const Instant at = std::max({now, connected_from_, down_from_});
  is_busy_until(at);
  return {.at = at};
}

void Radio::is_busy_until(Instant when) { last_activity_ = std::max(last_activity_, when); }

Duration Radio::connected_time(Instant now) const {
  if (!was_connected_) return {};
  const Instant end = std::min(now, last_activity_ + model_.tail);
  return connected_before_ + std::max(end - connected_from_, Duration::zero());
}

}  // namespace mq::sim::link
