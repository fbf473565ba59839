// What the connections of a fleet pass through: TLS and WebSocket, both ends, from the seed. One
// authority and one certificate of the broker are made per run; certificates are judged by the
// clock of the world, which begins on 2025-01-01. Who asks for it hears what TLS sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <unordered_map>

#include "base/rng.h"
#include "scenarios/plan.h"
#include "sim/trace/event.h"
#include "sim/world.h"
#include "transport/layer.h"
#include "transport/reveal.h"
#include "transport/tls.h"

namespace mq::scenario {

// What the broker's site is called.
inline constexpr const char* site_name = "broker.mqttlab.test";

class FleetTransports {
 public:
  // `hear` may be empty.
  FleetTransports(const sim::World& world, const Rng& rng, trace::HearEncrypted hear);
  ~FleetTransports();

  // What somebody between the two ends of a connection can read who knows its secrets: for a
  // broker that takes off TLS or WebSocket itself. Nothing for plain TCP.
  std::unique_ptr<transport::Reveal> revealed(Transport transport, trace::Connection connection);

  // Nothing for plain TCP. Each draws from `rng` alone.
  std::unique_ptr<transport::Layer> at_device(Transport transport, trace::Connection connection,
                                              const Rng& rng);
  std::unique_ptr<transport::Layer> at_broker(Transport transport, trace::Connection connection,
                                              const Rng& rng);

 private:
  struct Tls;

  std::shared_ptr<transport::TlsSecrets> secrets_of(trace::Connection connection);
  Tls& tls();  // made when the first connection wants it
  std::unique_ptr<transport::Layer> heard(std::unique_ptr<transport::Layer> tls,
                                          trace::Connection connection, trace::End end) const;

  const sim::World& world_;
  const Rng rng_;
  const trace::HearEncrypted hear_;
  std::unique_ptr<Tls> tls_;
  // Of each client's last connection, where the broker is not ours: made by whichever end asks
  // first.
  struct Secrets {
    std::uint32_t connection = 0;
    std::shared_ptr<transport::TlsSecrets> kept;
  };
  std::unordered_map<trace::ClientIndex, Secrets> secrets_;
};

// The time of day in a world.
std::time_t clock_of(Instant now);

// What a broker outside needs to be the one that the fleet trusts: its certificate and key.
transport::TlsPem broker_certificate(std::uint64_t seed);

}  // namespace mq::scenario
