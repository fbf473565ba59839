// WebSocket (RFC 6455) as a layer, for MQTT: subprotocol `mqtt`, binary frames, whose borders mean
// nothing to MQTT (v5 MQTT-6.0.0-1 to -4). Boost.Beast reads and writes the HTTP of the handshake;
// frames are ours, because a simulated world needs masks that a seed decides, and an idle
// connection a few bytes instead of buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "transport/layer.h"

namespace mq::transport {

inline constexpr std::size_t http_header_bytes_max = 8 * 1024;

struct WebSocketServerOptions {
  std::string path;                  // "/mqtt"; empty: every one
  std::vector<std::string> origins;  // "https://example.org"; empty: every one, or none at all
  std::uint64_t frame_bytes_max = 16 * 1024 * 1024;
};

struct WebSocketClientOptions {
  std::string host;  // "example.org:8080", as HTTP's Host
  std::string path = "/mqtt";
  std::string subprotocol = "mqtt";  // "mqttv3.1" for MQTT 3.1
  std::uint64_t frame_bytes_max = 512 * 1024 * 1024;
};

std::unique_ptr<Layer> websocket_server_layer(WebSocketServerOptions options);
// `random` makes key and masks: from a seed in a simulated world, else from the machine's chance.
std::unique_ptr<Layer> websocket_client_layer(WebSocketClientOptions options, Rng random);

}  // namespace mq::transport
