// Where log lines go: what mosquitto's log_dest names, at most so many a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/config/config.h"
#include "broker/operate/log_line.h"

namespace mq::broker {

inline constexpr std::uint32_t log_lines_per_second_max = 1000;

// Lets through at most `most` a second; says how many it did not when a new second begins.
class LineRate {
 public:
  explicit LineRate(std::uint32_t most) : most_(most) {}
  bool lets_through(std::int64_t second);
  // Of seconds that are over; asked for once.
  std::uint64_t take_suppressed(std::int64_t second);

 private:
  const std::uint32_t most_;
  std::int64_t second_ = 0;
  std::uint32_t lines_ = 0;
  std::uint64_t suppressed_ = 0;
};

class Log {
 public:
  // Throws std::system_error if the file cannot be opened.
  explicit Log(const LogConfig& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Closes the file and opens it anew, as the new configuration says; throws as the constructor
  // does, and then goes on as before.
  void reopen(const LogConfig& config);

  bool wants(Level level) const { return mq::broker::wants(config_.types, level); }
  void write(Level level, std::string_view event, const std::vector<Field>& fields = {});

 private:
  void put(Level level, std::string_view event, const std::vector<Field>& fields,
           std::chrono::system_clock::time_point now);

  LogConfig config_;
  int file_ = -1;
  LineRate rate_{log_lines_per_second_max};
};

}  // namespace mq::broker
