// The words of findings: one way to write times, numbers, clients and messages.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "sim/trace/run_info.h"
#include "sim/trace/stamp.h"

namespace mq::checks {

// Since the start of the run: "00:12:41.301"; hours grow beyond 99.
std::string time_text(Instant at);
// A length of time with the unit that suits it: "340 ms", "12.4 s", "3.5 min", "2.1 h".
std::string duration_text(Duration length);
// "1,500".
std::string count_text(std::uint64_t count);
// "1 message", "1,500 messages".
std::string count_text(std::uint64_t count, const char* noun);
// "99.9", without zeros at the end.
std::string number_text(double number);

const std::string& name_of(const trace::RunInfo& run, trace::ClientIndex client);

}  // namespace mq::checks
