// Where log lines go: what mosquitto's log_dest names, at most so many a second, and never so that
// whoever logs has to wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/config/config.h"
#include "broker/operate/log_line.h"
#include "broker/operate/log_sink.h"

namespace mq::broker {

inline constexpr std::uint32_t log_lines_per_second_max = 1000;
inline constexpr std::size_t log_waiting_bytes_max = 1024 * 1024;  // of each place, unwritten

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
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Closes the file and opens it anew, as the new configuration says; throws as the constructor
  // does, and then goes on as before.
  void reopen(const LogConfig& config);

  bool wants(Level level) const { return mq::broker::wants(config_.types, level); }
  void write(Level level, std::string_view event, const std::vector<Field>& fields = {});
  // Lines that were not written: too many a second, or a place took none for too long.
  std::uint64_t lost() const { return lost_; }
  // Who puts lines on topics, if the configuration wants that.
  void on_topic_line(std::function<void(Level, std::string)> put) {
    put_on_topic_ = std::move(put);
  }

 private:
  void put(Level level, std::string_view event, const std::vector<Field>& fields,
           std::chrono::system_clock::time_point now);
  void put(LogSink& sink, const std::string& time, Level level, std::string_view event,
           const std::vector<Field>& fields);

  LogConfig config_;
  std::unique_ptr<LogSink> stderr_, stdout_, file_, syslog_;  // those that are wanted
  std::function<void(Level, std::string)> put_on_topic_;
  LineRate rate_{log_lines_per_second_max};
  std::uint64_t lost_ = 0;
};

}  // namespace mq::broker
