#include "cli/compare_conform.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>
#include <variant>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/programs.h"
#include "cli/results_folder.h"
#include "cli/text_file.h"
#include "installation/installation.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int look_every_ms = 200;

std::string listed(const std::vector<std::string>& names) {
  std::string all;
  for (std::size_t i = 0; i < names.size(); ++i)
    all += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return all;
}

class Tests {
 public:
  Tests(std::vector<StandardTest>& tests, const Terminal& terminal)
      : tests_(tests),
        terminal_(terminal),
        program_(program_beside("mqttlab-conform")),
        nowhere_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {}
  ~Tests() { ::close(nowhere_); }
  Tests(const Tests&) = delete;
  Tests& operator=(const Tests&) = delete;

  int run(std::uint32_t jobs) {
    while ((next_ < tests_.size() && interrupt_seen() == 0) || !running_.empty()) {
      while (next_ < tests_.size() && running_.size() < jobs && interrupt_seen() == 0)
        start(next_++);
      pass_on();
      show();
      if (!look()) ::poll(nullptr, 0, look_every_ms);
    }
    terminal_.show({});
    return code_;
  }

 private:
  // What it says beside its results is of interest only if there are none.
  static std::string log_of(const StandardTest& test) { return test.folder + "/said.txt"; }

  void start(std::size_t at) {
    const StandardTest& test = tests_[at];
    if (const auto trouble = prepare(ResultsFolder{test.folder})) return fail(at, *trouble);
    const int log = ::open(log_of(test).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    std::vector<std::string> words{"conform", test.broker, "-o", test.folder};
    if (test.broker != "ours") words.emplace_back("--virtual");
    pid_t process = -1;
    const int error = spawn_program(program_, words, nowhere_, nowhere_, process, log);
    ::close(log);
    if (error != 0) return fail(at, program_ + " cannot be started: " + std::strerror(error));
    running_.emplace(process, at);
  }

  void fail(std::size_t at, const std::string& why) {
    terminal_.show({});
    fmt::print(stderr, "mqttlab: {} was not tested for the standard: {}\n", tests_[at].name, why);
    code_ = graver(code_, exit_code::fault);
  }

  // Whether one has ended.
  bool look() {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    const auto of = ended > 0 ? running_.find(ended) : running_.end();
    if (of == running_.end()) return false;
    const std::size_t at = of->second;
    running_.erase(of);
    StandardTest& test = tests_[at];
    auto read = report::conform_from_json(
        read_text_file(ResultsFolder{test.folder}.results()).value_or(""));
    if (auto* results = std::get_if<report::ConformResults>(&read)) {
      test.results = std::move(*results);
      done_.push_back(test.name);
    } else if (interrupt_seen() == 0) {
      fail(at, "\n" + read_text_file(log_of(test)).value_or(""));
    }
    ::unlink(log_of(test).c_str());
    return true;
  }

  void pass_on() {
    if (interrupt_seen() == 0 || std::exchange(has_passed_on_, true)) return;
    // Of a terminal they have heard it already, and the same a second time would end them at once.
    const int other = interrupt_seen() == SIGINT ? SIGTERM : SIGINT;
    for (const auto& [process, at] : running_) ::kill(process, other);
  }

  void show() const {
    if (!terminal_.live()) return;
    std::vector<std::string> now;
    for (const auto& [process, at] : running_) now.push_back(tests_[at].name);
    std::string line = fmt::format("the standard  {} of {} brokers", done_.size(), tests_.size());
    if (!now.empty()) line += ", now " + listed(now);
    line += "  " + report::long_duration(Clock::now() - began_);
    terminal_.show(line);
  }

  std::vector<StandardTest>& tests_;
  const Terminal& terminal_;
  const std::string program_;
  const int nowhere_;
  const Clock::time_point began_ = Clock::now();
  std::size_t next_ = 0;
  std::map<pid_t, std::size_t> running_;
  std::vector<std::string> done_;
  bool has_passed_on_ = false;
  int code_ = exit_code::held;
};

}  // namespace

int test_for_the_standard(std::vector<StandardTest>& tests, std::uint32_t jobs,
                          const Terminal& terminal) {
  return Tests(tests, terminal).run(jobs);
}

}  // namespace mq::cli
