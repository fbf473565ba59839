// Numbers for people: "12.4 s", "2 h 05 min", "1,234,567", "3.4 MB".
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace mq::report {

std::string count(std::uint64_t number);                       // "1,234,567"
std::string count(std::uint64_t number, const char* of_what);  // "1 client", "1,500 clients"
std::string short_duration(Duration duration);                 // three digits: "12.4 s", "870 us"
std::string long_duration(Duration duration);                  // "2 h 5 min", "1 d 3 h", "45 s"
std::string clock(Instant at);           // when in the run, as evidence says it: "01:02:03.456"
std::string bytes(std::uint64_t bytes);  // "640 B", "3.4 MB" (1 MB = 1,000,000 B)
std::string energy(std::uint64_t microjoules);  // "640 mJ", "3.4 J", "12.1 kJ"
std::string percent(double share);              // "99.95 %"

}  // namespace mq::report
