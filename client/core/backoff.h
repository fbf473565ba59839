// How long to wait before the next attempt: exponential, with jitter, so that a fleet that lost
// its broker at one moment does not come back at one moment.
#pragma once

#include <algorithm>
#include <utility>

#include "base/rng.h"
#include "base/time.h"
#include "client/core/client.h"

namespace mq::client {

class Backoff {
 public:
  Backoff(const Reconnect& reconnect, Rng rng)
      : reconnect_(reconnect), rng_(rng), nominal_(first()), before_(first()) {}

  Duration next() {
    const double most = std::max(milliseconds(reconnect_.max), first());
    const double wait = nominal_ * (1.0 - reconnect_.jitter * rng_.unit());
    nominal_ = std::min(most, nominal_ * reconnect_.factor);
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::milli>(std::max(wait, 0.0)));
  }
  // A connection was had. If that turns out to be worth nothing because the broker breaks the
  // protocol on it, `distrust` takes it back.
  void succeeded() { before_ = std::exchange(nominal_, first()); }
  void distrust() { nominal_ = std::max(nominal_, before_); }

 private:
  static double milliseconds(std::chrono::milliseconds span) {
    return static_cast<double>(span.count());
  }
  double first() const { return milliseconds(reconnect_.first); }

  Reconnect reconnect_;
  Rng rng_;
  double nominal_;  // milliseconds, of the next wait
  double before_;
};

}  // namespace mq::client
