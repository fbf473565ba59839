// A running run at a glance, for those who watch: who is connected, how long messages take now,
// what is broken at the moment. A fold with bounded state; it judges nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "conformance/checks/attempts.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::report {

class Glance final : public trace::Observer {
 public:
  explicit Glance(const trace::RunInfo& run);  // outlives this

  void observe(const trace::Event& event) override;
  // One line of JSON, for mqttlab run at a terminal.
  std::string to_json(Instant now) const;

 private:
  struct Group {
    std::string name;
    std::string link;
    std::uint64_t clients = 0;
    std::uint64_t connected = 0;
  };
  struct Message {
    Instant at;
    std::string topic;
    std::uint32_t to;
    Duration latency;
  };

  void on(const trace::Event& event, const trace::PacketSeen& seen);
  void on(const trace::Event& event, const trace::LinkClosed& closed);
  void on(const trace::Event& event, const trace::Attempted& attempted);
  void on(const trace::Event& event, const trace::Delivered& delivered);
  void on(const trace::Event& event, const trace::FaultBegan& began);
  void on(const trace::Event& event, const trace::FaultEnded& ended);
  void on(const trace::Event&, const trace::BrokerDown&) { broker_is_up_ = false; }
  void on(const trace::Event&, const trace::BrokerUp&) { broker_is_up_ = true; }
  void on(const trace::Event&, const trace::CalmBegan&) { is_calm_ = true; }
  template <class Other>
  void on(const trace::Event&, const Other&) {}

  void connected(trace::ClientIndex client, bool is);

  const trace::RunInfo& run_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> group_of_;  // by client
  std::vector<bool> connected_;          // by client
  checks::Attempts attempts_;
  std::deque<Duration> latencies_;         // the last ones
  std::deque<Message> messages_;           // the last ones
  std::map<std::size_t, Instant> faults_;  // those that go on, since when
  std::uint64_t attempted_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_connections_ = 0;
  bool broker_is_up_ = false;
  bool is_calm_ = false;
};

}  // namespace mq::report
