// Where a broker is, as a URL says it: mqtt://, mqtts://, ws:// or wss://.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace mq::conformance {

struct Address {
  std::string host;
  std::uint16_t port = 1883;
  bool has_tls = false;
  bool has_websocket = false;
  std::string path = "/mqtt";  // of the WebSocket

  std::string text() const;  // the URL again
  std::string host_and_port() const;
};

// Why a text is no such URL, in a sentence.
struct NoAddress {
  std::string why;
};
std::variant<Address, NoAddress> address_in(std::string_view url);

// Whether a target's name is meant as a URL at all.
bool looks_like_url(std::string_view target);

}  // namespace mq::conformance
