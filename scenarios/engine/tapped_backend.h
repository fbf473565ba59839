// Any broker with a tap on each of its connections: what the broker's end sent and received goes
// into the trace, whoever the broker is.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/engine/packet_tap.h"
#include "scenarios/plan.h"
#include "sim/backend.h"
#include "transport/reveal.h"

namespace mq::scenario {

class TappedBackend final : public sim::BrokerBackend {
 public:
  // What the broker itself takes off the wire, for connections that come to such a listener.
  struct Wrapping {
    sim::Listener listener = sim::Listener::mqtt;
    std::unique_ptr<transport::Reveal> reveal;
  };
  using Unwrap = std::function<Wrapping(trace::Connection connection)>;

  TappedBackend(sim::BrokerBackend& broker, Tracer& tracer, Unwrap unwrap = {},
                std::optional<ServiceTime> service_time = {})
      : broker_(broker), tracer_(tracer), unwrap_(std::move(unwrap)), service_time_(service_time) {}

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  sim::BackendLink open(const std::string& peer) override;
  std::size_t write(sim::BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(sim::BackendLink link, std::span<std::byte> into) override;
  void half_close(sim::BackendLink link) override;
  void reset(sim::BackendLink link) override;
  std::vector<Ready> ready() override;
  std::vector<Memory> memory(sim::BackendLink link) const override;
  Duration took() override;
  void kill(sim::Crash how) override;

 private:
  struct Tapped {
    PacketTap tap;
    std::unique_ptr<transport::Reveal> reveal;  // nothing: the broker gets bytes of MQTT
    std::optional<trace::CloseCause> closing;   // closed by the broker; its last bytes are not read
  };
  void hear_log();
  void closed(sim::BackendLink link, trace::CloseCause cause, bool by_broker);

  sim::BrokerBackend& broker_;
  Tracer& tracer_;
  const Unwrap unwrap_;
  const std::optional<ServiceTime> service_time_;
  std::uint64_t packets_ = 0;  // that came and went since took()
  boost::unordered_flat_map<sim::BackendLink, std::unique_ptr<Tapped>> links_;
};

}  // namespace mq::scenario
