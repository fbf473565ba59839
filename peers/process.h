// A program of this machine as a process, with all the processes that it starts: its session. The
// only place of this folder that knows posix_spawn, signals and /proc.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mq::peers {

// Of a process and all that come from it, as long as they live.
struct Usage {
  std::chrono::nanoseconds cpu{};    // user and system, since each was started
  std::uint64_t resident_bytes = 0;  // pages that two of them share count twice
  int processes = 0;
};

class Process {
 public:
  struct Start {
    std::vector<std::string> command;      // the program by its path, or looked for in PATH
    std::vector<std::string> environment;  // "NAME=value", beside and before what we have
    std::string folder;                    // to run in; empty: ours
    std::string output;                    // stdout and stderr are appended to this file
    // Open files of ours that become its stdin, and its stdout and stderr, instead.
    std::optional<int> input_from;
    std::optional<int> output_to;
  };

  // Throws std::system_error if it cannot be started. It is killed when the thread that started it
  // ends, however that comes about.
  explicit Process(const Start& start);
  ~Process();  // kills what is left of it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // Its exit status, 128 + the signal that ended it; nothing while it runs.
  std::optional<int> ended();
  // Waits so long; what ended() says then.
  std::optional<int> wait(std::chrono::milliseconds time);
  void signal(int number);  // to the process itself
  void kill_all();          // SIGKILL to it and all that come from it; they are gone on return

  Usage usage() const;

 private:
  std::vector<pid_t> family() const;

  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace mq::peers
