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

class File {
 public:
  explicit File(const std::string& path)
      : descriptor_(
            ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640)) {
    if (descriptor_ < 0)
      throw std::system_error(errno, std::generic_category(), "cannot write the log file " + path);
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(file, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;  // there is nobody to tell
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

std::unique_ptr<LogSink> sink_of(int descriptor) {
  return std::make_unique<LogSink>(
      [descriptor](Level, const std::string& line) { write_all(descriptor, line); },
      log_waiting_bytes_max);
}

std::unique_ptr<LogSink> sink_of_file(const std::string& path) {
  if (path.empty()) return nullptr;
  return std::make_unique<LogSink>(
      [file = std::make_shared<File>(path)](Level, const std::string& line) {
        write_all(file->descriptor(), line);
      },
      log_waiting_bytes_max);
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

std::unique_ptr<LogSink> sink_of_syslog(int facility) {
  ::openlog("mqttlab", LOG_PID | LOG_NDELAY,
            facility < 0 ? LOG_DAEMON : LOG_LOCAL0 + (facility << 3));
  return std::make_unique<LogSink>(
      [](Level level, const std::string& line) {
        ::syslog(syslog_priority(level), "%.*s", static_cast<int>(line.size() - 1), line.data());
      },
      log_waiting_bytes_max);
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

Log::Log(const LogConfig& config) { reopen(config); }

void Log::reopen(const LogConfig& config) {
  auto file = sink_of_file(config.file);
  if (file_) file_->leave();
  file_ = std::move(file);
  const auto set = [](std::unique_ptr<LogSink>& sink, bool wanted, auto make) {
    if (sink && !wanted) sink->leave();
    if (!wanted) sink.reset();
    if (wanted && !sink) sink = make();
  };
  set(stderr_, config.to_stderr, [] { return sink_of(STDERR_FILENO); });
  set(stdout_, config.to_stdout, [] { return sink_of(STDOUT_FILENO); });
  set(syslog_, config.to_syslog, [&] { return sink_of_syslog(config.syslog_facility); });
  config_ = config;
}

void Log::write(Level level, std::string_view event, const std::vector<Field>& fields) {
  if (!wants(level)) return;
  const auto now = std::chrono::system_clock::now();
  const std::int64_t second =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (const auto lost = rate_.take_suppressed(second))
    put(Level::warning, "log_lines_suppressed", {{"count", std::to_string(lost)}}, now);
  if (rate_.lets_through(second))
    put(level, event, fields, now);
  else
    ++lost_;
}

void Log::put(Level level, std::string_view event, const std::vector<Field>& fields,
              std::chrono::system_clock::time_point now) {
  const std::string time = time_text(config_, now);
  for (auto* sink : {&stderr_, &stdout_, &file_})
    if (*sink) put(**sink, time, level, event, fields);
  if (syslog_) put(*syslog_, {}, level, event, fields);  // it has a time of its own
  if (config_.to_topic && put_on_topic_)
    put_on_topic_(level, log_line(config_.form, time, level, event, fields));
}

void Log::put(LogSink& sink, const std::string& time, Level level, std::string_view event,
              const std::vector<Field>& fields) {
  std::string line = log_line(config_.form, time, level, event, fields) + "\n";
  constexpr std::size_t word_of_loss = 256;  // at most
  if (const auto lost = sink.take_lost(line.size() + word_of_loss))
    sink.put(Level::warning, log_line(config_.form, time, Level::warning, "log_lines_lost",
                                      {{"count", std::to_string(lost)}}) +
                                 "\n");
  if (!sink.put(level, std::move(line))) ++lost_;
}

}  // namespace mq::broker
