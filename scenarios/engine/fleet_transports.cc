#include "scenarios/engine/fleet_transports.h"

#include <chrono>
#include <ctime>
#include <utility>

#include "scenarios/engine/wire_tap.h"
#include "transport/certificate_maker.h"
#include "transport/tls.h"
#include "transport/websocket.h"

namespace mq::scenario {
namespace {

constexpr std::time_t world_begins = 1'735'689'600;  // 2025-01-01 00:00:00 UTC
constexpr std::time_t year = 365 * 86'400;
constexpr const char* broker_name = "broker.mqttlab.test";

bool has_tls(Transport transport) {
  return transport == Transport::tls || transport == Transport::wss;
}
bool has_websocket(Transport transport) {
  return transport == Transport::websocket || transport == Transport::wss;
}

std::time_t clock_of(Instant now) {
  return world_begins +
         std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

transport::TlsPem make_certificates(Rng rng) {
  transport::CertificateMaker authority("mqttlab simulated authority", world_begins - year,
                                        world_begins + 100 * year, &rng);
  const auto made = authority.make({.common_name = broker_name,
                                    .dns_names = {broker_name},
                                    .valid_from = world_begins - year,
                                    .valid_until = world_begins + 100 * year});
  return {made.certificate_pem, made.key_pem, authority.authority_pem()};
}

}  // namespace

struct FleetTransports::Tls {
  explicit Tls(const transport::TlsPem& pem) : server(pem), client(pem) {}
  transport::TlsServer server;
  transport::TlsClient client;
};

FleetTransports::FleetTransports(const sim::World& world, const Rng& rng, trace::HearEncrypted hear)
    : world_(world), rng_(rng), hear_(std::move(hear)) {}
FleetTransports::~FleetTransports() = default;

FleetTransports::Tls& FleetTransports::tls() {
  if (!tls_) tls_ = std::make_unique<Tls>(make_certificates(rng_.child("certificates")));
  return *tls_;
}

std::unique_ptr<transport::Layer> FleetTransports::heard(std::unique_ptr<transport::Layer> tls,
                                                         trace::Connection connection,
                                                         trace::End end) const {
  if (!hear_) return tls;
  return wire_tapped(std::move(tls), [this, connection, end](std::span<const std::byte> bytes) {
    hear_({world_.now(), connection, end, bytes});
  });
}

std::unique_ptr<transport::Layer> FleetTransports::at_device(Transport transport,
                                                             trace::Connection connection,
                                                             const Rng& rng) {
  std::unique_ptr<transport::Layer> layer;
  if (has_tls(transport))
    layer = heard(tls().client.layer(broker_name,
                                     transport::TlsWorld{rng.child("tls"), clock_of(world_.now())}),
                  connection, trace::End::client);
  if (has_websocket(transport))
    layer = transport::stacked(
        std::move(layer),
        transport::websocket_client_layer({.host = broker_name}, rng.child("websocket")));
  return layer;
}

std::unique_ptr<transport::Layer> FleetTransports::at_broker(Transport transport,
                                                             trace::Connection connection,
                                                             const Rng& rng) {
  std::unique_ptr<transport::Layer> layer;
  if (has_tls(transport))
    layer = heard(tls().server.layer(transport::TlsWorld{rng.child("tls"), clock_of(world_.now())}),
                  connection, trace::End::broker);
  if (has_websocket(transport))
    layer = transport::stacked(std::move(layer), transport::websocket_server_layer({}));
  return layer;
}

}  // namespace mq::scenario
