// A connection between the world and the linked broker: a socket on the broker's side, bytes in and
// out on the world's. It has the limits of a kernel's socket buffers, and so their back-pressure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "sim/byte_queue.h"
#include "sim/world.h"

namespace mq::sim {

inline constexpr std::size_t port_receive_bytes = 64 * 1024;  // not read by the broker yet
inline constexpr std::size_t port_send_bytes = 256 * 1024;    // not taken by the world yet
inline constexpr std::size_t port_clogged_bytes = 16 * 1024;  // it takes no more

// Shared by both sides; the broker's may be gone before the world has taken the last bytes.
class Port {
 public:
  explicit Port(std::string peer) : peer_(std::move(peer)) {}

  // ---- The world's side. What it does is noticed by the broker's side in deliver().
  std::size_t write(std::span<const std::byte> bytes) {
    const std::size_t taken = std::min(bytes.size(), port_receive_bytes - incoming_.size());
    incoming_.push(bytes.first(taken));
    return taken;
  }
  std::size_t read(std::span<std::byte> into) { return outgoing_.take(into); }
  void half_close() { peer_ended_ = true; }
  void fail() { failed_ = true; }

  bool has_outgoing() const { return !outgoing_.empty(); }
  bool is_clogged() const { return outgoing_.size() >= port_clogged_bytes; }
  bool closed() const { return closed_; }
  bool was_reset() const { return reset_; }

  // What the world has not taken yet is lost.
  void reset() {
    outgoing_.clear();
    reset_ = closed_ = true;
  }

  // Calls the broker's side for what has changed since the last time. The function that is called
  // may be the end of the socket that holds it: it is copied first.
  void deliver() {
    if (failed_) {
      if (auto failed = std::exchange(events_, {}).failed) failed(CloseCause::reset);
      return;
    }
    if (!incoming_.empty() || peer_ended_)
      if (auto readable = events_.readable) readable();
    if (send_was_full_ && outgoing_.size() < port_send_bytes) {
      send_was_full_ = false;
      if (auto writable = events_.writable) writable();
    }
  }

 private:
  friend class PortSocket;

  std::string peer_;
  Socket::Events events_;
  ByteQueue incoming_;
  ByteQueue outgoing_;
  bool peer_ended_ = false;
  bool failed_ = false;
  bool send_was_full_ = false;
  bool closed_ = false;
  bool reset_ = false;
};

// The broker's side.
class PortSocket final : public Socket {
 public:
  explicit PortSocket(std::shared_ptr<Port> port) : port_(std::move(port)) {}
  ~PortSocket() override {
    port_->events_ = {};
    port_->closed_ = true;
  }

  void listen_to(Events events) override { port_->events_ = std::move(events); }
  std::size_t write(std::span<const std::byte> bytes) override {
    const std::size_t room = port_send_bytes - std::min(port_send_bytes, port_->outgoing_.size());
    const std::size_t taken = std::min(bytes.size(), room);
    port_->send_was_full_ = taken < bytes.size();
    port_->outgoing_.push(bytes.first(taken));
    return taken;
  }
  std::size_t read(std::span<std::byte> into) override { return port_->incoming_.take(into); }
  bool at_end() const override { return port_->peer_ended_ && port_->incoming_.empty(); }
  void shutdown_write() override { port_->closed_ = true; }
  void reset() override { port_->reset(); }
  std::string device_address() const override { return port_->peer_; }

 private:
  std::shared_ptr<Port> port_;
};

}  // namespace mq::sim
