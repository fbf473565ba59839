// A child process for tests on real sockets: what it prints (stdout and stderr together) is waited
// for with a deadline, never with a fixed sleep.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mq::client {

class Process {
 public:
  static constexpr std::chrono::seconds patience{20};

  explicit Process(std::vector<std::string> command, const std::string& input = {});
  ~Process();  // kills it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Until the output contains this so many times; false at the deadline or the end of the output.
  // What is printed and not waited for must fit into a pipe, or the process stands still.
  bool prints(const std::string& text, int times = 1);
  // Until it has ended and its output was read. Its exit status, 128 + the signal that ended it, or
  // nothing at the deadline.
  std::optional<int> exit_status();
  void signal(int number);
  pid_t pid() const { return pid_; }
  // Bytes, by a line of /proc: VmRSS now, VmHWM at most. 0 when it is gone.
  std::size_t memory(const std::string& line) const;
  double processor_seconds() const;
  const std::string& output() const { return output_; }

 private:
  enum class Read { some, end, too_late };
  Read read_some(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int pipe_ = -1;
  std::string output_;
  std::optional<int> status_;
};

// A TCP port of 127.0.0.1 that was free a moment ago.
int free_port();

}  // namespace mq::client
