// Whether every thread of some processes is asleep, seen from outside: in two looks at /proc each
// of them slept, and none has run in between. Then they all slept at one instant, and if no timer
// of the kernel is armed for them, nobody but us can wake them.
//
// A thread that is about to sleep is shown as asleep while it still looks whether it has to, and on
// a busy machine it may stand there for long, without a processor. Only one that has left its
// processor for good is somewhere in the kernel (wchan).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace mq::sim {

class Quiescence {
 public:
  Quiescence() = default;
  ~Quiescence();
  Quiescence(const Quiescence&) = delete;
  Quiescence& operator=(const Quiescence&) = delete;

  // Processes that are gone, or dead, are asleep for ever.
  bool is_reached(std::span<const pid_t> processes);
  static bool is_gone(pid_t process);

 private:
  // Files of /proc that stay open: reading them again is much cheaper than opening them.
  struct Thread {
    int stat = -1;
    int schedstat = -1;
    int wchan = -1;
    std::uint64_t runs = 0;
  };
  struct Process {
    int tasks = -1;  // its directory of threads
    std::map<pid_t, Thread> threads;
  };

  bool look(std::span<const pid_t> processes, bool is_second);
  bool look_at(pid_t pid, Process& process, bool is_second);
  bool has_left_its_processor(pid_t pid, const Thread& thread);
  bool find_threads(pid_t pid, Process& process);
  static void close(Process& process);

  std::map<pid_t, Process> processes_;
  bool kernel_tells_where_ = false;  // it has done so before
};

}  // namespace mq::sim
