// What a listener is asked to do: where it listens, and its own rules. Plain values, so that a
// command line and a configuration file can make them without knowing a socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "transport/tls.h"
#include "transport/websocket.h"

namespace mq::broker {

// "localhost", "0.0.0.0", "::1"; port 0 takes any free one. A name listens on all its addresses.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 1883;
  std::string unix_path = {};  // instead of host and port
};

inline constexpr std::size_t interface_bytes_max = 15;  // of a name, in Linux

// Users of one file are other people than users of another, whatever their names.
struct OwnAccess {
  std::string password_file = {};  // empty: nobody has a password here
  std::string acl_file = {};       // empty: everybody may do everything
};

struct ListenerOptions {
  enum class Family : std::uint8_t { any, ipv4, ipv6 };
  ListenAddress address;  // an empty host is all addresses
  Family family = Family::any;
  std::string interface = {};  // as "eth0": only what comes in there; empty: what comes anywhere
  // Connections at once that came in here; a further one is closed when it is accepted.
  std::size_t connections_max = std::numeric_limits<std::size_t>::max();
  // Whether clients may come here without a user; nothing: as AccessOptions say.
  std::optional<bool> anonymous = {};
  // Users and rules of this listener, instead of those that AccessOptions name.
  std::optional<OwnAccess> own_access = {};
  std::string mount_point = {};  // put before topics of the clients here; ends with a slash
  // In this order from the network upwards.
  bool proxy_protocol = false;  // every connection begins with a header of version 2
  std::optional<transport::TlsServerOptions> tls;
  // Who shows a certificate is the user that its subject's common name says, without a password.
  bool certificate_is_user = false;
  bool subject_is_user = false;       // the same by the whole subject, in RFC 2253's form
  bool psk_identity_is_user = false;  // the same of who has a pre-shared key
  std::optional<transport::WebSocketServerOptions> websocket;
  unsigned unix_mode = 0660;  // permissions of a Unix socket's file

  bool has_users() const { return !own_access || !own_access->password_file.empty(); }
};

}  // namespace mq::broker
