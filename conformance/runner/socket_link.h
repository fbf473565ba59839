// A TCP connection of this machine as the runner wants it: each piece is a write of its own, what
// the peer said before it left is read to the end even if nothing can be written any more, and it
// can be closed in one direction only, or be reset. (transport::Connection serves a broker: it
// gathers writes, and an error of any kind is the end.)
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "transport/link.h"

namespace mq::conformance {

// In words that a verdict uses.
std::string end_in_words(boost::system::error_code error);

class SocketLink final : public transport::Link, public std::enable_shared_from_this<SocketLink> {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  // `seat` is let go of when the connection is at its end.
  SocketLink(boost::asio::io_context& context, Endpoints endpoints, std::shared_ptr<void> seat)
      : endpoints_(std::move(endpoints)),
        seat_(std::move(seat)),
        socket_(context),
        linger_(context) {}
  // One that a peer has opened.
  explicit SocketLink(boost::asio::ip::tcp::socket socket)
      : socket_(std::move(socket)), linger_(socket_.get_executor()), is_accepted_(true) {}

  void own(Owner owner) override { owner_ = std::move(owner); }
  void start() override;  // connects; `ended` without `opened` if that fails
  void send(Bytes bytes) override;
  void flush() override;
  void close() override;
  void abort() override;
  void drop() override;
  void hold_reading(bool held) override;

  void half_close();  // after what was sent
  void reset();       // at once; nobody is told

 private:
  void begin();
  void read();
  void on_read(error_code error, std::size_t bytes);
  void finish();
  void end(error_code error);

  const Endpoints endpoints_;
  std::shared_ptr<void> seat_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer linger_;
  Owner owner_;
  std::deque<Bytes> waiting_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(16 * 1024);
  bool is_accepted_ = false;
  bool is_open_ = false;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_held_ = false;
  bool is_mute_ = false;  // what is written does not leave any more
  bool half_closing_ = false;
  bool closing_ = false;
  bool shut_ = false;
  bool ended_ = false;
  bool dropped_ = false;
};

}  // namespace mq::conformance
