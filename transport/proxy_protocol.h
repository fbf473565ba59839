// The PROXY protocol, version 2: a load balancer in front says in a binary header, before any other
// byte, whose connection it passes on. Where a listener wants it, a connection without it is
// refused: else everybody could be whoever they like. Version 1, a line of text, is refused.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "transport/layer.h"

namespace mq::transport {

// Room for the addresses and for what proxies add to them.
inline constexpr std::size_t proxy_header_bytes_max = 16 + 2048;

struct ProxyHeader {
  std::size_t bytes;    // of the header itself
  std::string address;  // "192.0.2.7:51000", "[2001:db8::7]:51000"; empty: the proxy's own business
};
struct ProxyFault {
  std::string why;
};
struct ProxyIncomplete {};  // a beginning that may become a header

std::variant<ProxyHeader, ProxyIncomplete, ProxyFault> parse_proxy_header(
    std::span<const std::byte> bytes);

std::unique_ptr<Layer> proxy_layer();

}  // namespace mq::transport
