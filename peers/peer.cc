#include "peers/peer.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include "base/ensure.h"
#include "base/nearest_word.h"
#include "peers/placeholders.h"
#include "peers/probe.h"

namespace mq::peers {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Kind = PeerError::Kind;

constexpr std::chrono::milliseconds poll_every{10};
constexpr std::chrono::milliseconds answer_within{1000};
constexpr std::chrono::milliseconds command_within{60000};

bool is_executable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string last_lines(const std::string& text, int lines) {
  std::size_t begin = text.size();
  for (int line = 0; line <= lines && begin != std::string::npos && begin > 0; ++line)
    begin = text.rfind('\n', begin - 1);
  return text.substr(begin == std::string::npos ? 0 : begin);
}

std::string fresh_folder(const std::string& parent, const std::string& name) {
  const char* place = std::getenv("TMPDIR");
  std::string path = (!parent.empty()    ? parent
                      : place != nullptr ? place
                                         : "/tmp") +
                     "/mqttlab-" + name + "-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    throw std::system_error(errno, std::generic_category(), path);
  return fs::absolute(path).string();
}

// Conditions never hold, and there is nothing but the program.
Placeholders program_only(const std::string& program) {
  return {.value = [program](std::string_view name) -> std::optional<std::string> {
            return name == "program" ? program : std::string();
          },
          .is_wanted = [](std::string_view) { return false; }};
}

std::vector<std::string> environment_of(const Adapter& adapter, const Placeholders& placeholders) {
  std::vector<std::string> all;
  for (const Adapter::Variable& variable : adapter.environment)
    for (const std::string& value : filled(Command{variable.value}, placeholders))
      all.push_back(variable.name + "=" + value);
  return all;
}

// What a short command prints, and how it ended.
std::pair<std::string, std::optional<int>> run(const Command& command,
                                               std::vector<std::string> environment) {
  const std::string folder = fresh_folder({}, "command");
  const std::string output = folder + "/output";
  std::optional<int> status;
  try {
    Process process({.command = command, .environment = std::move(environment), .output = output});
    status = process.wait(command_within);
  } catch (const std::system_error&) {
    status = 127;
  }
  std::pair<std::string, std::optional<int>> result{read_file(output), status};
  fs::remove_all(folder);
  return result;
}

void require(const std::vector<std::string>& wanted, const std::vector<std::string>& offered,
             const Adapter& adapter, const char* what) {
  for (const std::string& word : wanted) {
    if (std::find(offered.begin(), offered.end(), word) != offered.end()) continue;
    std::string all;
    for (const std::string& each : offered) all += (all.empty() ? "" : ", ") + each;
    throw PeerError(Kind::not_offered, adapter.source + ": " + adapter.name + " has no " + what +
                                           " `" + word + "`" + did_you_mean(word, offered) +
                                           "; it has: " + (all.empty() ? "none" : all));
  }
}

}  // namespace

std::string program_on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return is_executable(program) ? program : "";
  const char* path = std::getenv("PATH");
  // Brokers are programs for root: their folder is not in everybody's PATH.
  std::istringstream folders(std::string(path != nullptr ? path : "") + ":/usr/sbin:/usr/bin");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string file = folder + "/" + program; is_executable(file)) return file;
  return {};
}

std::string installed_program(const Adapter& adapter, const std::string& instead) {
  const std::vector<std::string> candidates =
      instead.empty() ? adapter.programs : std::vector<std::string>{instead};
  std::string found;
  for (const std::string& program : candidates)
    if (found.empty()) found = program_on_path(program);
  if (found.empty())
    throw PeerError(Kind::absent, adapter.title + " is not installed (no program `" +
                                      candidates.front() + "`); to install it: " + adapter.install);
  if (!adapter.present.empty()) {
    const Placeholders placeholders = program_only(found);
    const auto [output, status] =
        run(filled(adapter.present, placeholders), environment_of(adapter, placeholders));
    if (status != 0)
      throw PeerError(Kind::absent,
                      adapter.title + " is not installed (`" + found +
                          "` lacks what it needs); to install it: " + adapter.install);
  }
  return found;
}

std::string installed_release(const Adapter& adapter, const std::string& instead) {
  if (adapter.release.empty()) return {};
  const Placeholders placeholders = program_only(installed_program(adapter, instead));
  std::istringstream output(
      run(filled(adapter.release, placeholders), environment_of(adapter, placeholders)).first);
  for (std::string line; std::getline(output, line);) {
    if (std::none_of(line.begin(), line.end(), [](unsigned char c) { return std::isdigit(c); }))
      continue;
    std::replace(line.begin(), line.end(), '\t', ' ');
    return line;
  }
  return {};
}

struct Peer::State {
  Adapter adapter;
  Wishes wishes;
  std::string program;
  std::string folder;
  std::map<std::string, std::uint16_t, std::less<>> ports;
  std::vector<std::unique_ptr<Process>> helpers;
  std::unique_ptr<Process> process;
  std::chrono::milliseconds ready_after{};
  bool is_prepared = false;

  State(Adapter which, Wishes wanted) : adapter(std::move(which)), wishes(std::move(wanted)) {
    require(wishes.listeners, adapter.listeners, adapter, "listener");
    require(wishes.settings, adapter.settings, adapter, "setting");
    program = installed_program(adapter, wishes.program);
    folder = fresh_folder(wishes.folder, adapter.name);
    port("mqtt");
    for (const std::string& listener : wishes.listeners) port(listener);
    for (const Adapter::File& file : adapter.files) write(file);
  }

  ~State() {
    process.reset();
    helpers.clear();
    std::error_code ignored;
    if (!wishes.keep_files) fs::remove_all(folder, ignored);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::string output_file() const { return folder + "/output.log"; }

  std::uint16_t port(std::string_view name) {
    const auto found = ports.find(name);
    if (found != ports.end()) return found->second;
    const std::uint16_t chosen = wishes.in_virtual_time ? port_of_its_own_world(name) : free_port();
    return ports.emplace(std::string(name), chosen).first->second;
  }

  // Nobody else is there who could have it.
  std::uint16_t port_of_its_own_world(std::string_view name) const {
    constexpr std::uint16_t first_of_others = 20001;
    if (name == "mqtt") return 1883;
    if (name == "mqtts") return 8883;
    if (name == "ws") return 8080;
    if (name == "wss") return 8443;
    return static_cast<std::uint16_t>(first_of_others + ports.size());
  }

  std::optional<std::string> value(std::string_view name) {
    constexpr std::string_view port_of = "port.";
    if (name.starts_with(port_of)) return std::to_string(port(name.substr(port_of.size())));
    if (name == "program") return program;
    if (name == "dir") return folder;
    if (name == "folder") return fs::absolute(adapter.source).parent_path().string();
    if (name == "certificate") return wishes.certificate;
    if (name == "key") return wishes.key;
    if (name == "authority") return wishes.authority;
    if (name == "user") return wishes.login.user;
    if (name == "password") return wishes.login.password;
    return std::nullopt;
  }

  bool is_wanted(std::string_view name) const {
    const auto has = [&](const std::vector<std::string>& words) {
      return std::find(words.begin(), words.end(), name) != words.end();
    };
    return name == "mqtt" || (name == "virtual" && wishes.in_virtual_time) ||
           has(wishes.listeners) || has(wishes.settings);
  }

  Placeholders placeholders() {
    return {.value = [this](std::string_view name) { return value(name); },
            .is_wanted = [this](std::string_view name) { return is_wanted(name); }};
  }

  void write(const Adapter::File& file) {
    std::ofstream stream(folder + "/" + file.name, std::ios::binary);
    stream << filled(file.text, placeholders());
    if (!stream.flush())
      throw std::system_error(errno, std::generic_category(), folder + "/" + file.name);
  }

  Process::Start start_of(const Command& command) {
    return {.command = filled(command, placeholders()),
            .environment = environment_of(adapter, placeholders()),
            .folder = folder,
            .output = output_file()};
  }

  std::string output_end(int lines) const { return last_lines(read_file(output_file()), lines); }

  [[noreturn]] void fail(const std::string& why) const {
    const std::string output = output_end(12);
    throw PeerError(
        Kind::failed,
        adapter.name + ": " + why +
            (output.empty() ? "; it printed nothing" : "; the end of what it printed:\n" + output));
  }

  void prepare() {
    for (const Command& command : adapter.prepare) {
      const Process::Start start = start_of(command);
      if (start.command.empty()) continue;  // for a setting that is not wanted
      if (Process(start).wait(command_within) != 0)
        fail("`" + start.command.front() + "`, which prepares it, failed");
    }
  }

  Process::Start prepared() {
    try {
      if (!std::exchange(is_prepared, true)) prepare();
    } catch (const std::system_error& error) {
      fail(std::string("cannot be prepared: ") + error.what());
    }
    const InVirtualTime& how = adapter.in_virtual_time;
    Process::Start all = start_of(how.command.empty() ? adapter.command : how.command);
    for (const InVirtualTime::Variable& variable : how.environment)
      all.environment.push_back(variable.name + "=" + filled(variable.value, placeholders()));
    const std::string path = program_on_path(all.command.front());
    if (path.empty()) fail("there is no program `" + all.command.front() + "`");
    all.command.front() = path;
    return all;
  }

  void start_helpers() {
    for (const Command& command : adapter.helpers) {
      helpers.push_back(std::make_unique<Process>(start_of(command)));
      for (const std::string& word : command)
        for (const std::string& name : placeholders_in(word))
          if (name.starts_with("port.")) await_helper(*value(name));
    }
  }

  void await_helper(const std::string& port_text) {
    const auto deadline = Clock::now() + adapter.ready_within;
    while (!is_listening(static_cast<std::uint16_t>(std::stoi(port_text)))) {
      if (helpers.back()->ended() || Clock::now() > deadline) fail("a helper does not listen");
      std::this_thread::sleep_for(poll_every);
    }
  }

  void start() {
    ensure(process == nullptr || process->ended(), "a peer is started once at a time");
    end();
    try {
      if (!std::exchange(is_prepared, true)) prepare();
      start_helpers();
      start_broker();
    } catch (const std::system_error& error) {
      end();
      fail(std::string("cannot be started: ") + error.what());
    } catch (const PeerError&) {
      end();
      throw;
    }
  }

  void start_broker() {
    const auto begin = Clock::now();
    process = std::make_unique<Process>(start_of(adapter.command));
    if (!wishes.skips_readiness) await_readiness(begin + adapter.ready_within);
    ready_after = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
  }

  void await_readiness(Clock::time_point deadline) {
    const auto login = is_wanted("users") ? std::optional(wishes.login) : adapter.login;
    Answer last = Answer::nobody;
    while (Clock::now() < deadline) {
      const auto next = Clock::now() + poll_every;
      last = ask_to_come_in(port("mqtt"), login, answer_within);
      if (last == Answer::welcome && others_listen()) return;
      if (const auto status = process->ended())
        fail("ended with status " + std::to_string(*status) + " before it was ready");
      std::this_thread::sleep_until(next);
    }
    fail(last == Answer::refused
             ? "refuses a client that should be let in"
             : "let no client in within " + std::to_string(adapter.ready_within.count()) + " ms");
  }

  bool others_listen() {
    return std::all_of(wishes.listeners.begin(), wishes.listeners.end(),
                       [this](const std::string& name) { return is_listening(port(name)); });
  }

  void end() {
    if (process) process->kill_all();
    process.reset();
    helpers.clear();
  }
};

Peer::Peer(Adapter adapter, Wishes wishes)
    : state_(std::make_unique<State>(std::move(adapter), std::move(wishes))) {}
Peer::~Peer() = default;
Peer::Peer(Peer&&) noexcept = default;
Peer& Peer::operator=(Peer&&) noexcept = default;

void Peer::start() { state_->start(); }
Process::Start Peer::prepared() { return state_->prepared(); }

bool Peer::stop() {
  if (!state_->process) return true;
  state_->process->signal(state_->adapter.stop_signal);
  const bool in_order = state_->process->wait(state_->adapter.stop_within).has_value();
  state_->end();
  return in_order;
}

void Peer::kill() { state_->end(); }

void Peer::signal(int number) {
  if (state_->process) state_->process->signal(number);
}

bool Peer::is_running() { return state_->process && !state_->process->ended(); }

const Adapter& Peer::adapter() const { return state_->adapter; }
std::uint16_t Peer::port(std::string_view listener) const {
  const auto found = state_->ports.find(listener);
  ensure(found != state_->ports.end(), "a listener that was wished for");
  return found->second;
}
const std::string& Peer::folder() const { return state_->folder; }
pid_t Peer::pid() const { return state_->process ? state_->process->pid() : -1; }
Usage Peer::usage() const { return state_->process ? state_->process->usage() : Usage{}; }
std::string Peer::output_end(int lines) const { return state_->output_end(lines); }
std::chrono::milliseconds Peer::ready_after() const { return state_->ready_after; }

}  // namespace mq::peers
