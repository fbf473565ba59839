// The rows of the comparison: which load, how much of it, what it counts.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/outcome.h"

namespace mq::bench {

struct RowScale {
  double size = 1;                            // of the numbers of messages, topics and connections
  std::chrono::milliseconds patience{10000};  // without any event, before the rest is lost
};

struct Row {
  std::string name;
  std::string what;                   // for people
  std::string unit = "delivery";      // what is counted
  std::vector<std::string> settings;  // of the adapter: "durable"
  int qos = 0;
  std::size_t connections = 0;  // at once, whatever the size
  bool scales_connections = false;
  bool tls = false;
  bool is_fresh = false;  // each round on a new process: memory that was given back is not seen
  std::optional<double> cpu_goal;      // at most so much of the reference's CPU time per unit
  std::optional<double> latency_goal;  // likewise of its median latency
  std::function<Outcome(const Target&, const RowScale&)> run;

  std::size_t descriptors(const RowScale& scale) const;
};

std::span<const Row> all_rows();

}  // namespace mq::bench
