#include "broker/operate/log.h"

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>
#include <utility>

namespace mq::broker {
namespace {

int open_file(const std::string& path) {
  if (path.empty()) return -1;
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
  if (file < 0)
    throw std::system_error(errno, std::generic_category(), "cannot write the log file " + path);
  return file;
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;  // there is nobody to tell
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

int syslog_priority(Level level) {
  switch (level) {
    case Level::error:
      return LOG_ERR;
    case Level::warning:
      return LOG_WARNING;
    case Level::notice:
      return LOG_NOTICE;
    case Level::debug:
      return LOG_DEBUG;
    default:
      return LOG_INFO;
  }
}

std::string time_text(const LogConfig& config, std::chrono::system_clock::time_point now) {
  if (config.time == LogConfig::Time::none) return {};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  char text[256];
  if (config.time == LogConfig::Time::custom) {
    ::localtime_r(&seconds, &parts);
    return {text, std::strftime(text, sizeof text, config.time_format.c_str(), &parts)};
  }
  ::gmtime_r(&seconds, &parts);
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::string fraction = std::to_string(1000 + milliseconds);
  fraction[0] = '.';
  return std::string(text, size) + fraction + "Z";
}

}  // namespace

bool LineRate::lets_through(std::int64_t second) {
  if (second != second_) {
    second_ = second;
    lines_ = 0;
  }
  if (lines_ < most_) {
    ++lines_;
    return true;
  }
  ++suppressed_;
  return false;
}

std::uint64_t LineRate::take_suppressed(std::int64_t second) {
  return second == second_ ? 0 : std::exchange(suppressed_, 0);
}

Log::Log(const LogConfig& config) : config_(config), file_(open_file(config.file)) {
  const int facility =
      config.syslog_facility < 0 ? LOG_DAEMON : LOG_LOCAL0 + (config.syslog_facility << 3);
  if (config.to_syslog) ::openlog("mqttlab", LOG_PID | LOG_NDELAY, facility);
}

Log::~Log() {
  if (file_ >= 0) ::close(file_);
  if (config_.to_syslog) ::closelog();
}

void Log::reopen(const LogConfig& config) {
  const int opened = open_file(config.file);
  if (file_ >= 0) ::close(file_);
  file_ = opened;
  config_ = config;
}

void Log::write(Level level, std::string_view event, const std::vector<Field>& fields) {
  if (!wants(level)) return;
  const auto now = std::chrono::system_clock::now();
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (const auto lost = rate_.take_suppressed(second))
    put(Level::warning, "log_lines_suppressed", {{"count", std::to_string(lost)}}, now);
  if (rate_.lets_through(second)) put(level, event, fields, now);
}

void Log::put(Level level, std::string_view event, const std::vector<Field>& fields,
              std::chrono::system_clock::time_point now) {
  const std::string line =
      log_line(config_.form, time_text(config_, now), level, event, fields) + "\n";
  if (config_.to_stderr) write_all(STDERR_FILENO, line);
  if (config_.to_stdout) write_all(STDOUT_FILENO, line);
  if (file_ >= 0) write_all(file_, line);
  if (!config_.to_syslog) return;
  const std::string bare = log_line(config_.form, {}, level, event, fields);
  ::syslog(syslog_priority(level), "%s", bare.c_str());
}

}  // namespace mq::broker
