// The flags of `mqttlab broker` that say where it listens and what is spoken there.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "broker/server/listener_options.h"

namespace CLI {
class App;
}

namespace mq::broker {

// What is wrong with a flag, in a sentence that names it.
struct ListenerFlagError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// "[SCHEME://]WHERE[?OPTION[&OPTION]]", as --listen has it; one for each address. The scheme says
// which of `tls` and `websocket` are set; their content comes from elsewhere but for the path of
// ws://host:port/path. Throws ListenerFlagError.
std::vector<ListenerOptions> parse_listener(std::string_view text, std::uint16_t default_port);

struct ListenerFlags {
  std::vector<std::string> listen;
  std::vector<std::string> certificates, keys;  // belong together in their order
  transport::TlsServerOptions tls;
  std::string client_certificates = "none";
  bool certificate_is_user = false;
  bool psk_identity_is_user = false;
  std::string tls_version;
  std::vector<std::string> origins;

  void add_to(CLI::App& app);
  // Throws ListenerFlagError.
  std::vector<ListenerOptions> listeners(std::uint16_t default_port) const;
};

}  // namespace mq::broker
