// What the connections of a fleet pass through: TLS and WebSocket, both ends, from the seed. One
// authority and one certificate of the broker are made per run; certificates are judged by the
// clock of the world, which begins on 2025-01-01. Who asks for it hears what TLS sends.
#pragma once

#include <cstdint>
#include <memory>

#include "base/rng.h"
#include "scenarios/plan.h"
#include "sim/trace/event.h"
#include "sim/world.h"
#include "transport/layer.h"

namespace mq::scenario {

class FleetTransports {
 public:
  // `hear` may be empty.
  FleetTransports(const sim::World& world, const Rng& rng, trace::HearEncrypted hear);
  ~FleetTransports();

  // Nothing for plain TCP. Each draws from `rng` alone.
  std::unique_ptr<transport::Layer> at_device(Transport transport, trace::Connection connection,
                                              const Rng& rng);
  std::unique_ptr<transport::Layer> at_broker(Transport transport, trace::Connection connection,
                                              const Rng& rng);

 private:
  struct Tls;

  Tls& tls();  // made when the first connection wants it
  std::unique_ptr<transport::Layer> heard(std::unique_ptr<transport::Layer> tls,
                                          trace::Connection connection, trace::End end) const;

  const sim::World& world_;
  const Rng rng_;
  const trace::HearEncrypted hear_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace mq::scenario
