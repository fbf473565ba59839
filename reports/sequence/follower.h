// Picks out of a trace what one piece of evidence is about: the packets of its message between its
// parties, followed by packet id, and what happened to their connections meanwhile.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "conformance/checks/finding.h"
#include "reports/results.h"
#include "reports/sequence/exchanges.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::report {

class SequenceFollower final : public trace::Observer {
 public:
  // `run` and `evidence` must outlive it. `steps_max` is at least 3.
  SequenceFollower(const trace::RunInfo& run, const checks::Evidence& evidence,
                   std::size_t steps_max);

  void observe(const trace::Event& event) override;
  // Nothing further can change the diagram.
  bool done(Instant now) const { return now > evidence_.until && on_the_way_.empty(); }
  SequenceDiagram finish();

 private:
  std::optional<std::size_t> lane_of(trace::ClientIndex client) const;
  std::size_t lane_of_end(const trace::Connection& connection, trace::End end) const;
  void on_packet(const trace::PacketSeen& seen, Instant at);
  bool concerns(const trace::PacketSeen& seen);
  void received(const trace::PacketSeen& seen, Instant at);
  void on_network(const trace::Event& event);
  void on_application(const trace::Event& event);
  void on_course(const trace::Event& event);
  void on_log(std::string_view text, Instant at);
  void note(Instant at, std::size_t lane, std::string text, bool trouble);
  std::uint64_t add(SequenceStep step);
  SequenceStep* find(std::uint64_t step);

  const trace::RunInfo& run_;
  const checks::Evidence& evidence_;
  std::size_t head_max_;
  std::size_t tail_max_;
  std::vector<trace::ClientIndex> parties_;
  std::vector<SequenceStep> head_;
  std::deque<SequenceStep> tail_;
  std::uint64_t dropped_ = 0;  // between head and tail
  Exchanges exchanges_;
  OnTheWay<std::uint64_t> on_the_way_;  // the number of the step
};

// "PUBLISH QoS 1, id 7, DUP": what stands on an arrow.
std::string short_text(const Packet& packet);
// Its further fields, for whoever asks.
std::string detail_text(const Packet& packet, std::size_t wire_bytes);

}  // namespace mq::report
