// A made-up run for tests and for looking at reports: a fleet of sensors and a dashboard on a train
// with tunnels and one broker crash. Not a simulation: latencies are drawn, packets are real.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/rng.h"
#include "reports/results.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::report::testing {

struct DemoOptions {
  std::size_t sensors = 50;
  Duration duration = std::chrono::hours(2);
  Duration calm = std::chrono::minutes(5);
  bool broken = true;    // three QoS 1 messages vanish
  bool hostile = false;  // every text that a peer or a user can choose is an attack
  std::uint64_t seed = 1;
};

// Strings that try to become markup, a formula, an escape sequence or a broken file.
std::vector<std::string> hostile_texts();

class DemoRun {
 public:
  explicit DemoRun(const DemoOptions& options);

  const trace::RunInfo& run() const { return run_; }
  const std::vector<trace::Event>& events() const { return events_; }
  void play(trace::Observer& observer) const;
  // The verdict, the ledger and the rest, as a real run would fill them in.
  Results results() const;

 private:
  void describe();
  void live(std::uint32_t client);
  void publish(std::uint32_t client, std::uint32_t number, std::uint64_t message, Instant at);
  void connect(std::uint32_t client, std::uint32_t number, Instant at, bool resumed);
  void add(Instant at, trace::What what);
  // A packet that leaves one end and, if `arrives`, reaches the other.
  void send(trace::Connection connection, trace::End from, const Packet& packet, Instant at,
            Duration travels, bool arrives = true);
  Duration delay();
  std::string_view keep(std::string text);
  void follow(Results& results) const;  // what a second pass over the trace finds
  void fill_findings(Results& results) const;
  void fill_configuration(Results& results) const;

  DemoOptions options_;
  std::vector<std::string> attacks_ = hostile_texts();
  Rng rng_;
  trace::RunInfo run_;
  std::vector<trace::Event> events_;
  std::deque<Packet> packets_;
  std::deque<std::vector<std::byte>> wires_;
  std::deque<std::string> texts_;
  std::uint32_t dashboard_ = 0;
  std::uint16_t dashboard_packet_id_ = 0;
  std::vector<std::pair<Instant, Instant>> tunnels_;
  trace::Stamp lost_{};
  Instant lost_at_;
  std::uint64_t attempted_[3] = {};
};

}  // namespace mq::report::testing
