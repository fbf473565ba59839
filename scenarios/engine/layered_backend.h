// Stands before a broker in a simulated world and takes TLS and WebSocket off the wire: the broker,
// and the tap that listens to it, see bytes of MQTT. As a listener of a real broker does, with the
// layers that real sockets use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/backend.h"
#include "transport/layer.h"

namespace mq::scenario {

class LayeredBackend final : public sim::BrokerBackend {
 public:
  // Nothing for a peer that comes in plain.
  using MakeLayer = std::function<std::unique_ptr<transport::Layer>(const std::string& peer)>;

  LayeredBackend(sim::BrokerBackend& broker, MakeLayer make_layer);
  ~LayeredBackend() override;

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  sim::BackendLink open(const std::string& peer) override;
  std::size_t write(sim::BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(sim::BackendLink link, std::span<std::byte> into) override;
  void half_close(sim::BackendLink link) override;
  void reset(sim::BackendLink link) override;
  std::vector<Ready> ready() override;
  Duration took() override { return broker_.took(); }
  void kill(sim::Crash how) override;

 private:
  class Wrapped;

  Wrapped* find(sim::BackendLink link) const;
  void tell(sim::BackendLink link);
  bool feed_hungry();

  sim::BrokerBackend& broker_;
  const MakeLayer make_layer_;
  Instant now_{};
  std::uint64_t last_link_ = 0;
  std::unordered_map<sim::BackendLink, std::unique_ptr<Wrapped>> links_;  // by our number
  std::unordered_map<sim::BackendLink, sim::BackendLink> ours_;           // by the broker's
  std::vector<sim::BackendLink> news_;
  std::vector<sim::BackendLink> hungry_;  // hold bytes that the broker did not take
  struct Handshake {
    Instant until;
    sim::BackendLink link;
  };
  std::deque<Handshake> handshakes_;
};

}  // namespace mq::scenario
