// What lies within TLS 1.3 or a WebSocket, for whoever stands between two ends and knows their
// secrets: a simulation that owns one end, and wants to know what the other one was told and when.
// Reads only; nothing of what passes is changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace mq::transport {

enum class RevealedSide : std::uint8_t { client, server };

class Reveal {
 public:
  virtual ~Reveal() = default;
  // More of what this side has sent, in order; what lies within it, as far as it is whole.
  virtual std::vector<std::byte> next(RevealedSide from, std::span<const std::byte> bytes) = 0;
};

// The secrets of one connection, as they become known.
struct TlsSecrets {
  std::vector<std::byte> client;  // CLIENT_TRAFFIC_SECRET_0
  std::vector<std::byte> server;  // SERVER_TRAFFIC_SECRET_0

  // A line as OpenSSL's key log has them.
  void hear(std::string_view line);
};

// RFC 8446. Records whose secrets are not known yet are those of the handshake, and passed over.
std::unique_ptr<Reveal> reveal_tls(std::shared_ptr<const TlsSecrets> secrets);
// RFC 6455, from the first byte of the upgrade on.
std::unique_ptr<Reveal> reveal_websocket();

}  // namespace mq::transport
