#include "broker/load/testing/plain_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mq::broker {
namespace {

sockaddr_in loopback(int last, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + static_cast<unsigned>(last));
  return address;
}

}  // namespace

PlainSocket::PlainSocket(std::uint16_t port, int from, int receive_buffer)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const sockaddr_in source = loopback(from, 0);
  ::bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source);
  const sockaddr_in to = loopback(1, port);
  connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

PlainSocket::~PlainSocket() { ::close(fd_); }

bool PlainSocket::wait(short what, Clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  pollfd ready{fd_, what, 0};
  return !ended_ && left > 0 && ::poll(&ready, 1, static_cast<int>(left)) > 0;
}

std::size_t PlainSocket::send(std::string_view bytes, Clock::duration patience) {
  const auto until = Clock::now() + patience;
  std::size_t sent = 0;
  while (sent < bytes.size() && wait(POLLOUT, until)) {
    const ssize_t count =
        ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) ended_ = true;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return sent;
}

bool PlainSocket::hears(const std::vector<std::string_view>& all, Clock::duration patience) {
  const auto until = Clock::now() + patience;
  const auto is_there = [this](std::string_view one) {
    return heard_.find(one) != std::string::npos;
  };
  while (!std::all_of(all.begin(), all.end(), is_there)) {
    if (!receive(until)) return false;
  }
  heard_.clear();
  return true;
}

bool PlainSocket::hears_packets(std::size_t count, Clock::duration patience) {
  const auto until = Clock::now() + patience;
  std::size_t at = 0;
  for (; count > 0; --count) {
    while (heard_.size() < at + 2 ||
           heard_.size() < at + 2 + static_cast<std::size_t>(heard_[at + 1]))
      if (!receive(until)) return false;
    at += 2 + static_cast<std::size_t>(heard_[at + 1]);
  }
  heard_.erase(0, at);
  return true;
}

bool PlainSocket::receive(Clock::time_point until) {
  if (!wait(POLLIN, until)) return false;
  char buffer[4096];
  const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
  ended_ = count <= 0;
  if (count > 0) heard_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

std::size_t PlainSocket::drain() {
  char buffer[64 * 1024];
  const ssize_t count = ended_ ? 0 : ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (count == 0 || (count < 0 && errno != EAGAIN)) ended_ = true;
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

bool PlainSocket::is_closed(Clock::duration patience) {
  const auto until = Clock::now() + patience;
  while (wait(POLLIN, until)) drain();
  return ended_;
}

}  // namespace mq::broker
