#include "sim/external/external_backend.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/ensure.h"

namespace mq::sim {
namespace {

constexpr std::size_t portion_bytes = 64 * 1024;
// What is taken from the broker ahead of the world: its own send buffer holds no less.
constexpr std::size_t ahead_bytes_max = 256 * 1024;
// What waits for the next step; beyond it the world keeps the bytes.
constexpr std::size_t waiting_bytes_max = 256 * 1024;
// More than this at once, and the broker may have been waiting for room.
constexpr std::size_t made_room_bytes = 32 * 1024;
constexpr std::size_t log_line_bytes_max = 4096;
constexpr std::uint32_t link_numbers = 32767;  // from 1; the program's own come after

struct Name {
  sockaddr_un address{};
  socklen_t size = 0;
  explicit Name(const std::string& text) {
    address.sun_family = AF_UNIX;
    ensure(text.size() < sizeof address.sun_path, "a name has room");
    std::memcpy(address.sun_path + 1, text.data(), text.size());
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

}  // namespace

struct ExternalBackend::Link {
  BackendLink id{};
  std::uint32_t number = 0;  // in the page
  std::string peer;
  std::uint16_t port = 0;
  int fd = -1;
  bool connected = false;
  ByteQueue to_broker;
  bool ends = false;       // FIN comes after to_broker
  bool has_ended = false;  // the broker knows
  ByteQueue from_broker;
  bool at_end = false;  // nothing follows from_broker
  bool was_reset = false;
  bool is_full = false;  // the broker may hold more than we have taken
  bool has_news = false;
  bool waits = false;

  ~Link() {
    if (fd >= 0) ::close(fd);
  }
};

ExternalBackend::ExternalBackend(ExternalBroker broker) : broker_(std::move(broker)) {
  if (broker_.has_disk) {
    disk_ = std::make_unique<KeptFiles>(broker_.start.folder);
    broker_.start.environment.push_back(disk_->variable());
  }
  program_ = std::make_unique<VtimeProgram>(broker_.start);
  poll_ = ::epoll_create1(EPOLL_CLOEXEC);
}

ExternalBackend::~ExternalBackend() {
  links_.clear();
  ::close(poll_);
  if (log_ >= 0) ::close(log_);
}

// ---- Its life -----------------------------------------------------------------------------------

std::optional<Instant> ExternalBackend::start(Instant now) {
  now_ = now;
  boot(now);
  const bool can_fall_back = broker_.start.mode == VtimeMode::automatic &&
                             program_->mode() == VtimeMode::token &&
                             program_->trouble().find("starts threads") != std::string::npos;
  if (!program_->is_running() && can_fall_back) {
    broker_.start.mode = VtimeMode::threads;
    program_ = std::make_unique<VtimeProgram>(broker_.start);
    trouble_.clear();
    boot(now);
  }
  if (!trouble_.empty() && hear_) hear_(trouble_);
  if (!std::exchange(has_started_, true)) {
    cpu_at_start_ = program_->cpu();
    if (!broker_.start.output.empty())
      log_ = ::open(broker_.start.output.c_str(), O_RDONLY | O_CLOEXEC);
  }
  return deadline();
}

bool ExternalBackend::is_ready() const {
  return program_->listens(broker_.port) &&
         std::all_of(broker_.others.begin(), broker_.others.end(),
                     [this](const auto& other) { return program_->listens(other.second); });
}

// Runs it until it listens, and moves its clock on when it waits meanwhile.
void ExternalBackend::boot(Instant now) {
  const Duration gives_up = ahead_ + broker_.starts_within;
  bool goes_on = program_->spawn(clock(now)) && program_->run();
  std::optional<Duration> ready_at;
  while (goes_on) {
    if (!ready_at && is_ready()) ready_at = ahead_ + broker_.settles;
    if (ready_at && ahead_ >= *ready_at) return;
    const auto next = program_->deadline();
    Duration until = ready_at.value_or(gives_up);
    if (next) until = std::min(until, *next - now);
    if (!ready_at && (!next || until >= gives_up)) break;
    ahead_ = std::max(ahead_, until);
    program_->set_clock(clock(now));
    goes_on = program_->run();
  }
  trouble_ = program_->trouble();
  if (trouble_.empty() && program_->how_it_ended())
    trouble_ = broker_.start.title + " ended " + *program_->how_it_ended() + " while it started";
  if (trouble_.empty())
    trouble_ =
        broker_.start.title + " does not listen on port " + std::to_string(broker_.port) +
        " within " +
        std::to_string(
            std::chrono::duration_cast<std::chrono::seconds>(broker_.starts_within).count()) +
        " s of its time";
  program_->kill();
}

void ExternalBackend::kill(Crash how) {
  program_->kill();
  if (how == Crash::machine && disk_) disk_->lose_the_rest();
  links_.clear();
  waiting_.clear();
  news_.clear();
  has_input_ = false;
}

Duration ExternalBackend::took() {
  if (!broker_.takes_time) return {};
  const Duration cpu = cpu_since_start();
  return cpu - std::exchange(cpu_told_, cpu);
}

void ExternalBackend::ended() {
  trouble_ = program_->trouble();
  const auto how = program_->how_it_ended();
  char at[32];
  std::snprintf(at, sizeof at, "%.3f s",
                std::chrono::duration<double>(now_.time_since_epoch()).count());
  if (trouble_.empty() && how) ends_.push_back(std::string("at ") + at + ", " + *how);
  if (!trouble_.empty()) trouble_ += std::string(" (at ") + at + ")";
  if (!trouble_.empty() && hear_) hear_(trouble_);
  program_->kill();
}

std::optional<Instant> ExternalBackend::deadline() const {
  const auto due = program_->deadline();
  if (!due) return std::nullopt;
  return *due - ahead_;
}

std::optional<Instant> ExternalBackend::step(Instant now) {
  now_ = now;
  const auto due = deadline();
  if (program_->is_running()) {
    if (!has_input_ && (!due || now < *due)) return due;
    program_->set_clock(clock(now));
  }
  has_input_ = false;
  for (bool again = true; again;) {
    give_all();
    if (program_->is_running() && !program_->run()) ended();
    const bool made_room = drain();
    again = (made_room || give_all()) && program_->is_running();
  }
  return deadline();
}

// ---- Its log ------------------------------------------------------------------------------------

std::string ExternalBackend::as_said(std::string line) const {
  for (const auto& [here, always] : broker_.said_as)
    for (std::size_t at = 0; (at = line.find(here, at)) != std::string::npos; at += always.size())
      line.replace(at, here.size(), always);
  return line;
}

std::vector<std::string> ExternalBackend::said() {
  if (log_ < 0) return {};
  std::vector<std::string> lines;
  std::array<char, 8192> bytes;
  for (;;) {
    const ssize_t count = ::pread(log_, bytes.data(), bytes.size(), log_read_);
    if (count <= 0) return lines;
    log_read_ += count;
    for (const char c : std::string_view(bytes.data(), static_cast<std::size_t>(count))) {
      if (c != '\n' && log_line_.size() < log_line_bytes_max) {
        log_line_ += c;
        continue;
      }
      if (!log_line_.empty()) lines.push_back(as_said(std::exchange(log_line_, {})));
      if (c != '\n') log_line_ += c;
    }
  }
}

// ---- Towards the broker -------------------------------------------------------------------------

bool ExternalBackend::has(Listener listener) const {
  return listener == Listener::mqtt || broker_.others.contains(listener);
}

BackendLink ExternalBackend::open(const std::string& peer) {
  const BackendLink id{++last_link_};
  auto link = std::make_unique<Link>();
  link->id = id;
  link->number = static_cast<std::uint32_t>((last_link_ - 1) % link_numbers) + 1;
  link->peer = peer;
  const Listener listener = std::exchange(chosen_, Listener::mqtt);
  link->port = listener == Listener::mqtt ? broker_.port : broker_.others.at(listener);
  link->waits = true;
  links_.emplace(id, std::move(link));
  waiting_.push_back(id);
  has_input_ = true;
  return id;
}

// Refused, or later when the queue of the listener is full.
void ExternalBackend::connect(Link& link) {
  if (link.fd < 0) {
    link.fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ensure(link.fd >= 0, "a descriptor for each connection");
    program_->forget_link(link.number);
    const Name mine(program_->link_name(link.number, link.peer));
    ensure(::bind(link.fd, mine.get(), mine.size) == 0, "the address of a device is its own");
  }
  const Name listener(program_->listener_name(link.port));
  if (::connect(link.fd, listener.get(), listener.size) != 0) {
    if (errno == EAGAIN) return;
    link.at_end = link.was_reset = true;
    tell(link);
    return;
  }
  link.connected = true;
  epoll_event wish{};
  wish.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  wish.data.u64 = static_cast<std::uint64_t>(link.id);
  ::epoll_ctl(poll_, EPOLL_CTL_ADD, link.fd, &wish);
}

std::size_t ExternalBackend::write(BackendLink id, std::span<const std::byte> bytes) {
  Link* const link = find(id);
  if (link == nullptr || link->at_end) return bytes.size();
  const std::size_t room = waiting_bytes_max - std::min(waiting_bytes_max, link->to_broker.size());
  const std::size_t count = std::min(room, bytes.size());
  link->to_broker.push(bytes.first(count));
  if (!std::exchange(link->waits, true)) waiting_.push_back(id);
  has_input_ = true;
  return count;
}

void ExternalBackend::half_close(BackendLink id) {
  Link* const link = find(id);
  if (link == nullptr) return;
  link->ends = true;
  if (!std::exchange(link->waits, true)) waiting_.push_back(id);
  has_input_ = true;
}

// What it had not read yet is lost, as with TCP.
void ExternalBackend::reset(BackendLink id) {
  Link* const link = find(id);
  if (link == nullptr) return;
  if (link->connected && program_->is_running()) {
    // Not before the clock is set: in threads mode the broker would hear of it at once.
    link->was_reset = true;
    link->to_broker.clear();
    if (!std::exchange(link->waits, true)) waiting_.push_back(id);
    has_input_ = true;
    return;
  }
  links_.erase(id);
}

// True if the broker was given something.
bool ExternalBackend::give(Link& link) {
  bool gave = false;
  if (!link.connected && !link.at_end) {
    connect(link);
    gave = link.connected;
  }
  if (!link.connected) return gave;
  while (!link.to_broker.empty()) {
    const auto bytes = link.to_broker.front(portion_bytes);
    const ssize_t taken = ::send(link.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && errno == EAGAIN) return gave;
    gave = true;
    if (taken < 0) {
      link.to_broker.clear();  // it has closed: drain() finds out how
      break;
    }
    link.to_broker.pop(static_cast<std::size_t>(taken));
  }
  if (link.ends && !std::exchange(link.has_ended, true)) {
    ::shutdown(link.fd, SHUT_WR);
    gave = true;
  }
  return gave;
}

bool ExternalBackend::give_all() {
  if (!waiting_.empty()) program_->hold();
  bool gave = false;
  std::vector<BackendLink> still;
  for (const BackendLink id : std::exchange(waiting_, {})) {
    Link* const link = find(id);
    if (link == nullptr) continue;
    if (link->connected && link->was_reset && !link->at_end) {
      program_->say_reset(link->number);
      links_.erase(id);
      gave = true;
      continue;
    }
    gave = give(*link) || gave;
    link->waits = !link->at_end && (!link->connected || !link->to_broker.empty());
    if (link->waits) still.push_back(id);
  }
  waiting_.insert(waiting_.begin(), still.begin(), still.end());
  return gave;
}

// ---- From the broker ----------------------------------------------------------------------------

// True if so much was taken that the broker may go on writing.
bool ExternalBackend::drain(Link& link) {
  std::size_t taken = 0;
  std::array<std::byte, portion_bytes> portion;
  link.is_full = false;
  while (!link.at_end) {
    if (link.from_broker.size() >= ahead_bytes_max) {
      link.is_full = true;
      break;
    }
    const ssize_t count = ::recv(link.fd, portion.data(), portion.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      link.at_end = true;
      link.was_reset = count < 0 || program_->was_aborted(link.number);
      break;
    }
    taken += static_cast<std::size_t>(count);
    link.from_broker.push(
        std::span<const std::byte>(portion).first(static_cast<std::size_t>(count)));
  }
  if (taken > 0 || link.at_end) tell(link);
  return taken >= made_room_bytes;
}

bool ExternalBackend::drain() {
  std::vector<BackendLink> found;
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i)
      found.push_back(BackendLink{events[static_cast<std::size_t>(i)].data.u64});
    if (count < static_cast<int>(events.size())) break;
  }
  for (const auto& [id, link] : links_)
    if (link->is_full) found.push_back(id);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  bool made_room = false;
  for (const BackendLink id : found)
    if (Link* const link = find(id)) made_room = drain(*link) || made_room;
  return made_room;
}

std::size_t ExternalBackend::read(BackendLink id, std::span<std::byte> into) {
  Link* const link = find(id);
  if (link == nullptr) return 0;
  std::size_t given = link->from_broker.take(into);
  if (link->is_full && link->from_broker.empty()) {
    program_->hold();
    drain(*link);
    has_input_ = true;  // the broker has room again
    given += link->from_broker.take(into.subspan(given));
  }
  if (link->at_end && link->from_broker.empty()) tell(*link);
  return given;
}

void ExternalBackend::tell(Link& link) {
  if (!std::exchange(link.has_news, true)) news_.push_back(link.id);
}

std::vector<BrokerBackend::Ready> ExternalBackend::ready() {
  std::sort(news_.begin(), news_.end());
  std::vector<Ready> all;
  for (const BackendLink id : std::exchange(news_, {})) {
    Link* const link = find(id);
    if (link == nullptr) continue;
    link->has_news = false;
    all.push_back({id, !link->from_broker.empty(), link->at_end, link->was_reset});
    if (link->at_end && link->from_broker.empty()) links_.erase(id);
  }
  return all;
}

ExternalBackend::Link* ExternalBackend::find(BackendLink id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : found->second.get();
}

}  // namespace mq::sim
