// What the suites of tests of a world share: links, peers at both ends, and a world with one
// device.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/world_suite.h"

namespace mq::sim {

using namespace std::chrono_literals;

inline LinkModel link_of(Duration delay, double bits_per_second = 0, double loss = 0,
                         Duration jitter = {}) {
  const LinkDirection direction{.bits_per_second = bits_per_second,
                                .queue_packets = 100,
                                .delay = delay,
                                .jitter = jitter,
                                .loss = loss};
  return {.up = direction, .down = direction};
}

inline Instant at(Duration since_start) { return Instant(since_start); }

inline std::string pattern(std::size_t size) {
  std::string made(size, '\0');
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>((i * 31 + i / 251) & 0xff);
  return made;
}

// An end under test: sends what it is told as fast as it can, reads what comes, notes what happens.
class Peer {
 public:
  Peer(World& world, std::unique_ptr<Socket> socket) : world_(world), socket_(std::move(socket)) {
    socket_->listen_to({.connected = [this] { connected = world_.now(); },
                        .readable = [this] { read_all(); },
                        .writable = [this] { flush(); },
                        .failed =
                            [this](CloseCause cause) {
                              EXPECT_FALSE(failure) << "a second failure";
                              failure = cause;
                              failed_at = world_.now();
                            }});
  }

  void send(std::string_view text) {
    unsent_ += text;
    flush();
  }
  void send_and_finish(std::string_view text) {
    finish_when_sent = true;
    send(text);
  }
  void drop() { socket_.reset(); }
  void reset() { socket_->reset(); }
  Socket& socket() { return *socket_; }
  bool everything_sent() const { return unsent_.empty(); }

  void read_all() {
    if (!reading) return;
    std::byte buffer[4096];
    while (const std::size_t count = socket_->read(buffer)) {
      received.append(reinterpret_cast<const char*>(buffer), count);
      last_byte_at = world_.now();
      if (echo) send({reinterpret_cast<const char*>(buffer), count});
    }
    if (socket_->at_end() && !end_at) {
      end_at = world_.now();
      if (drop_at_end) {
        drop();
      } else if (echo) {
        send_and_finish("");
      }
    }
  }

  bool reading = true;
  bool echo = false;
  bool drop_at_end = false;
  bool finish_when_sent = false;
  std::string received;
  std::optional<Instant> connected, end_at, failed_at, last_byte_at;
  std::optional<CloseCause> failure;

 private:
  void flush() {
    if (!socket_) return;
    const std::size_t taken = socket_->write(std::as_bytes(std::span(unsent_)));
    unsent_.erase(0, taken);
    if (unsent_.empty() && finish_when_sent) socket_->shutdown_write();
  }

  World& world_;
  std::unique_ptr<Socket> socket_;
  std::string unsent_;
};

class WorldSuite : public testing::Test {
 protected:
  void start(const LinkModel& link, std::uint64_t seed = 1) {
    world = make_world(seed);
    device = world->add_device("sensor-1", link);
    serve();
  }
  void serve() {
    world->accept_with([this](std::unique_ptr<Socket> socket, std::string peer, DeviceId from) {
      EXPECT_EQ(from, device);
      peers.push_back(std::move(peer));
      accepted.push_back(std::make_unique<Peer>(*world, std::move(socket)));
      if (on_accept) on_accept(*accepted.back());
    });
  }
  Peer& open() {
    clients.push_back(std::make_unique<Peer>(*world, world->connect(device)));
    return *clients.back();
  }
  void TearDown() override {
    clients.clear();
    accepted.clear();
    world.reset();
  }

  std::unique_ptr<World> world;
  DeviceId device{};
  std::function<void(Peer&)> on_accept;
  std::vector<std::unique_ptr<Peer>> clients, accepted;
  std::vector<std::string> peers;
};

}  // namespace mq::sim
