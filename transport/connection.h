// Moves bytes between a stream and whoever decides what they mean. The stream models Asio's
// AsyncReadStream and AsyncWriteStream: a TCP socket, TLS or WebSocket over one, or a stream of a
// simulated world; this code is the same for all of them.
//
// What send() gathers during one turn goes out by one flush() as one write. An idle connection
// holds a small read buffer only; it grows while much arrives and shrinks again.
//
// Whether the peer reads what it is sent is the peer's choice, so close() may never come to its
// end: its owner sets a deadline of its own and calls abort() then.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "transport/link.h"

namespace mq::transport {

inline constexpr std::size_t read_buffer_bytes_min = 512;
inline constexpr std::size_t read_buffer_bytes_max = 64 * 1024;
// Smaller pieces are copied together; larger ones are written from where they are.
inline constexpr std::size_t gathered_bytes_max = 1024;
inline constexpr std::size_t write_part_bytes = 64 * 1024;

struct ConnectionOptions {
  // While more than this waits to be written nothing is read: who does not take answers gets no
  // more questions in. Only one end of a connection may do so, or both wait for each other.
  std::size_t reading_pauses_over = std::numeric_limits<std::size_t>::max();
  // After close() the peer's end of stream is awaited. A TCP socket that is closed while bytes of
  // the peer lie unread is reset, and what was sent last is lost with it.
  bool close_awaits_peer = false;
};

template <class Stream>
concept can_shut_down = requires(Stream& stream, boost::system::error_code& error) {
  stream.lowest_layer().shutdown(boost::asio::socket_base::shutdown_send, error);
};

template <class Stream>
class Connection final : public Link, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Stream stream, Owner owner, ConnectionOptions options = {})
      : stream_(std::move(stream)), owner_(std::move(owner)), options_(options) {}

  void own(Owner owner) override { owner_ = std::move(owner); }

  void start() override {
    const auto self = this->shared_from_this();
    if (owner_.opened) owner_.opened();
    started_ = true;
    if (!reading_) read();
  }

  void send(Bytes bytes) override {
    if (closing_ || ended_) return;
    backlog_bytes_ += bytes.size();
    if (bytes.size() > gathered_bytes_max) {
      waiting_.push_back({std::move(bytes), {}});
      return;
    }
    if (waiting_.empty() || !waiting_.back().shared.empty()) waiting_.emplace_back();
    auto& copied = waiting_.back().copied;
    copied.insert(copied.end(), bytes.data(), bytes.data() + bytes.size());
  }

  void flush() override {
    if (!writing_.empty() || ended_) return;
    if (waiting_.empty()) {
      if (closing_) finish();
      return;
    }
    writing_.swap(waiting_);
    buffers_.clear();
    for (const Piece& piece : writing_) buffers_.push_back(piece.buffer());
    reported_ = 0;
    boost::asio::async_write(
        stream_, std::span<const boost::asio::const_buffer>(buffers_),
        // A peer that is slow is not one that stands still: its owner hears of every part.
        [self = this->shared_from_this()](error_code error, std::size_t bytes) {
          self->report(bytes);
          return error || self->ended_ ? std::size_t{0} : write_part_bytes;
        },
        [self = this->shared_from_this()](error_code error, std::size_t bytes) {
          self->on_written(error, bytes);
        });
  }

  void close() override {
    closing_ = true;
    flush();
  }

  void abort() override { end(boost::asio::error::operation_aborted); }

  void drop() override {
    dropped_ = true;
    end({});
  }

  void hold_reading(bool held) override {
    held_ = held;
    if (!held && started_ && !reading_) read();
  }

  Stream& stream() { return stream_; }

 private:
  struct Piece {
    Bytes shared;
    std::vector<std::byte> copied;

    boost::asio::const_buffer buffer() const {
      return shared.empty() ? boost::asio::buffer(copied.data(), copied.size())
                            : boost::asio::buffer(shared.data(), shared.size());
    }
  };

  void read() {
    reading_ = !ended_ && (closing_ || (!held_ && backlog_bytes_ <= options_.reading_pauses_over));
    if (!reading_) return;
    stream_.async_read_some(boost::asio::buffer(read_buffer_.data(), read_buffer_.size()),
                            [self = this->shared_from_this()](error_code error, std::size_t bytes) {
                              self->on_read(error, bytes);
                            });
  }

  void on_read(error_code error, std::size_t bytes) {
    if (ended_) return;
    if (bytes > 0 && !closing_ && owner_.received)
      owner_.received(std::span(read_buffer_).first(bytes));
    if (ended_) return;
    if (error) {
      end(finished_ ? error_code{} : error);
      return;
    }
    fit_read_buffer(bytes);
    read();
  }

  void fit_read_buffer(std::size_t used) {
    const std::size_t size = read_buffer_.size();
    if (used == size && size < read_buffer_bytes_max) {
      read_buffer_.resize(std::min(size * 4, read_buffer_bytes_max));
    } else if (used < size / 16 && size > read_buffer_bytes_min) {
      read_buffer_.resize(std::max(size / 4, read_buffer_bytes_min));
      read_buffer_.shrink_to_fit();
    }
  }

  // So many bytes of the write that is under way have left.
  void report(std::size_t bytes) {
    const std::size_t more = bytes - reported_;
    if (more == 0 || ended_) return;
    reported_ = bytes;
    backlog_bytes_ -= std::min(backlog_bytes_, more);
    if (owner_.drained) owner_.drained(more);
  }

  void on_written(error_code error, std::size_t bytes) {
    writing_.clear();
    if (ended_) return;
    if (error) {
      end(error);
      return;
    }
    report(bytes);
    flush();
    if (!reading_) read();
  }

  // All that was to be sent has gone to the stream.
  void finish() {
    if (finished_) return;
    finished_ = true;
    if (!options_.close_awaits_peer) return end({});
    if constexpr (can_shut_down<Stream>) {
      error_code ignored;
      stream_.lowest_layer().shutdown(boost::asio::socket_base::shutdown_send, ignored);
      if (!reading_) read();
    } else {
      end({});
    }
  }

  void end(error_code error) {
    if (ended_) return;
    ended_ = true;
    const auto self = this->shared_from_this();  // its owner may let go of it when told
    error_code ignored;
    stream_.lowest_layer().close(ignored);
    if (!dropped_ && owner_.ended)
      owner_.ended(error);  // owner_ itself stays: one of its functions may be running
  }

  Stream stream_;
  Owner owner_;
  std::vector<std::byte> read_buffer_ = std::vector<std::byte>(read_buffer_bytes_min);
  std::vector<Piece> waiting_;
  std::vector<Piece> writing_;
  std::vector<boost::asio::const_buffer> buffers_;
  ConnectionOptions options_;
  std::size_t backlog_bytes_ = 0;
  std::size_t reported_ = 0;  // of writing_
  bool reading_ = false;
  bool started_ = false;
  bool held_ = false;
  bool finished_ = false;
  bool closing_ = false;
  bool dropped_ = false;
  bool ended_ = false;
};

}  // namespace mq::transport
