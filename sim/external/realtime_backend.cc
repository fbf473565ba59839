#include "sim/external/realtime_backend.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include "sim/byte_queue.h"

namespace mq::sim {
namespace {

constexpr std::size_t bytes_at_once = 16 * 1024;
// What is taken from either side ahead of the other.
constexpr std::size_t unsent_bytes_max = 256 * 1024;

}  // namespace

struct RealtimeBackend::Address {
  sockaddr_storage address{};
  socklen_t size = 0;
};

struct RealtimeBackend::Link {
  BackendLink id{};
  int fd = -1;
  bool connected = false;
  ByteQueue to_broker;
  bool ends = false;       // FIN comes after to_broker
  bool has_ended = false;  // and was sent
  ByteQueue from_broker;
  bool at_end = false;  // nothing follows from_broker
  bool was_reset = false;
  bool has_news = false;

  ~Link() {
    if (fd >= 0) ::close(fd);
  }
};

RealtimeBackend::RealtimeBackend(std::string host, std::uint16_t port)
    : host_(std::move(host)), port_(port) {}
RealtimeBackend::~RealtimeBackend() = default;

std::string RealtimeBackend::why_unreachable(std::chrono::milliseconds within) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host_.c_str(), std::to_string(port_).c_str(), &hints, &found);
  if (error != 0) return host_ + ": " + ::gai_strerror(error);
  std::string why = host_ + " has no address";
  for (const addrinfo* one = found; one != nullptr && !address_; one = one->ai_next) {
    auto address = std::make_unique<Address>();
    std::memcpy(&address->address, one->ai_addr, one->ai_addrlen);
    address->size = one->ai_addrlen;
    const int fd = ::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    int status = ::connect(fd, one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (status == EINPROGRESS) {
      pollfd wish{fd, POLLOUT, 0};
      socklen_t size = sizeof status;
      if (::poll(&wish, 1, static_cast<int>(within.count())) <= 0)
        status = ETIMEDOUT;
      else
        ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &size);
    }
    ::close(fd);
    if (status == 0)
      address_ = std::move(address);
    else
      why = host_ + ":" + std::to_string(port_) + ": " + std::strerror(status);
  }
  ::freeaddrinfo(found);
  return address_ ? "" : why;
}

std::optional<Instant> RealtimeBackend::start(Instant now) { return now + realtime_grain; }

std::optional<Instant> RealtimeBackend::step(Instant now) {
  for (auto& [id, link] : links_) pump(*link);
  return now + realtime_grain;
}

BackendLink RealtimeBackend::open(const std::string&) {
  auto link = std::make_unique<Link>();
  link->id = BackendLink{++last_link_};
  const BackendLink id = link->id;
  connect(*link);
  links_.emplace(id, std::move(link));
  return id;
}

void RealtimeBackend::connect(Link& link) {
  if (!address_) return fail(link);
  link.fd = ::socket(address_->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (link.fd < 0) return fail(link);
  // What is late here would be counted as the network's.
  const int on = 1;
  ::setsockopt(link.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&address_->address);
  if (::connect(link.fd, address, address_->size) == 0)
    link.connected = true;
  else if (errno != EINPROGRESS)
    fail(link);
}

void RealtimeBackend::fail(Link& link) {
  link.at_end = link.was_reset = link.has_news = true;
  link.to_broker.clear();
}

// Both ways, as far as the sockets take and give.
void RealtimeBackend::pump(Link& link) {
  if (link.fd < 0 || link.at_end) return;
  if (!link.connected) {
    pollfd wish{link.fd, POLLOUT, 0};
    if (::poll(&wish, 1, 0) <= 0) return;
    int status = 0;
    socklen_t size = sizeof status;
    ::getsockopt(link.fd, SOL_SOCKET, SO_ERROR, &status, &size);
    if (status != 0) return fail(link);
    link.connected = true;
  }
  while (!link.to_broker.empty()) {
    const auto bytes = link.to_broker.front(bytes_at_once);
    const ssize_t taken = ::send(link.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (taken < 0) return fail(link);
    link.to_broker.pop(static_cast<std::size_t>(taken));
  }
  if (link.ends && link.to_broker.empty() && !std::exchange(link.has_ended, true))
    ::shutdown(link.fd, SHUT_WR);
  std::array<std::byte, bytes_at_once> portion;
  while (link.from_broker.size() < unsent_bytes_max) {
    const ssize_t count = ::recv(link.fd, portion.data(), portion.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    link.has_news = true;
    if (count > 0) {
      link.from_broker.push(std::span(portion).first(static_cast<std::size_t>(count)));
      continue;
    }
    link.at_end = true;
    link.was_reset = count < 0;
    break;
  }
}

std::size_t RealtimeBackend::write(BackendLink id, std::span<const std::byte> bytes) {
  Link* const link = find(id);
  if (link == nullptr || link->at_end) return bytes.size();
  const std::size_t room = unsent_bytes_max - std::min(unsent_bytes_max, link->to_broker.size());
  const std::size_t count = std::min(room, bytes.size());
  link->to_broker.push(bytes.first(count));
  return count;
}

std::size_t RealtimeBackend::read(BackendLink id, std::span<std::byte> into) {
  Link* const link = find(id);
  if (link == nullptr) return 0;
  const std::size_t given = link->from_broker.take(into);
  if (link->at_end && link->from_broker.empty()) link->has_news = true;
  return given;
}

void RealtimeBackend::half_close(BackendLink id) {
  if (Link* const link = find(id)) link->ends = true;
}

void RealtimeBackend::reset(BackendLink id) {
  if (Link* const link = find(id); link != nullptr && link->fd >= 0) {
    const linger at_once{1, 0};
    ::setsockopt(link->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  links_.erase(id);
}

std::vector<BrokerBackend::Ready> RealtimeBackend::ready() {
  std::vector<Ready> all;
  for (auto link = links_.begin(); link != links_.end();) {
    Link& one = *link->second;
    if (std::exchange(one.has_news, false))
      all.push_back({one.id, !one.from_broker.empty(), one.at_end, one.was_reset});
    link = one.at_end && one.from_broker.empty() ? links_.erase(link) : std::next(link);
  }
  return all;
}

void RealtimeBackend::kill(Crash) { links_.clear(); }

RealtimeBackend::Link* RealtimeBackend::find(BackendLink id) const {
  const auto found = links_.find(id);
  return found == links_.end() ? nullptr : found->second.get();
}

// ---- The pace -----------------------------------------------------------------------------------

bool RealtimePace::hold(Instant reached) {
  using Clock = std::chrono::steady_clock;
  if (!began_) {
    began_ = Clock::now();
    origin_ = reached;
  }
  const auto due = *began_ + (reached - origin_);
  const Duration late = std::max<Duration>(Clock::now() - due, Duration::zero());
  constexpr auto slots = static_cast<std::size_t>(limit / std::chrono::microseconds(10));
  slips_.resize(slots + 1);
  ++slips_[std::min<std::size_t>(static_cast<std::size_t>(late / std::chrono::microseconds(10)),
                                 slots)];
  ++count_;
  longest_ = std::max(longest_, late);
  if (late > limit) {
    char text[160];
    std::snprintf(text, sizeof text,
                  "the simulation cannot keep up with real time: at %.3f s it was %.0f ms behind "
                  "(at most %lld ms are allowed)",
                  std::chrono::duration<double>(reached.time_since_epoch()).count(),
                  std::chrono::duration<double, std::milli>(late).count(),
                  static_cast<long long>(limit / std::chrono::milliseconds(1)));
    trouble_ = text;
    return false;
  }
  std::this_thread::sleep_until(due + realtime_grain);
  return true;
}

std::string RealtimePace::slip() const {
  const auto at = [&](double share) {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t seen = 0;
    std::size_t slot = 0;
    while (slot < slips_.size() && (seen += slips_[slot]) <= wanted) ++slot;
    return static_cast<double>(slot) * 0.01 + 0.01;
  };
  if (count_ == 0) return "not measured";
  char text[120];
  std::snprintf(text, sizeof text, "p50 below %.2f ms, p99 below %.2f ms, longest %.2f ms", at(0.5),
                at(0.99), std::chrono::duration<double, std::milli>(longest_).count());
  return text;
}

}  // namespace mq::sim
