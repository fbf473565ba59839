// The sockets that a server listens on: opened together, each with its own rules, paused while the
// process is out of descriptors.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/server/listener_options.h"

namespace boost::asio {
class io_context;
}

namespace mq::broker {

// TCP of both families and Unix sockets.
using Socket = boost::asio::generic::stream_protocol::socket;

class Listeners final : public std::enable_shared_from_this<Listeners> {
 public:
  // A connection that came in, its peer, and the index of its listener's options.
  using Accepted = std::function<void(Socket, std::string peer, std::size_t listener)>;

  Listeners(boost::asio::io_context& context, std::vector<ListenerOptions> options, int backlog);

  // Listens; throws std::system_error, whose text names the address, or
  // transport::TlsError, whose text names the file. Returns what it listens on, "127.0.0.1:1883",
  // "[::1]:1883" or "unix:/run/mqtt.sock", what is spoken there before it: "mqtts://[::1]:8883".
  std::vector<std::string> open();
  // From now on connections are handed over.
  void start(Accepted accepted);
  void close();
  // A connection that was handed over has ended.
  void left(std::size_t listener);

  // Reads certificates, keys and lists again, for connections that come from now on. All or
  // nothing: throws transport::TlsError.
  void reload_certificates();
  // What a connection of this listener passes through; nothing on plain TCP.
  std::unique_ptr<transport::Layer> layer(std::size_t listener) const;

  const ListenerOptions& options(std::size_t listener) const { return options_[listener]; }

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
  struct Door {  // one socket that listens; a name or "*" has several
    Acceptor acceptor;
    std::size_t listener;
  };
  using Endpoint = boost::asio::generic::stream_protocol::endpoint;
  using Tls = std::vector<std::shared_ptr<const transport::TlsServer>>;

  Tls read_certificates() const;
  void open_name(std::size_t listener, std::vector<std::string>& names);
  void open_unix(std::size_t listener, std::vector<std::string>& names);
  boost::system::error_code listen(const Endpoint& endpoint, std::size_t listener);
  void accept(Door& door);
  void accept_later(Door& door);
  void hand_over(Socket socket, std::size_t listener);

  boost::asio::io_context& context_;
  const std::vector<ListenerOptions> options_;
  const int backlog_;
  Tls tls_;  // by listener; nothing where none is spoken
  Accepted accepted_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<std::string> unix_paths_;  // files that are ours
  std::vector<Door*> paused_;
  boost::asio::steady_timer pause_;
  std::vector<std::size_t> connections_;  // at the moment, by listener
};

}  // namespace mq::broker
