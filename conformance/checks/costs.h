// What a fleet costs: bytes on the air, time and energy of its radios, reconnects; how long it
// takes until a client works again after an outage, how old the retained values are that it is
// given, and how fresh what it reads. Nothing is promised by the standard here: a scenario sets
// limits of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/freshness.h"
#include "conformance/checks/latency_histogram.h"

namespace mq::checks {

// Of a group of clients, all together, and of the one that needed most.
struct CostRow {
  std::string group;
  std::uint64_t clients = 0;
  std::uint64_t bytes_up = 0, bytes_down = 0;
  std::uint64_t bytes_most = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t reconnects_most = 0;
  std::optional<Duration> radio_on, radio_on_most;             // if its radios have states
  std::optional<std::uint64_t> microjoules, microjoules_most;  // if its links say what they draw
  std::optional<Freshness> freshness;                          // if it was measured, of readers
};

struct Costs {
  std::vector<CostRow> rows;  // by group, in the order of the run's clients
  bool has_traffic = false;   // the trace tells of bytes and what follows from them
  // From the end of an outage of a client until the next message came through, up or down.
  LatencyHistogram first_message;
  // The age of a retained value when a new subscription brought it.
  LatencyHistogram staleness;
};

class CostCheck final : public Check {
 public:
  // `fleet` outlives it and has observed every event before it.
  explicit CostCheck(const Fleet& fleet);

  void observe(const trace::Event& event) override;
  // One for each limit of `expect`.
  std::vector<Finding> finish(Instant end) override;

  // Before finish(). What is fresh is looked at until then.
  void staleness(const LatencyHistogram& all) { costs_.staleness = all; }
  void freshness(const FreshnessFold& fold) { freshness_ = &fold; }
  const Costs& costs() const { return costs_; }  // after finish()

 private:
  struct Client {
    std::uint32_t accepted = 0;              // connections
    std::uint32_t last_connection = 0;       // of HTTP, that carried something
    std::uint32_t faults = 0;                // that keep it from working now
    Instant waiting_since = Instant::max();  // the last one is over
    std::optional<trace::Spent> spent;
  };

  void on_fault(std::size_t fault, std::optional<ClientIndex> only, bool begins, Instant at);
  void on_fault(Client& client, bool begins, Instant at);
  void sum_up();
  Finding judge(const trace::Expectation& expectation) const;

  const Fleet& fleet_;
  std::vector<Client> clients_;
  std::vector<bool> interrupts_;  // by fault: it ends connections, or stops what goes over them
  Costs costs_;
  const FreshnessFold* freshness_ = nullptr;
  Instant end_{};
};

}  // namespace mq::checks
