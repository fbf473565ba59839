// A socket of a simulated world as an Asio stream: it models AsyncReadStream and AsyncWriteStream,
// so that what serves real sockets (TLS, WebSocket, transport::Connection) rides on it unchanged.
//
// Handlers run on an io_context without threads that a StreamLoop polls inside the world's
// callbacks. Asio's own timers and sockets do not belong there: they live in real time.
#pragma once

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sim/world.h"

namespace mq::sim {

// The io_context of streams. It must outlive them, and its world must outlive it. Without a world
// nothing wakes it: its owner polls when it has given the streams something to do.
class StreamLoop {
 public:
  StreamLoop() : context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE) {}
  explicit StreamLoop(World& world) : StreamLoop() { world_ = &world; }
  ~StreamLoop() {
    if (world_ != nullptr) world_->cancel(wake_up_);
  }
  StreamLoop(const StreamLoop&) = delete;
  StreamLoop& operator=(const StreamLoop&) = delete;

  boost::asio::io_context& context() { return context_; }

  // To be called by whoever gives the context work from elsewhere than one of its handlers: it will
  // be done at this instant. Streams do so themselves.
  void wake() {
    if (world_ == nullptr || polling_ || wake_up_ != TimerId::none) return;
    wake_up_ = world_->call_at(world_->now(), [this] {
      wake_up_ = TimerId::none;
      poll();
    });
  }

  // Does what is ready, at once. Only from a callback of the world.
  void poll() {
    if (std::exchange(polling_, true)) return;
    context_.restart();
    context_.poll();
    polling_ = false;
  }

 private:
  World* world_ = nullptr;
  boost::asio::io_context context_;
  TimerId wake_up_ = TimerId::none;
  bool polling_ = false;
};

namespace detail {

// A handler that waits, its type erased; completing it posts it.
class WaitingHandler {
 public:
  virtual ~WaitingHandler() = default;
  virtual void post(boost::system::error_code error, std::size_t bytes) = 0;
};

template <class Handler>
class TypedWaitingHandler final : public WaitingHandler {
 public:
  using Executor =
      boost::asio::associated_executor_t<Handler, boost::asio::io_context::executor_type>;

  TypedWaitingHandler(Handler handler, const boost::asio::io_context::executor_type& fallback)
      : work_(boost::asio::get_associated_executor(handler, fallback)),
        handler_(std::move(handler)) {}

  void post(boost::system::error_code error, std::size_t bytes) override {
    boost::asio::post(work_.get_executor(),
                      [handler = std::move(handler_), error, bytes]() mutable {
                        std::move(handler)(error, bytes);
                      });
  }

 private:
  boost::asio::executor_work_guard<Executor> work_;
  Handler handler_;
};

// What a Stream points to, so that the stream can be moved while operations wait.
class StreamState {
 public:
  StreamState(StreamLoop& loop, std::unique_ptr<Socket> socket, bool connected);

  bool is_open() const { return socket_ != nullptr; }
  boost::asio::io_context::executor_type executor() { return loop_.context().get_executor(); }
  void start_connect(std::unique_ptr<WaitingHandler> handler);
  void start_read(std::vector<boost::asio::mutable_buffer> into,
                  std::unique_ptr<WaitingHandler> handler);
  void start_write(std::vector<boost::asio::const_buffer> from,
                   std::unique_ptr<WaitingHandler> handler);
  void shut_down_sending();
  void reset();
  void cancel();
  void close();
  Socket* socket() { return socket_.get(); }

 private:
  bool try_read();
  bool try_write();
  void complete(std::unique_ptr<WaitingHandler>& handler, boost::system::error_code error,
                std::size_t bytes = 0);
  void failed(CloseCause cause);

  StreamLoop& loop_;
  std::unique_ptr<Socket> socket_;
  bool connected_;
  boost::system::error_code failure_;
  std::unique_ptr<WaitingHandler> connecting_, reading_, writing_;
  std::vector<boost::asio::mutable_buffer> into_;
  std::vector<boost::asio::const_buffer> from_;
};

}  // namespace detail

class Stream {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using lowest_layer_type = Stream;

  enum class Begins { connecting, connected };  // as World::connect() and World::Accept give it

  Stream(StreamLoop& loop, std::unique_ptr<Socket> socket, Begins begins)
      : state_(std::make_unique<detail::StreamState>(loop, std::move(socket),
                                                     begins == Begins::connected)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;

  executor_type get_executor() const noexcept { return state_->executor(); }
  lowest_layer_type& lowest_layer() { return *this; }
  const lowest_layer_type& lowest_layer() const { return *this; }

  // Completes when the connection stands or has failed.
  template <class Token>
  auto async_connect(Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code)>(
        [this](auto handler) {
          auto executor = boost::asio::get_associated_executor(handler, get_executor());
          state_->start_connect(waiting(boost::asio::bind_executor(
              executor,
              [handler = std::move(handler)](boost::system::error_code error, std::size_t) mutable {
                std::move(handler)(error);
              })));
        },
        token);
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& into, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& buffers) {
          state_->start_read({boost::asio::buffer_sequence_begin(buffers),
                              boost::asio::buffer_sequence_end(buffers)},
                             waiting(std::move(handler)));
        },
        token, into);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& from, Token&& token) {
    return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
        [this](auto handler, const Buffers& buffers) {
          state_->start_write({boost::asio::buffer_sequence_begin(buffers),
                               boost::asio::buffer_sequence_end(buffers)},
                              waiting(std::move(handler)));
        },
        token, from);
  }

  bool is_open() const { return state_->is_open(); }
  // Waiting operations end with operation_aborted; the connection goes on.
  void cancel() { state_->cancel(); }
  void cancel(boost::system::error_code& error) {
    error = {};
    cancel();
  }
  // FIN after what was written; waiting operations end with operation_aborted.
  void close() { state_->close(); }
  void close(boost::system::error_code& error) {
    error = {};
    close();
  }
  // FIN after what was written, reading goes on. Only sending can be shut down.
  void shutdown(boost::asio::socket_base::shutdown_type, boost::system::error_code& error) {
    error = is_open() ? boost::system::error_code() : boost::asio::error::bad_descriptor;
    state_->shut_down_sending();
  }
  // RST instead of FIN.
  void reset() { state_->reset(); }
  // Valid until close().
  Socket* socket() { return state_->socket(); }
  Memory memory() const { return place_of(*state_); }

 private:
  template <class Handler>
  std::unique_ptr<detail::WaitingHandler> waiting(Handler handler) {
    return std::make_unique<detail::TypedWaitingHandler<Handler>>(std::move(handler),
                                                                  get_executor());
  }

  std::unique_ptr<detail::StreamState> state_;
};

}  // namespace mq::sim
