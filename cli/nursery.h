// A process that brings up one process after another, each for one run: it has everything in memory
// that a run needs, so that a run costs a fork and not the start of a program, and dies alone when
// it crashes, hangs or takes too much memory.
//
// The nursery reads the numbers of runs from a pipe, a line each, and answers each with a line that
// campaign::from_line() reads. It ends when the pipe is closed, or with whoever started it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "campaign/outcome.h"

namespace mq::cli {

struct NurseryLimits {
  std::chrono::nanoseconds time{};
  std::uint64_t memory_bytes = 0;
};

class Nursery {
 public:
  // What a run's process does. The key is the caller's to fill in.
  using Play = std::function<campaign::Outcome(std::uint32_t run)>;

  // `play` is called in processes to come, never in this one.
  Nursery(Play play, const NurseryLimits& limits) : play_(std::move(play)), limits_(limits) {}
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;
  ~Nursery() { end(); }

  // False if there can be no further process; errno says why.
  bool start();
  bool is_started() const { return process_ > 0; }
  void ask(std::uint32_t run);
  // Asked for, and not answered yet; the first one is under way.
  std::deque<std::uint32_t>& open() { return open_; }
  // To be polled for reading.
  int descriptor() const { return from_; }
  // Reads what has come. When the nursery itself has died, the run that was under way has crashed,
  // is_started() is false and what is left in open() must be asked for elsewhere.
  struct Answer {
    std::uint32_t run = 0;
    campaign::Outcome outcome;
  };
  std::vector<Answer> take();
  void end();

 private:
  [[noreturn]] void be(int requests, int answers) const;

  Play play_;
  NurseryLimits limits_;
  pid_t process_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string text_;
  std::deque<std::uint32_t> open_;
};

}  // namespace mq::cli
