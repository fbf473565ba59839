#include "peers/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <system_error>
#include <thread>

namespace mq::peers {
namespace {

using Clock = std::chrono::steady_clock;

struct Relation {
  pid_t parent = 0;
  pid_t session = 0;
  bool is_dead = false;  // and not waited for yet
};

// Nothing if there is no such process any more.
std::optional<Relation> relation_of(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return std::nullopt;
  char text[1024];
  text[std::fread(text, 1, sizeof text - 1, file)] = '\0';
  std::fclose(file);
  // The name in parentheses may hold anything; what follows is numbers.
  const std::string_view all(text);
  const std::size_t end = all.rfind(')');
  Relation found;
  char state = 0;
  int parent = 0, group = 0, session = 0, threads = 0;
  if (end == std::string_view::npos ||
      std::sscanf(text + end + 1,
                  " %c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d", &state,
                  &parent, &group, &session, &threads) != 5)
    return std::nullopt;
  // While its other threads end, the first one is dead already and the sockets are still open.
  return Relation{parent, session, (state == 'Z' || state == 'X') && threads <= 1};
}

std::map<pid_t, Relation> all_processes() {
  std::map<pid_t, Relation> all;
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return all;
  while (const dirent* entry = ::readdir(folder)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    if (const auto found = relation_of(pid)) all.emplace(pid, *found);
  }
  ::closedir(folder);
  return all;
}

// In nanoseconds, and with the threads that have ended; /proc counts in hundredths of a second.
std::chrono::nanoseconds cpu_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::uint64_t resident_bytes_of(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/statm";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  unsigned long long size = 0, resident = 0;
  if (std::fscanf(file, "%llu %llu", &size, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> result;
  for (const std::string& word : words) result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment(const std::vector<std::string>& own) {
  std::vector<std::string> all = own;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool is_replaced = std::any_of(own.begin(), own.end(),
                                         [&](const auto& each) { return each.starts_with(name); });
    if (!is_replaced) all.emplace_back(text);
  }
  return all;
}

// posix_spawn's two bags of settings, in the order that it carries them out.
class Settings {
 public:
  explicit Settings(const Process::Start& start) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    if (!start.folder.empty())
      ::posix_spawn_file_actions_addchdir_np(&actions_, start.folder.c_str());
    if (start.input_from)
      ::posix_spawn_file_actions_adddup2(&actions_, *start.input_from, STDIN_FILENO);
    else
      ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    const char* output = start.output.empty() ? "/dev/null" : start.output.c_str();
    if (start.output_to)
      ::posix_spawn_file_actions_adddup2(&actions_, *start.output_to, STDOUT_FILENO);
    else
      ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, output,
                                         O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Settings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;

  int spawn(pid_t& pid, const Process::Start& start) const {
    const std::vector<std::string> variables = environment(start.environment);
    // Whoever is killed himself cannot kill what he has started: the kernel does it then. The
    // program that asks for this becomes the one that is wanted, with the same number.
    std::vector<std::string> words{"setpriv", "--pdeathsig", "KILL", "--"};
    words.insert(words.end(), start.command.begin(), start.command.end());
    const int error = spawn(pid, words, variables);
    return error == ENOENT ? spawn(pid, start.command, variables) : error;
  }

 private:
  int spawn(pid_t& pid, const std::vector<std::string>& words,
            const std::vector<std::string>& variables) const {
    return ::posix_spawnp(&pid, words.front().c_str(), &actions_, &attributes_,
                          pointers(words).data(), pointers(variables).data());
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

}  // namespace

Process::Process(const Start& start) {
  if (const int error = Settings(start).spawn(pid_, start); error != 0)
    throw std::system_error(error, std::generic_category(), start.command.front());
}

Process::~Process() { kill_all(); }

std::optional<int> Process::ended() {
  if (status_) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_)
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

std::optional<int> Process::wait(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (!ended() && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return status_;
}

void Process::signal(int number) {
  if (!ended()) ::kill(pid_, number);
}

// Whoever is of its session, or comes from it and has made a session of its own.
std::vector<pid_t> Process::family() const {
  const std::map<pid_t, Relation> all = all_processes();
  const auto belongs = [&](pid_t pid) {
    for (int steps = 0; steps < 64; ++steps) {
      const auto found = all.find(pid);
      if (found == all.end()) return false;
      if (found->second.session == pid_ || (pid == pid_ && !status_)) return true;
      pid = found->second.parent;
    }
    return false;
  };
  std::vector<pid_t> members;
  for (const auto& [pid, relation] : all)
    if (!relation.is_dead && belongs(pid)) members.push_back(pid);
  return members;
}

void Process::kill_all() {
  // Again until nobody is left: one of them may have started another meanwhile.
  for (int rounds = 0; rounds < 1000; ++rounds) {
    // A session without its first process keeps its number, which nobody else can get.
    const std::vector<pid_t> members = family();
    if (members.empty()) break;
    for (const pid_t pid : members) ::kill(pid, SIGKILL);
    ended();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  wait(std::chrono::seconds(5));
}

Usage Process::usage() const {
  Usage sum;
  for (const pid_t pid : family()) {
    sum.cpu += cpu_of(pid);
    sum.resident_bytes += resident_bytes_of(pid);
    ++sum.processes;
  }
  return sum;
}

}  // namespace mq::peers
