// A recorded rate: what people publish of mobile networks. Two formats, told apart by their first
// line: mahimahi's, one number a line, the milliseconds at which 1,500 bytes could be sent (the
// same number again: as many more); and `time,Mbit/s` (commas or blanks, seconds first), the rate
// from that time on. A trace begins anew when it is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace mq::sim::link {

inline constexpr std::size_t trace_bytes_max = 64 * 1024 * 1024;
inline constexpr std::size_t opportunity_bytes = 1500;

struct RateTrace {
  struct Step {
    Duration at;
    double bits_per_second;
  };
  struct Gap {
    Duration at;
    Duration length;
  };

  std::vector<Duration> opportunities;  // of opportunity_bytes each; or else
  std::vector<Step> steps;              // the rate from here on; the first is at zero
  Duration period{};                    // positive

  double mean_bits_per_second() const;
  // Times without an opportunity, or with less than `bits_per_second`, that are longer than
  // `shortest`. One that goes on when the trace begins anew is cut there.
  std::vector<Gap> gaps(Duration shortest, double bits_per_second = 1) const;
  // The bits of each whole second.
  std::vector<double> per_second() const;
};

struct TraceFault {
  std::size_t line;
  std::string text;
};
std::variant<RateTrace, TraceFault> parse_rate_trace(std::string_view text);

}  // namespace mq::sim::link
