// What the broker counts in Prometheus' text format, version 0.0.4.
#pragma once

#include <chrono>
#include <string>

#include "broker/core/broker.h"

namespace mq::broker {

inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

// Of this process, as the kernel tells it; zeros where it does not.
struct ProcessFacts {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t descriptors_max = 0;
  std::uint64_t log_lines_lost = 0;  // for its log to say
};
ProcessFacts process_facts();

std::string metrics_text(const Broker::Census& census, const ProcessFacts& process,
                         const std::string& version, double started_at);

}  // namespace mq::broker
