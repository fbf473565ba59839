#include "conformance/runner/pace.h"

#include <algorithm>

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr double slowest = 20;  // connections in a second
constexpr double without_limit = 1000;
constexpr std::size_t fewest = 20;
constexpr double slower = 0.7;

}  // namespace

void Pace::refill(Instant now) {
  if (filled_ && now > *filled_)
    tokens_ = std::min(burst(), tokens_ + seconds(now - *filled_) * limits_.per_second);
  filled_ = now;
}

void Pace::on_opened(std::size_t connections, Instant now) {
  refill(now);
  if (limits_.per_second > 0) tokens_ -= static_cast<double>(connections);
}

bool Pace::may_begin(std::size_t open, Instant now) {
  refill(now);
  return now >= not_before_ && open < limits_.at_once && (limits_.per_second <= 0 || tokens_ >= 1);
}

std::optional<Instant> Pace::next(Instant now) {
  refill(now);
  Instant at = not_before_;
  if (limits_.per_second > 0 && tokens_ < 1) {
    const double missing = (1 - tokens_) / limits_.per_second;
    at = std::max(
        at,
        now + 1ms + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(missing)));
  }
  return at > now ? std::optional(at) : std::nullopt;
}

void Pace::slow_down(Instant now) {
  if (now < not_before_) return;  // what was on its way already
  const double before = limits_.per_second > 0 ? limits_.per_second : without_limit;
  limits_.per_second = std::max(slowest, before * slower);
  limits_.at_once =
      std::max(fewest, static_cast<std::size_t>(static_cast<double>(limits_.at_once) * slower));
  tokens_ = 0;
  not_before_ = now + 1s;
}

}  // namespace mq::conformance
