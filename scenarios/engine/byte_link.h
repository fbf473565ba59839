// The device's end of a TCP connection as a queue of bytes out and a callback for bytes in.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "sim/world.h"

namespace mq::scenario {

class ByteLink {
 public:
  struct Owner {
    std::function<void(std::span<const std::byte>)> received;
    std::function<void(std::size_t)> drained;
    std::function<void(sim::CloseCause)> ended;
  };

  ByteLink(std::unique_ptr<sim::Socket> socket, Owner owner)
      : socket_(std::move(socket)), owner_(std::move(owner)) {
    socket_->listen_to({.connected = {},
                        .readable = [this] { read(); },
                        .writable = [this] { flush(); },
                        .failed = [this](sim::CloseCause cause) { end(cause); }});
  }

  void send(Bytes bytes) { waiting_.push_back(std::move(bytes)); }
  void flush() {
    std::size_t drained = 0;
    while (!ended_ && !waiting_.empty()) {
      const std::size_t taken = socket_->write(waiting_.front().span());
      drained += taken;
      if (taken < waiting_.front().size()) {
        waiting_.front() = waiting_.front().slice(taken, waiting_.front().size() - taken);
        break;
      }
      waiting_.pop_front();
    }
    if (drained > 0) owner_.drained(drained);
    if (!ended_ && closing_ && waiting_.empty()) end(sim::CloseCause::closed);
  }
  void close() {
    closing_ = true;
    flush();
  }
  bool ended() const { return ended_; }

 private:
  void read() {
    std::array<std::byte, 4096> buffer;
    while (!ended_) {
      const std::size_t got = socket_->read(buffer);
      if (got == 0) break;
      owner_.received(std::span<const std::byte>(buffer).first(got));
    }
    if (!ended_ && socket_->at_end()) end(sim::CloseCause::closed);
  }
  void end(sim::CloseCause cause) {
    if (ended_) return;
    ended_ = true;
    owner_.ended(cause);
  }

  std::unique_ptr<sim::Socket> socket_;
  Owner owner_;
  std::deque<Bytes> waiting_;
  bool closing_ = false;
  bool ended_ = false;
};

}  // namespace mq::scenario
