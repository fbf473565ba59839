// What a fault gets to see and to bend: the packets between clients and our broker, one after the
// other, in both directions, and the connections that they travel on.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "protocol/codec.h"
#include "sim/backend.h"

namespace mq::conformance {

using Frame = std::vector<std::byte>;

// A connection, as its packets have shown it.
struct Peer {
  sim::BackendLink link{};
  Version version = Version::v5;
  std::optional<Connect> connect;   // as the client has sent it
  std::optional<ConnAck> conn_ack;  // as the broker has sent it
  bool is_refused() const { return conn_ack && conn_ack->reason != ReasonCode::success; }
};

// What goes on behind the connections.
class Backstage {
 public:
  virtual ~Backstage() = default;
  virtual Instant now() const = 0;
  // Somebody else publishes this, whom the case does not know.
  virtual void publish(const Publish& publish) = 0;
  // The broker hears that this connection broke.
  virtual void cut(const Peer& peer) = 0;
  // A packet more for its client, in so long a time.
  virtual void send_later(const Peer& peer, const Packet& packet, Duration delay) = 0;
};

// One packet on its way. What a fault does not touch goes on as it came, byte for byte.
class Passing {
 public:
  Passing(Peer& on, Backstage& in, Frame wire, Sender from);

  Peer& peer;
  Backstage& backstage;
  const Frame wire;
  std::optional<Packet> packet;     // a legal one
  std::optional<Malformed> breaks;  // or what is wrong with it

  template <class P>
  P* as() {
    return packet ? std::get_if<P>(&*packet) : nullptr;
  }

  void drop() { settle({}); }
  void replace(const Packet& by) { settle(encoded(by)); }
  void replace(Frame by) { settle(std::move(by)); }
  void precede(const Packet& by) { before_.push_back(encoded(by)); }
  void follow(const Packet& by) { behind_.push_back(encoded(by)); }
  void follow(Frame by) { behind_.push_back(std::move(by)); }
  // To where it came from.
  void answer(const Packet& by);
  // The client sees the connection end behind what was answered so far.
  void close() { closes_ = true; }

  bool is_settled() const { return settled_; }
  bool closes() const { return closes_; }
  Frame onward() const;
  const Frame& backward() const { return back_; }

 private:
  Frame encoded(const Packet& of) const;
  void settle(Frame by) {
    instead_ = std::move(by);
    settled_ = true;
  }

  Frame instead_;
  std::vector<Frame> before_;
  std::vector<Frame> behind_;
  Frame back_;
  bool settled_ = false;
  bool closes_ = false;
};

// What a fault does, in one run: its functions may remember what they saw.
struct Behaviour {
  std::function<void(Passing&)> heard;    // each packet of a client, before the broker gets it
  std::function<void(Passing&)> sent;     // each packet of the broker, before the client gets it
  std::function<bool(Peer&)> keeps_open;  // the broker closes: and the client does not see it
};

}  // namespace mq::conformance
