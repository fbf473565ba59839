// Any broker with a tap on each of its connections: what the broker's end sent and received goes
// into the trace, whoever the broker is.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scenarios/engine/packet_tap.h"
#include "sim/backend.h"

namespace mq::scenario {

class TappedBackend final : public sim::BrokerBackend {
 public:
  TappedBackend(sim::BrokerBackend& broker, Tracer& tracer) : broker_(broker), tracer_(tracer) {}

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override { return broker_.step(now); }
  sim::BackendLink open(const std::string& peer) override;
  std::size_t write(sim::BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(sim::BackendLink link, std::span<std::byte> into) override;
  void half_close(sim::BackendLink link) override;
  void reset(sim::BackendLink link) override;
  std::vector<Ready> ready() override;
  std::vector<Memory> memory(sim::BackendLink link) const override;
  void kill(sim::Crash how) override;

 private:
  struct Tapped {
    PacketTap tap;
    std::optional<trace::CloseCause> closing;  // closed by the broker; its last bytes are not read
  };
  void closed(sim::BackendLink link, trace::CloseCause cause, bool by_broker);

  sim::BrokerBackend& broker_;
  Tracer& tracer_;
  boost::unordered_flat_map<sim::BackendLink, std::unique_ptr<Tapped>> links_;
};

}  // namespace mq::scenario
