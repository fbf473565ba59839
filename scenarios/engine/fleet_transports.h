// What the connections of a fleet pass through: TLS and WebSocket, both ends, from the seed. One
// authority and one certificate of the broker are made per run; certificates are judged by the
// clock of the world, which begins on 2025-01-01.
#pragma once

#include <cstdint>
#include <memory>

#include "base/rng.h"
#include "base/time.h"
#include "scenarios/plan.h"
#include "transport/layer.h"

namespace mq::scenario {

class FleetTransports {
 public:
  explicit FleetTransports(const Rng& rng);
  ~FleetTransports();

  // Nothing for plain TCP. Each draws from `rng` alone.
  std::unique_ptr<transport::Layer> at_device(Transport transport, const Rng& rng, Instant now);
  std::unique_ptr<transport::Layer> at_broker(Transport transport, const Rng& rng, Instant now);

 private:
  struct Tls;

  Tls& tls();  // made when the first connection wants it

  const Rng rng_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace mq::scenario
