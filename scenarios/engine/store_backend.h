// Stands before a broker in a simulated world and answers those of the fleet that speak HTTP, out
// of a store of values (value_store.h); everybody else comes through to the broker. The store
// stands on the machine of the broker's site: what befalls the broker there, a crash or a pause,
// befalls it too. Its values outlive both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scenarios/engine/tracer.h"
#include "scenarios/engine/value_store.h"
#include "scenarios/plan.h"
#include "sim/backend.h"
#include "sim/byte_queue.h"
#include "transport/http_message.h"

namespace mq::scenario {

// Of answers that the peer does not take; then its further requests wait.
inline constexpr std::size_t unsent_answer_bytes_max = 1024 * 1024;

class StoreBackend final : public sim::BrokerBackend {
 public:
  // Whose connection it is, if that member speaks HTTP.
  using Find = std::function<std::optional<trace::Connection>(const std::string& peer)>;

  StoreBackend(sim::BrokerBackend& broker, Tracer& tracer, const StorePlan& plan, Find find);

  std::optional<Instant> start(Instant now) override;
  std::optional<Instant> step(Instant now) override;
  sim::BackendLink open(const std::string& peer) override;
  std::size_t write(sim::BackendLink link, std::span<const std::byte> bytes) override;
  std::size_t read(sim::BackendLink link, std::span<std::byte> into) override;
  void half_close(sim::BackendLink link) override;
  void reset(sim::BackendLink link) override;
  std::vector<Ready> ready() override;
  std::vector<Memory> memory(sim::BackendLink link) const override {
    return is_ours(link) ? std::vector<Memory>{} : broker_.memory(link);
  }
  Duration took() override { return broker_.took(); }
  void kill(sim::Crash how) override;

 private:
  struct Link {
    trace::Connection connection;
    transport::HttpReader reader{transport::HttpReader::Of::requests};
    sim::ByteQueue answers{};
    Instant closes_at{};      // if nothing comes
    bool is_over = false;     // what is unsent goes out, nothing is read any more
    bool is_stalled = false;  // asks for more than it takes
    bool is_told = true;      // the world knows of all that is new, or will by the next ready()
    bool is_known_over = false;
  };

  static bool is_ours(sim::BackendLink link);
  Link* find(sim::BackendLink link);
  void serve(sim::BackendLink id, Link& link);
  void send(Link& link, const transport::HttpMessage& answer);
  void tell(sim::BackendLink id, Link& link);
  void keep_open(sim::BackendLink id, Link& link);
  void close_idle();
  void forget(sim::BackendLink id);

  sim::BrokerBackend& broker_;
  Tracer& tracer_;
  const Duration idle_timeout_;
  const Find find_;
  ValueStore values_;
  Instant now_{};
  std::uint64_t last_link_ = 0;
  std::unordered_map<sim::BackendLink, std::unique_ptr<Link>> links_;
  std::set<std::pair<Instant, sim::BackendLink>> closing_;  // when each is closed if nothing comes
  std::vector<sim::BackendLink> asking_;                    // bytes came since the last step
  std::vector<sim::BackendLink> news_;
};

}  // namespace mq::scenario
