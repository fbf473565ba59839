// One case in which we are the broker, on real sockets: a listener of its own on this machine, and
// a client program as a process that is told by lines what to do (docs/conform.md).
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "conformance/runner/play.h"
#include "conformance/runner/socket_link.h"
#include "peers/client_adapter.h"
#include "peers/process.h"
#include "transport/core_clock.h"

namespace mq::conformance {

class ClientCase final : public std::enable_shared_from_this<ClientCase> {
 public:
  using Done = std::function<void(Outcome)>;

  // `one` and `adapter` outlive this. After `limit` the case is given up.
  ClientCase(boost::asio::io_context& context, const Case& one, const peers::ClientAdapter& adapter,
             Surroundings around, Duration limit, Done done);
  void start();
  void give_up();  // at once, and nobody is told

 private:
  void act();
  void obey(const Order& order);
  void launch(const Order& order);
  void tell(const std::string& verb, const Order::Fields& fields);
  void write();
  void read();
  void hear(const std::string& line);
  void watch_end();
  void on_ended(int status);
  std::string how_it_ended(int status) const;
  void accept();
  void take(boost::asio::ip::tcp::socket socket);
  void end(const EndLink& end);
  void finish();
  void let_go();  // of everything that is open or runs
  Instant now() const { return clock_.now(); }

  boost::asio::io_context& context_;
  const peers::ClientAdapter& adapter_;
  const Duration limit_;
  const Case& one_;
  const bool may_refuse_;  // the case looks whether the program refuses
  const Version version_;
  Play play_;
  Done done_;
  transport::CoreClock clock_;
  boost::asio::steady_timer limit_timer_;
  boost::asio::steady_timer end_timer_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::map<LinkNumber, std::shared_ptr<SocketLink>> links_;

  std::unique_ptr<peers::Process> process_;
  boost::asio::posix::stream_descriptor input_;   // what it reads
  boost::asio::posix::stream_descriptor output_;  // what it writes
  std::string to_write_;
  std::string writing_;
  std::string read_;
  std::string last_line_;
  std::array<char, 4096> buffer_{};
  std::optional<Order> then_;  // as soon as it is connected
  bool has_connected_ = false;
  bool peer_has_closed_ = false;
  bool is_over_ = false;
};

}  // namespace mq::conformance
