#include "sim/external/quiescence.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

namespace mq::sim {
namespace {

using Text = std::array<char, 1024>;

bool read_text(int file, Text& text) {
  const ssize_t count = ::pread(file, text.data(), text.size() - 1, 0);
  if (count <= 0) return false;
  text[static_cast<std::size_t>(count)] = '\0';
  return true;
}

// The name in parentheses may hold anything; the state follows it.
char state_in(const Text& stat) {
  const char* end = std::strrchr(stat.data(), ')');
  return end == nullptr || end[1] == '\0' ? '?' : end[2];
}

bool is_dead(char state) { return state == 'Z' || state == 'X'; }

// How often it was put onto a processor: the third number.
std::uint64_t runs_in(const Text& schedstat) {
  unsigned long long cpu = 0, waited = 0, runs = 0;
  std::sscanf(schedstat.data(), "%llu %llu %llu", &cpu, &waited, &runs);
  return runs;
}

}  // namespace

Quiescence::~Quiescence() {
  for (auto& [pid, process] : processes_) close(process);
}

void Quiescence::close(Process& process) {
  for (auto& [tid, thread] : process.threads) {
    ::close(thread.stat);
    ::close(thread.schedstat);
    ::close(thread.wchan);
  }
  process.threads.clear();
  if (process.tasks >= 0) ::close(process.tasks);
  process.tasks = -1;
}

bool Quiescence::is_gone(pid_t pid) {
  Text text;
  const int file = ::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  const bool readable = read_text(file, text);
  ::close(file);
  return !readable || is_dead(state_in(text));
}

// The threads of now; those that are known keep their files.
bool Quiescence::find_threads(pid_t pid, Process& process) {
  const std::string path = "/proc/" + std::to_string(pid) + "/task";
  DIR* const folder = ::opendir(path.c_str());
  if (folder == nullptr) return false;
  std::map<pid_t, Thread> found;
  while (const dirent* entry = ::readdir(folder)) {
    const pid_t tid = std::atoi(entry->d_name);
    if (tid <= 0) continue;
    if (auto known = process.threads.find(tid); known != process.threads.end()) {
      found.insert(process.threads.extract(known));
      continue;
    }
    const std::string thread = path + "/" + entry->d_name;
    Thread fresh{.stat = ::open((thread + "/stat").c_str(), O_RDONLY | O_CLOEXEC),
                 .schedstat = ::open((thread + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC),
                 .wchan = ::open((thread + "/wchan").c_str(), O_RDONLY | O_CLOEXEC),
                 .runs = 0};
    found.emplace(tid, fresh);
  }
  ::closedir(folder);
  close(process);
  process.threads = std::move(found);
  return true;
}

// Of a process that we may not look into, and by a kernel without names, nothing is told.
bool Quiescence::has_left_its_processor(pid_t pid, const Thread& thread) {
  Text text;
  if (!read_text(thread.wchan, text)) return true;  // ended meanwhile
  if (text[0] != '0') return kernel_tells_where_ = true;
  const std::string program = "/proc/" + std::to_string(pid) + "/exe";
  return !kernel_tells_where_ || ::readlink(program.c_str(), text.data(), text.size()) < 0;
}

bool Quiescence::look_at(pid_t pid, Process& process, bool is_second) {
  const std::size_t before = process.threads.size();
  if (!find_threads(pid, process)) return true;  // it is gone
  if (is_second && process.threads.size() != before) return false;
  Text text;
  for (auto& [tid, thread] : process.threads) {
    if (!read_text(thread.stat, text)) continue;  // ended meanwhile
    const char state = state_in(text);
    if (is_dead(state)) continue;
    if (state != 'S' && state != 'T') return false;
    if (!is_second && state == 'S' && !has_left_its_processor(pid, thread)) return false;
    if (!read_text(thread.schedstat, text)) continue;
    const std::uint64_t runs = runs_in(text);
    if (is_second && runs != thread.runs) return false;
    thread.runs = runs;
  }
  return true;
}

bool Quiescence::look(std::span<const pid_t> processes, bool is_second) {
  for (const pid_t pid : processes)
    if (!look_at(pid, processes_[pid], is_second)) return false;
  return true;
}

bool Quiescence::is_reached(std::span<const pid_t> processes) {
  for (auto known = processes_.begin(); known != processes_.end();) {
    const bool stays =
        std::find(processes.begin(), processes.end(), known->first) != processes.end();
    if (!stays) close(known->second);
    known = stays ? std::next(known) : processes_.erase(known);
  }
  return look(processes, false) && look(processes, true);
}

}  // namespace mq::sim
