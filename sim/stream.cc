#include "sim/stream.h"

#include "base/ensure.h"

namespace mq::sim::detail {

namespace error = boost::asio::error;

StreamState::StreamState(StreamLoop& loop, std::unique_ptr<Socket> socket, bool connected)
    : loop_(loop), socket_(std::move(socket)), connected_(connected) {
  socket_->listen_to({.connected =
                          [this] {
                            connected_ = true;
                            complete(connecting_, {});
                            loop_.poll();
                          },
                      .readable =
                          [this] {
                            if (reading_ && try_read()) loop_.poll();
                          },
                      .writable =
                          [this] {
                            if (writing_ && try_write()) loop_.poll();
                          },
                      .failed = [this](CloseCause cause) { failed(cause); }});
}

void StreamState::failed(CloseCause cause) {
  switch (cause) {
    case CloseCause::closed:
      failure_ = error::eof;
      break;
    case CloseCause::reset:
      failure_ = error::connection_reset;
      break;
    case CloseCause::timed_out:
      failure_ = error::timed_out;
      break;
    case CloseCause::refused:
      failure_ = error::connection_refused;
      break;
  }
  complete(connecting_, failure_);
  complete(reading_, failure_);
  complete(writing_, failure_);
  loop_.poll();
}

void StreamState::complete(std::unique_ptr<WaitingHandler>& handler,
                           boost::system::error_code result, std::size_t bytes) {
  if (const auto waiting = std::exchange(handler, nullptr)) waiting->post(result, bytes);
}

void StreamState::start_connect(std::unique_ptr<WaitingHandler> handler) {
  ensure(connecting_ == nullptr, "one connect at a time");
  connecting_ = std::move(handler);
  if (!is_open()) {
    complete(connecting_, error::bad_descriptor);
  } else if (connected_ || failure_) {
    complete(connecting_, failure_);
  } else {
    return;
  }
  loop_.wake();
}

void StreamState::start_read(std::vector<boost::asio::mutable_buffer> into,
                             std::unique_ptr<WaitingHandler> handler) {
  ensure(reading_ == nullptr, "one read at a time");
  reading_ = std::move(handler);
  into_ = std::move(into);
  if (try_read()) loop_.wake();
}

void StreamState::start_write(std::vector<boost::asio::const_buffer> from,
                              std::unique_ptr<WaitingHandler> handler) {
  ensure(writing_ == nullptr, "one write at a time");
  writing_ = std::move(handler);
  from_ = std::move(from);
  if (try_write()) loop_.wake();
}

// True if the operation is over. A read into nothing is over at once: ssl::stream does that.
bool StreamState::try_read() {
  std::size_t wanted = 0;
  std::size_t bytes = 0;
  for (const boost::asio::mutable_buffer& buffer : into_) {
    wanted += buffer.size();
    if (!is_open() || buffer.size() == 0) continue;
    const std::size_t count =
        socket_->read({static_cast<std::byte*>(buffer.data()), buffer.size()});
    bytes += count;
    if (count < buffer.size()) break;
  }
  if (!is_open()) {
    complete(reading_, error::bad_descriptor);
  } else if (bytes > 0 || wanted == 0) {
    complete(reading_, {}, bytes);
  } else if (socket_->at_end()) {
    complete(reading_, error::eof);
  } else if (failure_) {
    complete(reading_, failure_);
  } else {
    return false;
  }
  return true;
}

bool StreamState::try_write() {
  std::size_t wanted = 0;
  std::size_t bytes = 0;
  for (const boost::asio::const_buffer& buffer : from_) {
    wanted += buffer.size();
    if (!is_open() || failure_ || buffer.size() == 0) continue;
    const std::size_t count =
        socket_->write({static_cast<const std::byte*>(buffer.data()), buffer.size()});
    bytes += count;
    if (count < buffer.size()) break;
  }
  if (!is_open()) {
    complete(writing_, error::bad_descriptor);
  } else if (failure_) {
    complete(writing_, failure_);
  } else if (bytes > 0 || wanted == 0) {
    complete(writing_, {}, bytes);
  } else {
    return false;
  }
  return true;
}

void StreamState::shut_down_sending() {
  if (is_open()) socket_->shutdown_write();
}

void StreamState::cancel() {
  complete(connecting_, error::operation_aborted);
  complete(reading_, error::operation_aborted);
  complete(writing_, error::operation_aborted);
  loop_.wake();
}

void StreamState::reset() {
  if (is_open()) socket_->reset();
  close();
}

void StreamState::close() {
  socket_.reset();
  cancel();
}

}  // namespace mq::sim::detail
