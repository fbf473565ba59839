// What came of one run, small enough that millions of them fit on a disk.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "campaign/plan.h"

namespace mq::campaign {

enum class End : std::uint8_t {
  judged,
  refused,        // the scenario, or the broker for it, is none
  unreachable,    // the broker could not be started
  timed_out,      // the limit of time
  out_of_memory,  // the limit of memory
  crashed,        // the process ended otherwise
};
std::string_view name(End end);

enum class Verdict : std::uint8_t { held, broken, nothing };

struct Outcome {
  Key key{};
  End end = End::crashed;
  Verdict verdict = Verdict::nothing;
  std::string hash;                 // of the run: hex
  std::vector<std::string> broken;  // ids of promises
  std::string evidence;             // one sentence: what broke first, or why there is no verdict
  std::vector<double> figures;      // as in figures.h; NaN: there is none
  std::uint64_t wall_us = 0;
  std::uint64_t cpu_us = 0;
  std::uint64_t memory_kib = 0;
};

inline constexpr double no_figure = std::numeric_limits<double>::quiet_NaN();

// On one line, without its end, and back. Nothing if the text is no outcome.
std::string to_line(const Outcome& outcome);
std::optional<Outcome> from_line(std::string_view line);

}  // namespace mq::campaign
