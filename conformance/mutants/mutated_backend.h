// Our broker with one fault: what it hears and says goes through the fault's hands. The core stays
// as it is, so that whatever a peer can see may be broken without a line in the product.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conformance/mutants/passing.h"
#include "sim/backend.h"

namespace mq::conformance {

// Cuts a stream into packets without judging them.
class FrameCutter {
 public:
  void feed(std::span<const std::byte> bytes);
  // The next whole packet. Once no packet can be made out any more: whatever is there.
  std::optional<Frame> next();
  Frame rest();  // of a packet that is not complete

 private:
  Frame waiting_;
  bool is_noise_ = false;
};

class MutatedBackend final : public sim::BrokerBackend, private Backstage {
 public:
  // `broker` outlives this.
  MutatedBackend(sim::BrokerBackend& broker, Behaviour behaviour);

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  sim::BackendLink open(const std::string& peer) override;
  std::size_t write(sim::BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(sim::BackendLink link, std::span<std::byte> into) override;
  void half_close(sim::BackendLink link) override;
  void reset(sim::BackendLink link) override;
  std::vector<Ready> ready() override;
  void kill(sim::Crash how) override;

 private:
  struct Link {
    Peer peer;
    FrameCutter from_client;
    FrameCutter from_broker;
    Frame inward;   // for the broker, which has not taken it yet
    Frame outward;  // for the client
    bool is_ghost = false;
    bool has_news = false;
    bool broker_closed = false;
    bool ended = false;  // the client is to see the end, after `outward`
    bool was_reset = false;
    bool ends_inward = false;  // the client's FIN follows `inward`
  };
  struct Late {
    Instant at;
    sim::BackendLink link;
    Frame bytes;
  };

  Instant now() const override { return now_; }
  void publish(const Publish& publish) override;
  void cut(const Peer& peer) override;
  void send_later(const Peer& peer, const Packet& packet, Duration delay) override;

  void hear(Link& link, Frame frame);
  void say(Link& link, Frame frame);
  void finish(Link& link, const Passing& passing, Frame& onward, Frame& backward);
  bool hand_over();
  void collect();
  void send_what_is_due();
  std::optional<Instant> next(std::optional<Instant> of_broker) const;

  sim::BrokerBackend& broker_;
  Behaviour behaviour_;
  std::map<sim::BackendLink, Link> links_;
  std::deque<Late> late_;
  Instant now_{};
};

}  // namespace mq::conformance
