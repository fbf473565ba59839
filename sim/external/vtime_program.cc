#include "sim/external/vtime_program.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/ensure.h"
#include "installation/installation.h"
#include "shim/protocol.h"
#include "sim/external/quiescence.h"

extern char** environ;

namespace mq::sim {
namespace {

using Wall = std::chrono::steady_clock;

// How often a simulator that waits for its turn looks whether the program still lives.
constexpr std::chrono::milliseconds look_every{1};
constexpr std::chrono::nanoseconds clock_begins = vtime_uptime;
constexpr int max_open_files = 65536;

std::uint64_t load(const std::uint64_t& value) { return __atomic_load_n(&value, __ATOMIC_ACQUIRE); }
std::uint32_t load(const std::uint32_t& value) { return __atomic_load_n(&value, __ATOMIC_ACQUIRE); }

template <class T>
void store(T& where, T value) {
  __atomic_store_n(&where, value, __ATOMIC_RELEASE);
}

void wake(std::uint32_t& word, int how_many) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, how_many, nullptr, nullptr, 0);
}

void wait_while(std::uint32_t& word, std::uint32_t value, std::chrono::milliseconds time) {
  timespec length{time.count() / 1000, time.count() % 1000 * 1'000'000};
  ::syscall(SYS_futex, &word, FUTEX_WAIT, value, &length, nullptr, 0);
}

std::uint64_t reading_at(Instant now) {
  return static_cast<std::uint64_t>((now.time_since_epoch() + clock_begins).count());
}

std::string first_line_of(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  char text[256] = "";
  if (file == nullptr) return {};
  if (std::fgets(text, sizeof text, file) == nullptr) text[0] = '\0';
  std::fclose(file);
  const std::string line(text);
  return line.substr(0, line.find('\n'));
}

std::chrono::nanoseconds cpu_of(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> variables_of(const VtimeStart& start, const std::string& page) {
  std::vector<std::string> all = start.environment;
  all.push_back("LD_PRELOAD=" + program_beside("libmqttlab-vtime.so"));
  all.push_back(MQV_ENVIRONMENT "=" + page);
  const std::size_t own = all.size();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view key = text.substr(0, text.find('=') + 1);
    const bool is_replaced =
        std::any_of(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(own),
                    [&](const std::string& each) { return each.starts_with(key); });
    if (!is_replaced) all.emplace_back(text);
  }
  return all;
}

}  // namespace

std::string_view name(VtimeMode mode) {
  return mode == VtimeMode::token     ? "vtime-token"
         : mode == VtimeMode::threads ? "vtime-threads"
                                      : "vtime";
}

struct VtimeProgram::Shared {
  int file = -1;
  int listener = -1;  // of the world, for the program's connections
  mqv_page* page = nullptr;
  Quiescence quiescence;

  Shared() {
    file = ::memfd_create("mqttlab-vtime", MFD_CLOEXEC);
    ensure(file >= 0 && ::ftruncate(file, sizeof(mqv_page)) == 0, "memory for the page");
    void* const mapped =
        ::mmap(nullptr, sizeof(mqv_page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ensure(mapped != MAP_FAILED, "the page can be mapped");
    page = static_cast<mqv_page*>(mapped);
    page->magic = MQV_MAGIC;
    page->version = MQV_VERSION;
    page->size = sizeof(mqv_page);
    page->simulator = static_cast<std::uint32_t>(::getpid());
    page->deadline = MQV_NEVER;
    page->realtime_offset_ns =
        vtime_begins_unix_seconds * 1'000'000'000 - std::int64_t{clock_begins.count()};
    static std::atomic<unsigned> counter{0};
    std::snprintf(page->run, sizeof page->run, "%d.%u", static_cast<int>(::getpid()), ++counter);
  }
  ~Shared() {
    if (listener >= 0) ::close(listener);
    ::munmap(page, sizeof(mqv_page));
    ::close(file);
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  std::vector<pid_t> processes() const {
    std::vector<pid_t> all;
    for (const std::uint32_t& pid : page->processes)
      if (load(pid) != 0) all.push_back(static_cast<pid_t>(load(pid)));
    return all;
  }

  // By the name under which the shim looks for a listener of the program itself.
  void listen(std::uint16_t port) {
    listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const int length = std::snprintf(address.sun_path + 1, sizeof address.sun_path - 1,
                                     "mqttlab/%s/4/%u", page->run, static_cast<unsigned>(port));
    const auto size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + static_cast<unsigned>(length));
    constexpr int backlog = 128;
    ensure(listener >= 0 &&
               ::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
               ::listen(listener, backlog) == 0,
           "a name of its own for each program");
  }

  // The list is looked at once more: whoever was known slept from the first look on and started
  // nobody, but may have done so between the list and that look.
  bool rests() {
    const std::vector<pid_t> known = processes();
    return load(page->births) == 0 && quiescence.is_reached(known) && load(page->births) == 0 &&
           processes() == known;
  }

  // What a process that is gone has left behind.
  void sweep() {
    for (std::uint32_t& entry : page->processes) {
      const std::uint32_t pid = load(entry);
      if (pid == 0 || !Quiescence::is_gone(static_cast<pid_t>(pid))) continue;
      for (mqv_slot& slot : page->slots) {
        if (load(slot.pid) != pid) continue;
        store(slot.deadline, std::uint64_t{MQV_NEVER});
        store(slot.pid, std::uint32_t{0});
      }
      store(entry, std::uint32_t{0});
    }
  }
};

VtimeProgram::VtimeProgram(VtimeStart start) : start_(std::move(start)), mode_(start_.mode) {
  if (mode_ == VtimeMode::automatic) mode_ = VtimeMode::token;
}

VtimeProgram::~VtimeProgram() { kill(); }

std::string VtimeProgram::who() const { return start_.title; }

// Before everything else on the machine, and before a simulator that waits for it: a program is
// then never held up by what else goes on. Only where that is allowed.
constexpr int program_priority = 10;
constexpr int waiting_priority = 5;

static bool wants_precedence(VtimeMode mode) {
  const char* wish = std::getenv("MQTTLAB_PRIORITY");
  return mode == VtimeMode::threads && (wish == nullptr || std::string_view(wish) != "normal");
}

// Whoever looks whether it hangs could not, if it held all processors: the kernel ends it then.
static void take_precedence(std::chrono::milliseconds patience) {
  const sched_param wish{.sched_priority = program_priority};
  if (::sched_setscheduler(0, SCHED_RR, &wish) != 0) return;
  constexpr rlim_t us_per_ms = 1000, last_warning = 2'000'000;
  const auto spell = static_cast<rlim_t>(patience.count()) * us_per_ms;
  const rlimit without_rest{spell, spell + last_warning};
  ::setrlimit(RLIMIT_RTTIME, &without_rest);
}

// Between fork() and exec() only calls of the system are allowed.
[[noreturn]] static void become(const VtimeStart& start, mqv_page& page, char* const* words,
                                char* const* variables, pid_t parent, bool goes_first) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(MQV_EXIT_STATUS);
  ::setsid();
  ::personality(ADDR_NO_RANDOMIZE);
  const int input = ::open("/dev/null", O_RDONLY);
  const int output = ::open(start.output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(input, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  if (!start.folder.empty() && ::chdir(start.folder.c_str()) != 0) ::_exit(MQV_EXIT_STATUS);
  rlimit files{max_open_files, max_open_files};
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (goes_first) take_precedence(start.patience);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < 32; ++number) ::signal(number, SIG_DFL);
  store(page.owner, static_cast<std::uint32_t>(::getpid()));
  ::execve(words[0], words, variables);
  ::_exit(127);
}

// Handing over between two processors costs more than all the rest.
static void stay_on_this_processor() {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<std::size_t>(std::max(::sched_getcpu(), 0)), &here);
  ::sched_setaffinity(0, sizeof here, &here);
}

bool VtimeProgram::spawn(Instant now) {
  ensure(!is_running(), "a program is started once at a time");
  shared_ = std::make_unique<Shared>();
  status_.reset();
  trouble_.clear();
  mqv_page& page = *shared_->page;
  page.mode = mode_ == VtimeMode::token ? mqv_token : mqv_threads;
  page.seed = start_.seed;
  if (start_.world_port != 0) shared_->listen(start_.world_port);
  page.turn = mqv_program_runs;
  store(page.monotonic_ns, reading_at(now));
  std::vector<std::string> words = start_.command;
  std::vector<std::string> variables = variables_of(
      start_, "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(shared_->file));
  const std::vector<char*> argv = pointers(words), envp = pointers(variables);
  if (mode_ == VtimeMode::token) stay_on_this_processor();
  const pid_t parent = ::getpid();
  goes_first_ = wants_precedence(mode_);
  pid_ = ::fork();
  if (pid_ == 0) become(start_, page, argv.data(), envp.data(), parent, goes_first_);
  if (pid_ < 0) {
    trouble_ = who() + " cannot be started: " + std::strerror(errno);
    return false;
  }
  page.processes[0] = static_cast<std::uint32_t>(pid_);
  return true;
}

void VtimeProgram::set_clock(Instant now) {
  mqv_page& page = *shared_->page;
  const std::uint64_t reading = reading_at(now);
  ensure(reading >= page.monotonic_ns, "a clock does not go back");
  store(page.monotonic_ns, reading);
}

void VtimeProgram::hold() {
  if (is_running() && mode_ == VtimeMode::threads)
    store(shared_->page->gate, std::uint32_t{mqv_gate_closed});
}

bool VtimeProgram::is_running() const { return pid_ > 0 && !status_; }

bool VtimeProgram::has_ended() {
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  if (status_ && goes_first_ && WIFSIGNALED(*status_) && WTERMSIG(*status_) == SIGXCPU)
    say_hang("it computes");
  return status_.has_value();
}

bool VtimeProgram::run() {
  if (!is_running()) return false;
  return mode_ == VtimeMode::token ? run_in_turns() : run_threads();
}

bool VtimeProgram::run_in_turns() {
  mqv_page& page = *shared_->page;
  store(page.turn, std::uint32_t{mqv_program_runs});
  wake(page.turn, 1);
  std::optional<Wall::time_point> gives_up;
  while (load(page.turn) != mqv_simulator_runs) {
    wait_while(page.turn, mqv_program_runs, look_every);
    if (load(page.turn) == mqv_simulator_runs) break;
    if (has_ended()) return false;
    if (!gives_up) gives_up = Wall::now() + start_.patience;
    if (Wall::now() < *gives_up) continue;
    hang();
    return false;
  }
  return !refused();
}

// While the simulator waits for the program.
class Patience {
 public:
  explicit Patience(bool goes_first) {
    const sched_param wish{.sched_priority = waiting_priority};
    is_first_ = goes_first && ::sched_setscheduler(0, SCHED_RR, &wish) == 0;
  }
  ~Patience() {
    const sched_param usual{.sched_priority = 0};
    if (is_first_) ::sched_setscheduler(0, SCHED_OTHER, &usual);
  }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

 private:
  bool is_first_ = false;
};

// False if it has ended, or will not.
bool VtimeProgram::come_to_rest(std::chrono::steady_clock::time_point gives_up) {
  while (!shared_->rests()) {
    if (refused()) return false;
    if (has_ended()) return false;
    if (Wall::now() >= gives_up) {
      hang();
      return false;
    }
    ::sched_yield();
  }
  return !refused() && !has_ended();
}

// What is due comes before what it was given, so that it makes no difference which of its threads
// is faster.
bool VtimeProgram::run_threads() {
  const Patience patience(goes_first_);
  mqv_page& page = *shared_->page;
  const auto gives_up = Wall::now() + start_.patience;
  for (;;) {
    const bool is_held = load(page.gate) != mqv_gate_open;
    const bool is_due = due() <= load(page.monotonic_ns);
    if (is_due) {
      __atomic_add_fetch(&page.tick, 1, __ATOMIC_ACQ_REL);
      wake(page.tick, INT_MAX);
      if (is_held && !come_to_rest(gives_up)) return false;
    }
    if (is_held) {
      store(page.gate, std::uint32_t{mqv_gate_open});
      wake(page.gate, INT_MAX);
    }
    if (!come_to_rest(gives_up)) return false;
    if (due() > load(page.monotonic_ns)) return true;
    shared_->sweep();  // perhaps whoever is due is gone
  }
}

std::uint64_t VtimeProgram::due() const {
  const mqv_page& page = *shared_->page;
  if (mode_ == VtimeMode::token) return load(page.deadline);
  std::uint64_t first = MQV_NEVER;
  const std::uint32_t used = std::min<std::uint32_t>(load(page.slots_used), mqv_slots_max);
  for (std::uint32_t i = 0; i < used; ++i)
    if (load(page.slots[i].pid) != 0) first = std::min(first, load(page.slots[i].deadline));
  return first;
}

std::optional<Instant> VtimeProgram::deadline() const {
  if (!is_running()) return std::nullopt;
  const std::uint64_t first = due();
  constexpr auto last = static_cast<std::uint64_t>(Duration::max().count());
  if (first >= last) return std::nullopt;
  return Instant(Duration(static_cast<Duration::rep>(first)) - clock_begins);
}

bool VtimeProgram::refused() {
  const std::uint32_t fault = load(shared_->page->fault);
  if (fault == mqv_no_fault) return false;
  trouble_ = fault == mqv_fault_threads
                 ? who() + " starts threads: the mode `token` is for programs of one thread"
                 : who() + " has more threads, processes or listeners than the shim has room for";
  kill();
  return true;
}

// What it does instead of coming to rest, as far as the system tells.
void VtimeProgram::hang() {
  const std::string proc = "/proc/" + std::to_string(pid_);
  const std::string call = first_line_of(proc + "/syscall");
  std::string doing =
      call == "running" || call.empty()
          ? "it computes"
          : "its first thread waits in the system call number " + call.substr(0, call.find(' '));
  if (load(shared_->page->births) != 0) doing += ", and a process that it starts does not come up";
  say_hang(doing);
  kill();
}

void VtimeProgram::say_hang(const std::string& doing) {
  trouble_ = who() + " did not come to rest within " +
             std::to_string(start_.patience.count() / 1000) + " s of real time: " + doing +
             "; what waits in real time cannot be served in virtual time";
}

bool VtimeProgram::listens(std::uint16_t port) const {
  for (const mqv_listener& listener : shared_->page->listeners)
    if (load(listener.family) != 0 && load(listener.port) == port) return true;
  return false;
}

std::string VtimeProgram::listener_name(std::uint16_t port) const {
  std::uint32_t family = 4;
  for (const mqv_listener& listener : shared_->page->listeners)
    if (load(listener.port) == port && load(listener.family) != 0) {
      family = load(listener.family);
      break;
    }
  return std::string("mqttlab/") + shared_->page->run + "/" + std::to_string(family) + "/" +
         std::to_string(port);
}

std::string VtimeProgram::link_name(std::uint32_t link, const std::string& address) const {
  return std::string("mqttlab/") + shared_->page->run + "/c/" + std::to_string(link) + "/" +
         address;
}

int VtimeProgram::world_listener() const { return shared_ == nullptr ? -1 : shared_->listener; }

// "mqttlab/RUN/c/N/127.0.0.1:32768"
std::uint32_t VtimeProgram::link_of(int accepted) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getpeername(accepted, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  constexpr socklen_t head = offsetof(sockaddr_un, sun_path) + 1;
  const std::string name(address.sun_path + 1, size > head ? size - head : 0);
  const std::size_t at = name.find("/c/");
  return at == std::string::npos
             ? 0
             : static_cast<std::uint32_t>(std::strtoul(name.c_str() + at + 3, nullptr, 10));
}

void VtimeProgram::say_reset(std::uint32_t link) {
  __atomic_or_fetch(&shared_->page->link_flags[link % mqv_links_max], mqv_link_reset,
                    __ATOMIC_RELEASE);
}

bool VtimeProgram::was_aborted(std::uint32_t link) const {
  return (__atomic_load_n(&shared_->page->link_flags[link % mqv_links_max], __ATOMIC_ACQUIRE) &
          mqv_link_aborted) != 0;
}

void VtimeProgram::forget_link(std::uint32_t link) {
  store(shared_->page->link_flags[link % mqv_links_max], std::uint8_t{0});
}

void VtimeProgram::signal(int number) {
  if (is_running()) ::kill(pid_, number);
}

void VtimeProgram::kill() {
  if (pid_ <= 0 || shared_ == nullptr) return;
  keep_counts();
  if (!status_) ::kill(pid_, SIGKILL);
  ::kill(-pid_, SIGKILL);  // its session
  for (const pid_t process : shared_->processes())
    if (process != pid_ && !Quiescence::is_gone(process)) ::kill(process, SIGKILL);
  int status = 0;
  if (!status_ && ::waitpid(pid_, &status, 0) == pid_) status_ = status;
  pid_ = -1;
}

std::optional<std::string> VtimeProgram::how_it_ended() const {
  if (!status_) return std::nullopt;
  if (WIFSIGNALED(*status_)) return "by signal " + std::to_string(WTERMSIG(*status_));
  return "with status " + std::to_string(WEXITSTATUS(*status_));
}

std::chrono::nanoseconds VtimeProgram::cpu() const {
  std::chrono::nanoseconds sum = cpu_;
  if (pid_ > 0 && shared_ != nullptr)
    for (const pid_t process : shared_->processes()) sum += cpu_of(process);
  return sum;
}

// Before the page is left to the next life.
void VtimeProgram::keep_counts() {
  const mqv_page& page = *shared_->page;
  const std::uint32_t used = std::min<std::uint32_t>(load(page.calls_used), mqv_calls_max);
  for (std::uint32_t i = 0; i < used; ++i) {
    const std::string call(page.calls[i].name,
                           ::strnlen(page.calls[i].name, sizeof page.calls[i].name));
    const auto known = std::find_if(counts_.begin(), counts_.end(),
                                    [&](const auto& each) { return each.first == call; });
    if (known == counts_.end())
      counts_.emplace_back(call, load(page.calls[i].count));
    else
      known->second += load(page.calls[i].count);
  }
  cpu_ = cpu();
}

std::vector<std::string> VtimeProgram::unfaithful() const {
  auto all = counts_;
  if (pid_ > 0 && shared_ != nullptr) {
    const mqv_page& page = *shared_->page;
    const std::uint32_t used = std::min<std::uint32_t>(load(page.calls_used), mqv_calls_max);
    for (std::uint32_t i = 0; i < used; ++i)
      all.emplace_back(page.calls[i].name, load(page.calls[i].count));
  }
  std::vector<std::string> texts;
  for (const auto& [call, count] : all) texts.push_back(call + " x" + std::to_string(count));
  return texts;
}

}  // namespace mq::sim
