#include "cli/worker.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

#include "cli/exit_code.h"
#include "cli/programs.h"

namespace mq::cli {
namespace {

constexpr std::array<std::string_view, 3> trace_words = {"full", "failures", "none"};
constexpr std::array<std::string_view, 3> simulator_words = {"memory", "ns3", "radio"};

// The value of `Enum` that `word` stands for.
template <typename Enum>
std::optional<Enum> value_of(std::string_view word, std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

// A file in memory that holds `text`, read from its start; -1 if there is none to be had.
int memory_file(const std::string& text) {
  const int file = memfd_create("scenario", MFD_CLOEXEC);
  if (file < 0) return -1;
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(file, text.data() + written, text.size() - written);
    if (n < 0) {
      close(file);
      return -1;
    }
    written += static_cast<std::size_t>(n);
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

}  // namespace

std::optional<report::TracePolicy> trace_policy(std::string_view word) {
  return value_of<report::TracePolicy>(word, trace_words);
}

std::vector<std::string> to_arguments(const WorkerOrder& order) {
  return {"worker",
          std::string(simulator_words[static_cast<std::size_t>(order.simulator)]),
          std::to_string(order.seed),
          std::string(trace_words[static_cast<std::size_t>(order.trace)]),
          order.folder,
          order.scenario_file,
          order.command,
          order.broker,
          order.protocol,
          order.measures_cpu ? "cpu" : "",
          order.live ? "live" : "",
          order.pausable ? std::to_string(order.pausable->speed_max) : ""};
}

std::optional<WorkerOrder> from_arguments(const std::vector<std::string>& arguments) {
  if (arguments.size() != 12 || arguments[0] != "worker") return std::nullopt;
  WorkerOrder order;
  const auto simulator = value_of<Simulator>(arguments[1], simulator_words);
  if (!simulator) return std::nullopt;
  order.simulator = *simulator;
  const std::string& seed = arguments[2];
  if (std::from_chars(seed.data(), seed.data() + seed.size(), order.seed).ec != std::errc{})
    return std::nullopt;
  const auto trace = trace_policy(arguments[3]);
  if (!trace) return std::nullopt;
  order.trace = *trace;
  order.folder = arguments[4];
  order.scenario_file = arguments[5];
  order.command = arguments[6];
  order.broker = arguments[7];
  order.protocol = arguments[8];
  order.measures_cpu = arguments[9] == "cpu";
  order.live = arguments[10] == "live";
  if (!arguments[11].empty()) order.pausable = {std::strtod(arguments[11].c_str(), nullptr)};
  return order;
}

std::optional<Worker> Worker::start(const WorkerOrder& order, std::string& trouble) {
  const int input = memory_file(order.scenario_text);
  std::array<int, 2> pipe_ends{-1, -1};
  pid_t process = -1;
  int error = 0;
  if (input < 0 || pipe2(pipe_ends.data(), O_CLOEXEC) != 0) {
    error = errno;
  } else {
    error = spawn_program(program_of(order.simulator), to_arguments(order), input, pipe_ends[1],
                          process);
  }
  if (input >= 0) close(input);
  if (pipe_ends[1] >= 0) close(pipe_ends[1]);
  if (error == 0) return Worker(process, pipe_ends[0]);
  if (pipe_ends[0] >= 0) close(pipe_ends[0]);
  trouble = not_started(order.simulator, error);
  return std::nullopt;
}

Worker::Worker(Worker&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      progress_(std::exchange(other.progress_, -1)),
      line_(std::move(other.line_)),
      glance_(std::move(other.glance_)),
      reached_(other.reached_),
      stands_still_(other.stands_still_) {}

Worker& Worker::operator=(Worker&& other) noexcept {
  std::swap(process_, other.process_);
  std::swap(progress_, other.progress_);
  std::swap(line_, other.line_);
  std::swap(glance_, other.glance_);
  std::swap(reached_, other.reached_);
  std::swap(stands_still_, other.stands_still_);
  return *this;
}

Worker::~Worker() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  if (progress_ >= 0) close(progress_);
}

bool Worker::read_progress() {
  std::array<char, 4096> bytes;
  const ssize_t count = read(progress_, bytes.data(), bytes.size());
  if (count < 0) return errno == EINTR;
  for (char c : std::string_view(bytes.data(), static_cast<std::size_t>(count))) {
    if (c != '\n') {
      line_ += c;
      continue;
    }
    std::int64_t nanoseconds = 0;
    const auto [end, error] =
        std::from_chars(line_.data(), line_.data() + line_.size(), nanoseconds);
    if (error == std::errc{}) {
      reached_ = Instant(Duration(nanoseconds));
      const std::string_view rest =
          std::string_view(line_).substr(static_cast<std::size_t>(end - line_.data()));
      stands_still_ = rest.starts_with(standing_still);
      if (const auto glance = rest.find('{'); glance != rest.npos) glance_ = rest.substr(glance);
    }
    line_.clear();
  }
  return count > 0;
}

void Worker::interrupt(int signal) const { kill(process_, signal); }

WorkerEnd Worker::wait() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  if (WIFEXITED(status)) return {WEXITSTATUS(status), {}};
  const int signal = WTERMSIG(status);
  return {exit_code::fault, "the simulation was ended by signal " + std::to_string(signal) + " (" +
                                strsignal(signal) + ")"};
}

}  // namespace mq::cli
