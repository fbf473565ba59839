// The sockets that a server listens on: opened together, each with its own rules, paused while the
// process is out of descriptors.
#pragma once

#include <boost/asio/ip/tcp.hpp>
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

class Listeners final : public std::enable_shared_from_this<Listeners> {
 public:
  // A connection that came in, and the index of its listener's options.
  using Accepted = std::function<void(boost::asio::ip::tcp::socket, std::size_t listener)>;

  Listeners(boost::asio::io_context& context, std::vector<ListenerOptions> options, int backlog);

  // Listens; throws boost::system::system_error, whose text names the address. Returns what it
  // listens on, "127.0.0.1:1883" or "[::1]:1883".
  std::vector<std::string> open();
  // From now on connections are handed over.
  void start(Accepted accepted);
  void close();
  // A connection that was handed over has ended.
  void left(std::size_t listener);

  const ListenerOptions& options(std::size_t listener) const { return options_[listener]; }

 private:
  struct Door {  // one socket that listens; a name or "*" has several
    boost::asio::ip::tcp::acceptor acceptor;
    std::size_t listener;
  };

  void open_name(std::size_t listener, std::vector<std::string>& names);
  boost::system::error_code listen(const boost::asio::ip::tcp::endpoint& endpoint,
                                   std::size_t listener);
  void accept(Door& door);
  void accept_later(Door& door);
  void hand_over(boost::asio::ip::tcp::socket socket, std::size_t listener);

  boost::asio::io_context& context_;
  const std::vector<ListenerOptions> options_;
  const int backlog_;
  Accepted accepted_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<Door*> paused_;
  boost::asio::steady_timer pause_;
  std::vector<std::size_t> connections_;  // at the moment, by listener
};

std::string text_of(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace mq::broker
