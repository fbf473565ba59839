#include "peers/probe.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "protocol/codec.h"

namespace mq::peers {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  static sockaddr_in address(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  bool connect(std::uint16_t port) {
    const sockaddr_in to = address(port);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ||
           errno == EINPROGRESS;
  }
  bool bind(std::uint16_t port) {
    const sockaddr_in to = address(port);
    return ::bind(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
           ::listen(fd_, 1) == 0;
  }

  bool await(short event, Clock::time_point deadline) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waited{.fd = fd_, .events = event, .revents = 0};
    return left > 0 && ::poll(&waited, 1, static_cast<int>(left)) == 1;
  }
  bool is_connected() const {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  bool say(const Packet& packet) const {
    const Bytes bytes = encode(packet, Version::v3_1_1);
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Connect greeting(const std::optional<Login>& login) {
  Connect connect{.version = Version::v3_1_1, .client_id = "is-it-ready", .keep_alive = 60};
  if (!login) return connect;
  connect.user_name = login->user;
  connect.password = Bytes::copy(std::as_bytes(std::span(login->password)));
  return connect;
}

Answer hear(const Socket& socket, Clock::time_point deadline) {
  PacketReader reader(Sender::server, Version::v3_1_1);
  while (socket.await(POLLIN, deadline)) {
    std::byte buffer[256];
    const ssize_t got = ::recv(socket.fd(), buffer, sizeof buffer, 0);
    if (got <= 0) return Answer::nobody;
    reader.feed(std::span(buffer).first(static_cast<std::size_t>(got)));
    const Decoded decoded = reader.next();
    if (std::holds_alternative<NeedMore>(decoded)) continue;
    const Packet* packet = std::get_if<Packet>(&decoded);
    const ConnAck* answer = packet != nullptr ? std::get_if<ConnAck>(packet) : nullptr;
    if (answer == nullptr) return Answer::nobody;
    return answer->reason == ReasonCode::success ? Answer::welcome : Answer::refused;
  }
  return Answer::nobody;
}

}  // namespace

Answer ask_to_come_in(std::uint16_t port, const std::optional<Login>& login,
                      std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  Socket socket;
  if (!socket.connect(port) || !socket.await(POLLOUT, deadline) || !socket.is_connected() ||
      !socket.say(greeting(login)))
    return Answer::nobody;
  const Answer answer = hear(socket, deadline);
  if (answer == Answer::welcome) socket.say(Disconnect{});
  return answer;
}

bool is_listening(std::uint16_t port) {
  Socket socket;
  return socket.connect(port) &&
         socket.await(POLLOUT, Clock::now() + std::chrono::milliseconds(100)) &&
         socket.is_connected();
}

std::uint16_t free_port() {
  constexpr int first = 20'000, last = 32'000;
  // Two of these programs at once begin at different places.
  static int next = first + ::getpid() * 37 % (last - first);
  for (int tries = 0; tries < last - first; ++tries) {
    const auto port = static_cast<std::uint16_t>(next);
    next = next + 1 < last ? next + 1 : first;
    if (Socket().bind(port)) return port;
  }
  throw std::runtime_error("no port of 127.0.0.1 is free");
}

}  // namespace mq::peers
