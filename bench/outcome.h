// What one load on one broker came to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "peers/process.h"

namespace mq::bench {

// A broker that is ready.
struct Target {
  std::uint16_t port = 0;
  std::uint16_t tls_port = 0;  // 0: none
  std::string authority_file;  // who has signed its certificate
  std::string user, password;
  std::function<peers::Usage()> usage;
};

// A unit is what the row counts: a delivery, a retained message that was set, a connection.
struct Outcome {
  std::uint64_t units = 0;
  double seconds = 0;
  double cpu_seconds = 0;  // of the broker, user and system
  std::optional<double> p50_us, p99_us;
  std::optional<double> bytes_per_connection;
  // What is wrong with it; a run with any of these proves nothing about speed.
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t disordered = 0;
  std::uint64_t altered = 0;  // in its length or its bytes
  std::uint64_t astray = 0;   // came to a client that had not subscribed to it
  std::string fault;          // a connection refused or lost

  bool is_sound() const {
    return fault.empty() && lost + duplicated + disordered + altered + astray == 0 && units > 0;
  }
};

// Moves the elements about. 0.5 is the median.
std::optional<double> percentile(std::vector<double>& values, double part);

// From construction to stop(): time, and what the broker spent.
class Stopwatch {
 public:
  explicit Stopwatch(const Target& target);
  void stop(Outcome& outcome) const;

 private:
  const Target& target_;
  const peers::Usage before_;
  const std::chrono::steady_clock::time_point began_;
};

}  // namespace mq::bench
