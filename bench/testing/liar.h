// A broker that delivers what a test wants it to: every PUBLISH goes to every subscriber, after the
// test has had its way with it. QoS 0 only; a thread of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "protocol/codec.h"

namespace mq::bench {

class Liar {
 public:
  // What is sent for the message with this number (from 0) instead of it.
  using Twist = std::function<std::vector<Publish>(int number, const Publish& message)>;

  explicit Liar(Twist twist);
  ~Liar();
  Liar(const Liar&) = delete;
  Liar& operator=(const Liar&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  struct Peer {
    PacketReader reader{Sender::client, Version::v3_1_1};
    bool subscribes = false;
  };

  void serve();
  bool hear(int socket, Peer& peer);
  void take(int socket, Peer& peer, const Packet& packet);

  const Twist twist_;
  int door_ = -1;
  std::uint16_t port_ = 0;
  std::map<int, Peer> peers_;
  int messages_ = 0;
  std::atomic<bool> stops_ = false;
  std::thread thread_;
};

}  // namespace mq::bench
