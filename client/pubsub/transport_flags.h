// The flags of pub, sub and rr that say how the broker is reached: TLS, WebSocket, a Unix socket, a
// proxy.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "client/driver/driver.h"
#include "protocol/packet.h"

namespace CLI {
class App;
}

namespace mq::client {

// What is wrong with a flag, in a sentence that names it.
struct TransportFlagError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct TransportFlags {
  transport::TlsClientOptions tls;
  std::string certificate, key, version;
  std::string alpn;
  std::string unix_path;
  std::string bind_address;
  std::string proxy;  // a URL
  std::string psk, psk_identity;
  std::string engine, engine_password, key_form;  // refused
  std::string path;                               // of the WebSocket
  bool insecure = false;
  bool system_authorities = false;
  bool websocket = false;
  // What the scheme of a URL says.
  bool url_has_tls = false;
  std::optional<std::uint16_t> url_port = {};

  void add_to(CLI::App& app);
  // The part of a URL after its scheme, mqtt(s):// or ws(s)://; nothing if it has another one.
  std::optional<std::string> take_scheme(const std::string& url);
  // `port`: as -p or the URL gives it; without it, the usual one of what is spoken. Throws
  // TransportFlagError.
  Endpoint endpoint(const std::string& host, std::optional<std::uint16_t> port,
                    Version version_of_mqtt) const;

 private:
  void check_support() const;
  std::optional<transport::TlsPsk> shared_key() const;
};

// "socks5h://[user[:password]@]host[:port]". Throws TransportFlagError, which never holds the
// password.
Proxy parse_proxy(const std::string& url);

}  // namespace mq::client
