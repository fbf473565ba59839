// mqttlab watch FILE: runs a scenario again whenever it is saved.
#include <poll.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/programs.h"
#include "cli/scenario_file.h"
#include "cli/verbs.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

struct WatchFlags {
  std::vector<std::string> files;
  std::string seed;
  std::string world;
  std::string broker;
  std::string output;
};

// The folders of some files: an editor that saves puts a new file in the place of the old one.
class Saves {
 public:
  explicit Saves(const std::vector<std::string>& files)
      : inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    for (const std::string& file : files) {
      const fs::path path = fs::absolute(file);
      const int watch =
          inotify_add_watch(inotify_, path.parent_path().c_str(), IN_CLOSE_WRITE | IN_MOVED_TO);
      if (watch < 0) trouble_ = path.parent_path().string() + ": " + std::strerror(errno);
      names_.emplace_back(watch, path.filename().string());
    }
  }
  ~Saves() { close(inotify_); }
  Saves(const Saves&) = delete;
  Saves& operator=(const Saves&) = delete;

  const std::string& trouble() const { return trouble_; }

  // Waits that long at most; true if one of the files was saved meanwhile.
  bool wait(std::chrono::milliseconds patience) {
    pollfd ready{inotify_, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return false;
    bool is_saved = false;
    alignas(inotify_event) std::array<char, 4096> bytes;
    for (ssize_t n = 0; (n = read(inotify_, bytes.data(), bytes.size())) > 0;) {
      for (ssize_t at = 0; at < n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(bytes.data() + at);
        const std::pair<int, std::string> what{event->wd, event->len > 0 ? event->name : ""};
        is_saved |= std::find(names_.begin(), names_.end(), what) != names_.end();
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
    return is_saved;
  }

 private:
  int inotify_;
  std::string trouble_;
  std::vector<std::pair<int, std::string>> names_;  // of a watch, in its folder
};

std::vector<std::string> run_arguments(const WatchFlags& flags) {
  std::vector<std::string> words{"run"};
  words.insert(words.end(), flags.files.begin(), flags.files.end());
  const std::pair<const char*, const std::string&> options[] = {{"--seed", flags.seed},
                                                                {"--world", flags.world},
                                                                {"--broker", flags.broker},
                                                                {"--output", flags.output}};
  for (const auto& [name, value] : options)
    if (!value.empty()) words.insert(words.end(), {name, value});
  return words;
}

// One run, to its end; a save or a signal ends it early.
void play(const std::vector<std::string>& words, Saves& saves, bool& is_saved) {
  constexpr std::chrono::milliseconds look_every(50);
  pid_t process = -1;
  const int failed =
      spawn_program(program_beside("mqttlab"), words, STDIN_FILENO, STDOUT_FILENO, process);
  if (failed != 0) {
    std::fprintf(stderr, "mqttlab watch: %s\n", std::strerror(failed));
    return;
  }
  int status = 0;
  while (waitpid(process, &status, WNOHANG) == 0) {
    is_saved |= saves.wait(look_every);
    if (is_saved || interrupt_seen() != 0) {
      kill(process, SIGTERM);
      waitpid(process, &status, 0);
      return;
    }
  }
}

int watch(const WatchFlags& flags) {
  std::vector<std::string> files;
  for (const std::string& given : flags.files) {
    const auto found = scenario_file(given);
    if (const auto* none = std::get_if<NoScenario>(&found)) {
      std::fprintf(stderr, "mqttlab watch: %s\n", none->why.c_str());
      return exit_code::usage;
    }
    files.push_back(std::get<std::string>(found));
  }
  std::error_code ignored;
  if (fs::is_regular_file(flags.broker, ignored)) files.push_back(flags.broker);
  Saves saves(files);
  if (!saves.trouble().empty()) {
    std::fprintf(stderr, "mqttlab watch: %s\n", saves.trouble().c_str());
    return exit_code::fault;
  }
  take_signals();
  const bool clears = isatty(STDOUT_FILENO) != 0;
  const std::vector<std::string> words = run_arguments(flags);
  constexpr std::chrono::milliseconds settles(100), patience(500);
  while (interrupt_seen() == 0) {
    bool is_saved = false;
    if (clears) std::fputs("\x1b[2J\x1b[H", stdout);
    std::fflush(stdout);
    play(words, saves, is_saved);
    if (interrupt_seen() != 0) break;
    if (!is_saved) std::printf("\nwatching %s; Ctrl-C ends it\n", flags.files.front().c_str());
    std::fflush(stdout);
    while (!is_saved && interrupt_seen() == 0) is_saved = saves.wait(patience);
    // An editor may write more than once.
    while (saves.wait(settles)) {
    }
  }
  return interrupt_exit_code();
}

}  // namespace

void add_watch(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<WatchFlags>();
  Command verb(app, "watch", "run scenarios again whenever one of them is saved");
  verb.option("FILE", flags->files, "scenario files (YAML)").required();
  verb.option("--seed", flags->seed, "as of `run`").shown_as("N");
  verb.option("--world", flags->world, "as of `run`").one_of({"ns3", "memory"});
  verb.option("--broker", flags->broker, "as of `run`; an adapter file is watched as well");
  verb.option("-o,--output", flags->output, "results folder; default: results/NAME");
  verb.runs([flags, &exit_code] { exit_code = watch(*flags); });
}

}  // namespace mq::cli
