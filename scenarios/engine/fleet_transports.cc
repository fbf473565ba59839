#include "scenarios/engine/fleet_transports.h"

#include <chrono>
#include <utility>

#include "scenarios/engine/wire_tap.h"
#include "transport/certificate_maker.h"
#include "transport/tls.h"
#include "transport/websocket.h"

namespace mq::scenario {
namespace {

constexpr std::time_t world_begins = 1'735'689'600;  // 2025-01-01 00:00:00 UTC
constexpr std::time_t year = 365 * 86'400;

bool has_tls(Transport transport) {
  return transport == Transport::tls || transport == Transport::wss;
}
bool has_websocket(Transport transport) {
  return transport == Transport::websocket || transport == Transport::wss;
}

transport::TlsPem make_certificates(Rng rng) {
  transport::CertificateMaker authority("mqttlab simulated authority", world_begins - year,
                                        world_begins + 100 * year, &rng);
  const auto made = authority.make({.common_name = site_name,
                                    .dns_names = {site_name},
                                    .valid_from = world_begins - year,
                                    .valid_until = world_begins + 100 * year});
  return {made.certificate_pem, made.key_pem, authority.authority_pem()};
}

}  // namespace

std::time_t clock_of(Instant now) {
  return world_begins +
         std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
}

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

transport::TlsPem broker_certificate(std::uint64_t seed) {
  return make_certificates(Rng(seed).child("transports").child("certificates"));
}

namespace {

// Lets a capture have what the broker sends, too.
class HeardReveal final : public transport::Reveal {
 public:
  HeardReveal(std::unique_ptr<transport::Reveal> below, WholeRecords::Hear hear)
      : below_(std::move(below)), records_(std::move(hear)) {}
  std::vector<std::byte> next(transport::RevealedSide from,
                              std::span<const std::byte> bytes) override {
    if (from == transport::RevealedSide::server) records_.listen(bytes);
    return below_->next(from, bytes);
  }

 private:
  std::unique_ptr<transport::Reveal> below_;
  WholeRecords records_;
};

}  // namespace

std::shared_ptr<transport::TlsSecrets> FleetTransports::secrets_of(trace::Connection connection) {
  Secrets& known = secrets_[connection.client];
  if (known.connection != connection.number)
    known = {connection.number, std::make_shared<transport::TlsSecrets>()};
  return known.kept;
}

std::unique_ptr<transport::Reveal> FleetTransports::revealed(Transport transport,
                                                             trace::Connection connection) {
  if (transport == Transport::websocket) return transport::reveal_websocket();
  if (transport != Transport::tls) return nullptr;
  auto reveal = transport::reveal_tls(secrets_of(connection));
  if (!hear_) return reveal;
  return std::make_unique<HeardReveal>(
      std::move(reveal), [this, connection](std::span<const std::byte> bytes) {
        hear_({world_.now(), connection, trace::End::broker, bytes});
      });
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
  if (has_tls(transport)) {
    const auto secrets = secrets_of(connection);
    layer = heard(
        tls().client.layer(site_name, transport::TlsWorld{rng.child("tls"), clock_of(world_.now()),
                                                          [secrets](std::string_view line) {
                                                            secrets->hear(line);
                                                          }}),
        connection, trace::End::client);
  }
  if (has_websocket(transport))
    layer = transport::stacked(std::move(layer), transport::websocket_client_layer(
                                                     {.host = site_name}, rng.child("websocket")));
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
