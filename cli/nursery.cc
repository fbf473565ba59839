#include "cli/nursery.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <new>
#include <utility>

#include "cli/interrupt.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

using campaign::End;
using campaign::Outcome;
using Clock = std::chrono::steady_clock;

// What a run's process has left of its last words is read back up to this.
constexpr std::size_t last_words_bytes = 400;
// A signal that comes between a look and a wait is seen after this.
constexpr std::int64_t look_every_ms = 1000;

std::uint64_t microseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(time.tv_usec);
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// Private memory that may be written, as RLIMIT_DATA counts it.
std::uint64_t data_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmData:" && status >> kib) return kib * 1024;
  }
  return 0;
}

void limit(decltype(RLIMIT_DATA) what, std::uint64_t value) {
  const rlimit both{value, value};
  setrlimit(what, &both);
}

void close_all_but(int one, int other) {
  const auto low = static_cast<unsigned>(std::min(one, other));
  const auto high = static_cast<unsigned>(std::max(one, other));
  close_range(STDERR_FILENO + 1, low - 1, 0);
  close_range(low + 1, high - 1, 0);
  close_range(high + 1, ~0U, 0);
}

// The whole family of a run: its process and, of another broker, that one's.
void kill_family(pid_t process) { kill(-process, SIGKILL); }

std::string beyond_memory(const NurseryLimits& limits) {
  return "more than the limit of memory, " + std::to_string(limits.memory_bytes >> 20U) + " MiB";
}

std::string beyond_time(const NurseryLimits& limits) {
  return "no end within the limit of time, " + report::short_duration(limits.time);
}

// One run after another, each in a process of its own.
class Cradle {
 public:
  Cradle(const Nursery::Play& play, const NurseryLimits& limits)
      : play_(play), limits_(limits), data_bytes_(data_bytes()) {
    words_ = memfd_create("last words", MFD_CLOEXEC);
  }

  Outcome bring_up(std::uint32_t run);
  // Never lives on when the nursery is told to end.
  void stop() const {
    if (child_ > 0) kill_family(child_);
  }

 private:
  [[noreturn]] void live(std::uint32_t run, int answer) const;
  // False: the time is over.
  bool read_answer(int from, Clock::time_point until, std::string& line) const;
  Outcome end_of(int status, bool in_time, const std::string& line) const;
  std::string last_words() const;

  const Nursery::Play& play_;
  const NurseryLimits& limits_;
  std::uint64_t data_bytes_;
  int words_ = -1;
  pid_t child_ = -1;
};

void Cradle::live(std::uint32_t run, int answer) const {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTERM, SIG_DFL);
  dup2(words_, STDERR_FILENO);
  dup2(words_, STDOUT_FILENO);
  limit(RLIMIT_CORE, 0);
#ifndef __SANITIZE_ADDRESS__  // whose shadow is larger than any limit
  limit(RLIMIT_DATA, data_bytes_ + limits_.memory_bytes);
#endif
  Outcome outcome;
  try {
    outcome = play_(run);
  } catch (const std::bad_alloc&) {
    outcome.end = End::out_of_memory;
    outcome.evidence = beyond_memory(limits_);
  } catch (const std::exception& fault) {
    outcome.end = End::crashed;
    outcome.evidence = std::string("a fault of mqttlab itself: ") + fault.what();
  }
  const bool told = write_all(answer, campaign::to_line(outcome) + "\n");
  // Nothing is left to be written; to take a world apart costs as much as a short run.
  _exit(told ? 0 : 1);
}

bool Cradle::read_answer(int from, Clock::time_point until, std::string& line) const {
  std::array<char, 4096> bytes;
  while (interrupt_seen() == 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd watched{from, POLLIN, 0};
    if (poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, look_every_ms))) <= 0)
      continue;
    const ssize_t count = read(from, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    line.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return true;
}

std::string Cradle::last_words() const {
  std::string text(last_words_bytes, '\0');
  const off_t size = lseek(words_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(last_words_bytes));
  const ssize_t count = pread(words_, text.data(), text.size(), from);
  text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  while (text.ends_with(' ')) text.pop_back();
  return report::well_formed(text);
}

Outcome Cradle::end_of(int status, bool in_time, const std::string& line) const {
  if (in_time && line.ends_with('\n'))
    if (auto outcome = campaign::from_line(std::string_view(line).substr(0, line.size() - 1)))
      return *outcome;
  Outcome outcome;
  const std::string words = last_words();
  if (!in_time) {
    outcome.end = End::timed_out;
    outcome.evidence = beyond_time(limits_);
  } else if (words.find("bad_alloc") != std::string::npos ||
             words.find("annot allocate memory") != std::string::npos) {
    outcome.end = End::out_of_memory;
    outcome.evidence = beyond_memory(limits_);
  } else if (WIFSIGNALED(status)) {
    outcome.evidence = std::string("signal ") + std::to_string(WTERMSIG(status)) + " (" +
                       strsignal(WTERMSIG(status)) + ")";
  } else {
    outcome.evidence = "its process ended with code " + std::to_string(WEXITSTATUS(status));
  }
  if (outcome.end == End::crashed && !words.empty()) outcome.evidence += ": " + words;
  return outcome;
}

Outcome Cradle::bring_up(std::uint32_t run) {
  std::array<int, 2> answer{-1, -1};
  Outcome none;
  if (ftruncate(words_, 0) != 0 || lseek(words_, 0, SEEK_SET) != 0 ||
      pipe2(answer.data(), O_CLOEXEC) != 0) {
    none.evidence = std::string("there is no pipe for it: ") + std::strerror(errno);
    return none;
  }
  const auto began = Clock::now();
  child_ = fork();
  if (child_ == 0) {
    close(answer[0]);
    live(run, answer[1]);
  }
  close(answer[1]);
  if (child_ < 0) {
    none.evidence = std::string("there is no process for it: ") + std::strerror(errno);
    close(answer[0]);
    return none;
  }
  setpgid(child_, child_);  // whoever of the two comes first
  std::string line;
  const bool in_time = read_answer(
      answer[0], began + std::chrono::duration_cast<Clock::duration>(limits_.time), line);
  close(answer[0]);
  // Those who have answered are on their way out.
  if (!in_time || interrupt_seen() != 0) kill_family(child_);
  int status = 0;
  rusage used{};
  while (wait4(child_, &status, 0, &used) < 0 && errno == EINTR) {
  }
  kill_family(child_);  // another broker that is left
  child_ = -1;
  Outcome outcome = end_of(status, in_time, line);
  outcome.wall_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began).count());
  outcome.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
  outcome.memory_kib = static_cast<std::uint64_t>(used.ru_maxrss);
  return outcome;
}

}  // namespace

void Nursery::be(int requests, int answers) const {
  // With the driver this ends, and with this the run. A ^C is the driver's to answer.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  take_signals();
  signal(SIGINT, SIG_IGN);
  close_all_but(requests, answers);  // results files, other nurseries' pipes
  Cradle cradle(play_, limits_);
  std::string text;
  std::array<char, 4096> bytes;
  while (interrupt_seen() == 0) {
    const std::size_t end = text.find('\n');
    if (end == std::string::npos) {
      const ssize_t count = read(requests, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      text.append(bytes.data(), static_cast<std::size_t>(count));
      continue;
    }
    std::uint32_t run = 0;
    std::from_chars(text.data(), text.data() + end, run);
    text.erase(0, end + 1);
    const Outcome outcome = cradle.bring_up(run);
    if (interrupt_seen() != 0) break;  // killed half-way: it says nothing
    if (!write_all(answers, std::to_string(run) + "\t" + campaign::to_line(outcome) + "\n")) break;
  }
  _exit(0);
}

bool Nursery::start() {
  std::array<int, 2> requests{-1, -1};
  std::array<int, 2> answers{-1, -1};
  if (pipe2(requests.data(), O_CLOEXEC) != 0) return false;
  if (pipe2(answers.data(), O_CLOEXEC) != 0) {
    close(requests[0]);
    close(requests[1]);
    return false;
  }
  std::fflush(nullptr);
  process_ = fork();
  if (process_ == 0) be(requests[0], answers[1]);
  close(requests[0]);
  close(answers[1]);
  to_ = requests[1];
  from_ = answers[0];
  fcntl(from_, F_SETFL, O_NONBLOCK);
  if (process_ < 0) end();
  return is_started();
}

void Nursery::ask(std::uint32_t run) {
  // Of one that has died, take() says so.
  write_all(to_, std::to_string(run) + "\n");
  open_.push_back(run);
}

std::vector<Nursery::Answer> Nursery::take() {
  std::vector<Answer> all;
  if (from_ < 0) return all;
  std::array<char, 16384> bytes;
  ssize_t count = 0;
  while ((count = read(from_, bytes.data(), bytes.size())) > 0 || (count < 0 && errno == EINTR))
    if (count > 0) text_.append(bytes.data(), static_cast<std::size_t>(count));
  for (std::size_t end = 0; (end = text_.find('\n')) != std::string::npos;) {
    const std::string_view line(text_.data(), end);
    const std::size_t tab = line.find('\t');
    Answer answer;
    std::from_chars(line.data(), line.data() + std::min(tab, line.size()), answer.run);
    auto outcome =
        tab == std::string_view::npos ? std::nullopt : campaign::from_line(line.substr(tab + 1));
    if (outcome) {
      answer.outcome = std::move(*outcome);
      std::erase(open_, answer.run);
      all.push_back(std::move(answer));
    }
    text_.erase(0, end + 1);
  }
  if (count == 0) {
    end();
    if (!open_.empty()) {
      Answer died{open_.front(), {}};
      died.outcome.evidence = "the process that watched it was killed";
      open_.pop_front();
      all.push_back(std::move(died));
    }
  }
  return all;
}

void Nursery::end() {
  if (to_ >= 0) close(to_);
  if (from_ >= 0) close(from_);
  to_ = from_ = -1;
  text_.clear();
  if (process_ > 0) {
    kill(process_, SIGTERM);
    while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  process_ = -1;
}

}  // namespace mq::cli
