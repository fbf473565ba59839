// The client's half of SOCKS5 (RFC 1928, RFC 1929) as a layer: asks a proxy for a connection, then
// gets out of the way. The proxy resolves the name, so that nobody here has to know it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "transport/layer.h"

namespace mq::transport {

struct SocksClientOptions {
  std::string host;  // a name of at most 255 bytes, or an address
  std::uint16_t port = 0;
  std::string user, password;  // at most 255 bytes each; no user: none is offered
};

std::unique_ptr<Layer> socks_client_layer(SocksClientOptions options);

}  // namespace mq::transport
