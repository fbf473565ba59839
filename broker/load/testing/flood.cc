#include "broker/load/testing/flood.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <unordered_map>

#include "base/ensure.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string connect_packet_311(const std::string& client_id) {
  std::string packet("\x10\0\0\4MQTT\4\2\0\x3c\0\0", 14);
  packet[1] = static_cast<char>(12 + client_id.size());
  packet[13] = static_cast<char>(client_id.size());
  return packet + client_id;
}

class Flood {
 public:
  explicit Flood(const FloodOptions& options)
      : options_(options),
        connect_(connect_packet_311(options.client_id)),
        epoll_(::epoll_create1(0)) {}
  ~Flood() {
    for (const auto& [fd, sent] : open_) ::close(fd);
    ::close(epoll_);
  }

  FloodCount run() {
    const auto began = Clock::now();
    while (Clock::now() - began < options_.lasts) {
      const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
      const auto due =
          static_cast<std::size_t>(seconds * static_cast<double>(options_.each_second));
      while (count_.begun < due && open_.size() < options_.each_second) begin();
      serve(1);
    }
    const auto until = Clock::now() + 1s;
    while (!open_.empty() && Clock::now() < until) serve(10);
    count_.unanswered = open_.size();
    return count_;
  }

 private:
  void begin() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ensure(fd >= 0, "a socket");
    const linger reset{1, 0};  // no address is left waiting
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    const auto last = 1 + count_.begun++ % static_cast<std::size_t>(options_.addresses);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(last));
    ::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options_.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
        errno != EINPROGRESS) {
      ::close(fd);
      ++count_.turned_away;
      return;
    }
    epoll_event wish{.events = EPOLLOUT, .data = {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &wish);
    open_.emplace(fd, false);
  }

  void serve(int milliseconds) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll_, events, 256, milliseconds);
    for (int i = 0; i < count; ++i) go_on(events[i].data.fd, events[i].events);
  }

  void go_on(int fd, std::uint32_t events) {
    bool& sent = open_.at(fd);
    if (!sent && (events & (EPOLLERR | EPOLLHUP)) == 0) {
      sent = ::send(fd, connect_.data(), connect_.size(), MSG_NOSIGNAL) > 0;
      epoll_event wish{.events = EPOLLIN, .data = {.fd = fd}};
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &wish);
      return;
    }
    char answer[16];
    const bool let_in = ::recv(fd, answer, sizeof answer, 0) >= 4 && answer[3] == 0;
    ++(let_in ? count_.let_in : count_.turned_away);
    open_.erase(fd);
    ::close(fd);
  }

  const FloodOptions options_;
  const std::string connect_;
  const int epoll_;
  FloodCount count_;
  std::unordered_map<int, bool> open_;  // whether CONNECT is sent
};

}  // namespace

FloodCount flood(const FloodOptions& options) { return Flood(options).run(); }

}  // namespace mq::broker
