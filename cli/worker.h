// One simulation in a process of its own, of the program that plays it (simulator.h): ns-3 allows
// one world per process.
//
// The worker reads the scenario's text from stdin, writes the files of the trace and
// results.json into its folder, and says on stdout how far it is: a line of the nanoseconds of
// virtual time reached, now and then; " still" behind them if it stands still as it was asked to;
// then what it looks like (reports/record/glance.h), if somebody watches. Its exit code is one of
// cli/exit_code.h.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cli/simulator.h"
#include "reports/record/recorder.h"

namespace mq::cli {

// Of a run that can be made to stand still (interrupt.h) at any second of virtual time.
struct Pausable {
  double speed_max = 0;  // in seconds of virtual time a second; 0: as fast as it can
};

struct WorkerOrder {
  std::string scenario_file;  // as the user named it, for messages and the report
  std::string scenario_text;
  std::uint64_t seed = 1;
  Simulator simulator = Simulator::ns3;
  report::TracePolicy trace = report::TracePolicy::full;
  std::string folder;
  std::string command;        // that repeats the run
  std::string broker;         // instead of the scenario's: "ours", an adapter by name or file
  std::string protocol;       // "3.1.1": everybody speaks that; empty: as the scenario has it
  bool measures_cpu = false;  // of our own broker too, which costs a little
  bool live = false;          // somebody watches: tell more than the time
  std::optional<Pausable> pausable;
};

// Behind the nanoseconds of a worker that stands still.
constexpr std::string_view standing_still = " still";

// "full", "failures" or "none", as flags say it too.
std::optional<report::TracePolicy> trace_policy(std::string_view word);

struct WorkerEnd {
  int exit_code = 0;
  std::string trouble;  // how it ended, if not by itself: "killed by signal 9"
};

// `order` as the argument list of the worker's main, and back. The text goes through stdin.
std::vector<std::string> to_arguments(const WorkerOrder& order);
std::optional<WorkerOrder> from_arguments(const std::vector<std::string>& arguments);

class Worker {
 public:
  // Starts the process. Nothing if it cannot be started; `trouble` says why.
  static std::optional<Worker> start(const WorkerOrder& order, std::string& trouble);

  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&& other) noexcept;
  ~Worker();

  // To be polled for reading; at its end the worker has ended.
  int progress_descriptor() const { return progress_; }
  // Reads what is there. False at the end: then wait().
  bool read_progress();
  Instant reached() const { return reached_; }
  // Of an order that is live: reports/record/glance.h, as JSON.
  const std::string& glance() const { return glance_; }
  // Of an order that is pausable: what glance() shows is what there is.
  bool stands_still() const { return stands_still_; }
  void interrupt(int signal) const;
  WorkerEnd wait();

 private:
  Worker(pid_t process, int progress) : process_(process), progress_(progress) {}

  pid_t process_ = -1;
  int progress_ = -1;
  std::string line_;
  std::string glance_;
  Instant reached_{};
  bool stands_still_ = false;
};

}  // namespace mq::cli
