#include "conformance/runner/socket_link.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>

namespace mq::conformance {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds linger{500};

}  // namespace

std::string end_in_words(boost::system::error_code error) {
  if (!error || error == asio::error::eof) return "the connection is closed";
  if (error == asio::error::connection_reset || error == asio::error::broken_pipe)
    return "the connection is reset";
  return "the connection ended: " + error.message();
}

void SocketLink::start() {
  if (is_accepted_) return begin();
  asio::async_connect(socket_, endpoints_,
                      [self = shared_from_this()](error_code error, const auto&) {
                        if (self->ended_) return;
                        if (error) return self->end(error);
                        self->begin();
                      });
}

void SocketLink::begin() {
  error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  is_open_ = true;
  if (owner_.opened) owner_.opened();
  read();
  flush();
}

void SocketLink::send(Bytes bytes) {
  if (!closing_ && !ended_ && !is_mute_) waiting_.push_back(std::move(bytes));
}

void SocketLink::flush() {
  if (!is_open_ || is_writing_ || ended_) return;
  if (waiting_.empty()) return finish();
  is_writing_ = true;
  asio::async_write(socket_, asio::buffer(waiting_.front().data(), waiting_.front().size()),
                    [self = shared_from_this()](error_code error, std::size_t bytes) {
                      self->is_writing_ = false;
                      if (self->ended_) return;
                      // What the peer said before it left may still be there to be read.
                      self->is_mute_ = self->is_mute_ || error;
                      if (self->is_mute_)
                        self->waiting_.clear();
                      else
                        self->waiting_.pop_front();
                      if (!error && self->owner_.drained) self->owner_.drained(bytes);
                      if (!self->ended_) self->flush();
                    });
}

void SocketLink::read() {
  if (is_reading_ || is_held_ || ended_ || !is_open_) return;
  is_reading_ = true;
  socket_.async_read_some(asio::buffer(buffer_),
                          [self = shared_from_this()](error_code error, std::size_t bytes) {
                            self->is_reading_ = false;
                            self->on_read(error, bytes);
                          });
}

void SocketLink::on_read(error_code error, std::size_t bytes) {
  if (ended_) return;
  if (bytes > 0 && !closing_ && owner_.received) owner_.received(std::span(buffer_).first(bytes));
  if (ended_) return;
  if (error) return end(closing_ ? error_code{} : error);
  read();
}

// Nothing is left to be written.
void SocketLink::finish() {
  if (shut_ || !(closing_ || half_closing_)) return;
  shut_ = true;
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void SocketLink::half_close() {
  half_closing_ = true;
  flush();
}

void SocketLink::close() {
  if (closing_ || ended_) return;
  closing_ = true;
  if (!is_open_) return end({});
  linger_.expires_after(linger);
  linger_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->end({});
  });
  read();
  flush();
}

void SocketLink::reset() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  drop();
}

void SocketLink::abort() { end(asio::error::operation_aborted); }

void SocketLink::drop() {
  dropped_ = true;
  end({});
}

void SocketLink::hold_reading(bool held) {
  is_held_ = held;
  if (!held) read();
}

void SocketLink::end(error_code error) {
  if (std::exchange(ended_, true)) return;
  const auto self = shared_from_this();  // its owner may let go of it when told
  linger_.cancel();
  error_code ignored;
  socket_.close(ignored);
  seat_.reset();
  if (!dropped_ && owner_.ended) owner_.ended(error);
}

}  // namespace mq::conformance
