// One place where log lines go, behind a thread of its own: a pipe that nobody reads, a disk that
// hangs or a syslog that is full holds up nobody but this thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "broker/operate/log_line.h"

namespace mq::broker {

class LogSink {
 public:
  using Write = std::function<void(Level level, const std::string& line)>;

  // `write` is called from the thread, for one line after another, and may take as long as it
  // likes. At most `bytes_max` of lines wait for it.
  LogSink(Write write, std::size_t bytes_max);
  // Waits until all is written, but not longer than `patience`; what is not written then is lost.
  ~LogSink();
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  // Never waits. False, and the line counts as lost, if it finds no room.
  bool put(Level level, std::string line);
  // How many were lost and not asked for yet, if a line of `bytes` has room now; else 0.
  std::uint64_t take_lost(std::size_t bytes);

  // What waits is written all the same, but the destructor does not wait for it.
  void leave() { waits_at_end_ = false; }

  static constexpr std::chrono::milliseconds patience{1000};

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  bool waits_at_end_ = true;
};

}  // namespace mq::broker
