// One client core on a real socket, plain or with TLS or WebSocket: resolves, connects, carries
// bytes and time. It decides nothing of MQTT; when to connect again is the core's to say.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/core/client.h"
#include "transport/tls.h"
#include "transport/websocket.h"

namespace boost::asio {
class io_context;
}

namespace mq::client {

// A SOCKS5 proxy that makes the connection, and resolves the broker's name.
struct Proxy {
  std::string host;
  std::uint16_t port = 1080;
  std::string user, password;  // no user: none is offered
};

struct Endpoint {
  std::string host;
  std::uint16_t port = 1883;
  std::string unix_path = {};     // instead of host and port
  std::string bind_address = {};  // a host or address of this machine that we come from
  std::optional<Proxy> proxy = {};
  std::optional<transport::TlsClientOptions> tls = {};
  std::optional<transport::WebSocketClientOptions> websocket = {};  // its host is filled in
};

// "localhost:1883", "[::1]:1883", "wss://localhost:8443/mqtt", "unix:/run/mqtt.sock",
// "localhost:1883 by the proxy localhost:1080".
std::string text_of(const Endpoint& endpoint);

class Driver {
 public:
  // Called from the io_context, one at a time, never from inside give().
  struct Owner {
    std::function<void(const Output&)> told;  // all that is not the driver's to do
    // Why a link could not be had, or what it was without an answer to CONNECT.
    std::function<void(const std::string&)> link_failed;
    std::function<void()> drained;  // backlog_bytes() has become less
  };

  // Throws transport::TlsError if a file of the endpoint's TLS cannot be used.
  Driver(boost::asio::io_context& context, Endpoint endpoint, Settings settings, std::uint64_t seed,
         Owner owner);
  ~Driver();  // drops the link without a word

  void give(Input input);
  bool connected() const;
  std::size_t queued_messages() const;
  // Of what was given, so much has not left for the network yet.
  std::size_t backlog_bytes() const;

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

}  // namespace mq::client
