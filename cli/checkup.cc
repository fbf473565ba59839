#include "cli/checkup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <sstream>

#include "broker/config/config.h"
#include "broker/server/named_files.h"
#include "broker/server/store_writer.h"
#include "broker/store/sqlite_store.h"
#include "broker/store/store_error.h"
#include "cli/programs.h"
#include "installation/installation.h"

namespace mq::cli {
namespace {

using enum Checkup::State;

constexpr rlim_t descriptors_wanted = 20'000;
constexpr double free_gigabytes_wanted = 1;
constexpr double sync_milliseconds_wanted = 10;
constexpr int syncs = 20;

std::optional<std::string> in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string file = folder + "/" + program; ::access(file.c_str(), X_OK) == 0)
      return file;
  for (const char* folder : {"/usr/sbin/", "/usr/bin/"})
    if (const std::string file = folder + program; ::access(file.c_str(), X_OK) == 0) return file;
  return std::nullopt;
}

Checkup machine() {
  utsname about{};
  ::uname(&about);
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  return {.name = "machine",
          .found = fmt::format("{} {} on {}, {} cores, version {}", about.sysname, about.release,
                               about.machine, cores, version())};
}

Checkup simulator() {
  const std::string worker = program_beside("mqttlab-sim");
  if (::access(worker.c_str(), X_OK) == 0) return {.name = "ns-3 world", .found = worker};
  return {.name = "ns-3 world",
          .state = warning,
          .found = worker + " is missing",
          .advice = "install libns3-dev and build again; until then: --world memory"};
}

Checkup strangers() {
  std::string there, missing;
  for (const char* name : {"mosquitto", "mosquitto_sub", "tshark"}) {
    std::string& list = in_path(name) ? there : missing;
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  if (missing.empty()) return {.name = "other programs", .found = there};
  return {.name = "other programs",
          .state = warning,
          .found = "missing: " + missing,
          .advice =
              "apt-get install mosquitto mosquitto-clients tshark: tests and comparisons "
              "want them"};
}

Checkup descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::string found = limit.rlim_max == RLIM_INFINITY
                                ? std::string("no limit")
                                : fmt::format("at most {} open files", limit.rlim_max);
  if (limit.rlim_max >= descriptors_wanted) return {.name = "open files", .found = found};
  return {.name = "open files",
          .state = warning,
          .found = found,
          .advice = "a connection needs one each: ulimit -Hn, or LimitNOFILE= of the service"};
}

Checkup space(const std::string& folder) {
  struct statvfs about {};
  if (::statvfs(folder.c_str(), &about) != 0)
    return {"disk", bad, folder + ": " + std::strerror(errno), "name a folder that exists: -o DIR"};
  const double free =
      static_cast<double>(about.f_bavail) * static_cast<double>(about.f_frsize) / 1e9;
  Checkup result{.name = "disk", .found = fmt::format("{:.1f} GB free in {}", free, folder)};
  if (free >= free_gigabytes_wanted) return result;
  result.state = warning;
  result.advice = "traces and stores may fill it";
  return result;
}

// Writes, syncs and removes a file there: whether it may, and how long a sync takes.
Checkup syncing(const std::string& folder) {
  std::string path = folder + "/mqttlab-doctor-XXXXXX";
  const int file = ::mkstemp(path.data());
  if (file < 0)
    return {"folder", bad, "cannot write to " + folder + ": " + std::strerror(errno),
            "name a folder of yours: -o DIR"};
  ::unlink(path.c_str());
  const std::string block(4096, 'x');
  std::vector<double> times;
  bool sound = true;
  for (int i = 0; i < syncs && sound; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    sound = ::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
            ::fdatasync(file) == 0;
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  const int failed = errno;
  ::close(file);
  if (!sound)
    return {"folder", bad, "cannot sync in " + folder + ": " + std::strerror(failed),
            "name another folder: -o DIR"};
  std::sort(times.begin(), times.end());
  Checkup result{.name = "folder",
                 .found = fmt::format("{} takes files, a sync takes {:.2f} ms (median of {})",
                                      folder, times[times.size() / 2], times.size())};
  if (times[times.size() / 2] <= sync_milliseconds_wanted) return result;
  result.state = warning;
  result.advice = "durability power waits for it before every acknowledgement";
  return result;
}

// Why nobody can listen there; empty: somebody can.
std::string why_not(const broker::ListenAddress& wanted) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(wanted.port);
  if (const int code = ::getaddrinfo(wanted.host.empty() ? nullptr : wanted.host.c_str(),
                                     port.c_str(), &hints, &found);
      code != 0)
    return ::gai_strerror(code);
  std::string why;
  for (const addrinfo* at = found; at != nullptr && why.empty(); at = at->ai_next) {
    const int socket = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) continue;  // a family that this machine does not have
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at->ai_family == AF_INET6) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(socket, at->ai_addr, at->ai_addrlen) != 0 || ::listen(socket, 1) != 0)
      why = std::strerror(errno);
    ::close(socket);
  }
  ::freeaddrinfo(found);
  return why;
}

// Unix sockets are the broker's own matter.
Checkup can_listen(const std::vector<broker::ListenAddress>& wanted) {
  std::vector<std::string> free;
  std::vector<std::string> taken;
  for (const broker::ListenAddress& each : wanted) {
    if (!each.unix_path.empty()) continue;
    const std::string name =
        fmt::format("{}:{}", each.host.empty() ? std::string("*") : each.host, each.port);
    const std::string why = why_not(each);
    (why.empty() ? free : taken).push_back(why.empty() ? name : name + ": " + why);
  }
  if (!taken.empty())
    return {"port", warning, fmt::format("{}", fmt::join(taken, "; ")),
            "stop what listens there, or take another one: listener in the file, or -p PORT"};
  return {.name = "port",
          .found = free.empty() ? "none is asked for"
                                : fmt::format("{} {} free", fmt::join(free, ", "),
                                              free.size() == 1 ? "is" : "are")};
}

Checkup clocks() {
  timespec tick{}, now{};
  ::clock_getres(CLOCK_MONOTONIC, &tick);
  ::clock_gettime(CLOCK_REALTIME, &now);
  char text[64];
  std::tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  Checkup result{.name = "clock",
                 .found = fmt::format("{}, in steps of {} ns", std::string(text, size),
                                      tick.tv_sec * 1'000'000'000L + tick.tv_nsec)};
  constexpr std::time_t year_2024 = 1'704'067'200;
  if (now.tv_sec >= year_2024 && tick.tv_sec == 0 && tick.tv_nsec <= 1'000'000) return result;
  result.state = warning;
  result.advice = "certificates and the expiry of stored messages go by it: set it, or run NTP";
  return result;
}

Checkup configuration(const std::string& file, const broker::ReadConfig& read) {
  const auto unusable =
      read.usable() ? broker::unusable_files(read.config) : std::vector<std::string>();
  if (!unusable.empty())
    return {"configuration", bad, fmt::format("{}", fmt::join(unusable, "; ")),
            "the broker would not start; mqttlab broker --test-config -c FILE tells all"};
  if (read.problems.empty()) return {.name = "configuration", .found = file + " is sound"};
  // The gravest ones: all of them are told by `mqttlab broker --test-config`.
  std::vector<broker::Problem> problems = read.problems;
  std::stable_sort(problems.begin(), problems.end(),
                   [](const auto& a, const auto& b) { return a.kind < b.kind; });
  std::string all;
  for (std::size_t i = 0; i < std::min<std::size_t>(problems.size(), 3); ++i)
    all += (all.empty() ? "" : "; ") + broker::to_string(problems[i]);
  if (problems.size() > 3) all += fmt::format("; and {} more", problems.size() - 3);
  return {"configuration", read.usable() ? warning : bad, all,
          "mqttlab broker --test-config -c FILE tells all; docs/broker.md lists the keys"};
}

Checkup stored(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0)
    return {"store", warning, path + ": " + std::strerror(errno), "the broker makes it"};
  try {
    broker::SqliteStore store(broker::sqlite_options({.path = path}, {}));
    store.recover();
    return {.name = "store",
            .found = fmt::format("{} is in order: {} sessions, {} messages", path, store.sessions(),
                                 store.messages())};
  } catch (const broker::StoreError& error) {
    return {"store", bad, error.what(),
            "if no broker has it open: mqttlab broker --store FILE --repair"};
  }
}

}  // namespace

std::vector<Checkup> check_machine(const CheckupOptions& options) {
  std::optional<broker::ReadConfig> read;
  if (!options.config_file.empty()) read = broker::read_config(options.config_file);
  const std::uint16_t broker_port = options.port != 0 ? options.port : std::uint16_t{1883};
  std::vector<broker::ListenAddress> listens;
  if (read && options.port == 0)
    for (const broker::ListenerConfig& each : read->config.listeners)
      listens.push_back(each.options.address);
  else
    listens.push_back({.host = "127.0.0.1", .port = broker_port});
  std::vector<Checkup> all = {machine(),
                              simulator(),
                              strangers(),
                              descriptors(),
                              space(options.folder),
                              syncing(options.folder),
                              can_listen(listens),
                              clocks()};
  std::string store = options.store;
  if (store.empty() && read && read->config.store.persistence) store = read->config.store.path();
  if (read) all.push_back(configuration(options.config_file, *read));
  if (!store.empty()) all.push_back(stored(store));
  return all;
}

}  // namespace mq::cli
