#include "broker/endurance/wire_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace mq::broker {

WireClient::~WireClient() { drop(); }

bool WireClient::connect(int port) {
  drop();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    drop();
    return false;
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  reader_ = PacketReader(Sender::server, Version::v5);
  Connect hello{.version = Version::v5, .client_id = client_id_, .clean_start = !stays_};
  if (stays_) hello.properties.add(PropertyId::session_expiry_interval, 0xFFFFFFFFu);
  hello.properties.add(PropertyId::receive_maximum, 1000u);
  say(hello);
  writable();
  return true;
}

void WireClient::disconnect() {
  if (!is_open()) return;
  say(Disconnect{});
  writable();
  drop();
}

void WireClient::drop() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  out_.clear();
  written_ = 0;
  is_welcome_ = false;
}

void WireClient::writable() {
  while (is_open() && wants_to_write()) {
    const auto count = ::send(socket_, out_.data() + written_, out_.size() - written_,
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count < 0) return drop();
    written_ += static_cast<std::size_t>(count);
  }
  out_.clear();
  written_ = 0;
}

void WireClient::readable() {
  std::array<std::byte, 64 * 1024> portion;
  const auto count = ::recv(socket_, portion.data(), portion.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (count <= 0) return drop();
  reader_.feed(std::span(portion).first(static_cast<std::size_t>(count)));
  hear_all();
  writable();
}

void WireClient::hear_all() {
  while (is_open()) {
    Decoded decoded = reader_.next();
    auto* packet = std::get_if<Packet>(&decoded);
    if (packet == nullptr) return;
    if (const auto* ack = std::get_if<ConnAck>(packet)) {
      if (ack->reason != ReasonCode::success) return drop();
      is_welcome_ = true;
      if (stays_ && std::exchange(had_session_, true) && !ack->session_present) ++lost_sessions_;
      welcomed(ack->session_present);
    } else {
      heard(*packet);
    }
  }
}

bool serve(const std::vector<WireClient*>& clients, std::chrono::milliseconds time,
           const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + time;
  std::vector<pollfd> sockets;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    sockets.clear();
    for (const WireClient* client : clients)
      sockets.push_back({client->socket(),
                         static_cast<short>(POLLIN | (client->wants_to_write() ? POLLOUT : 0)), 0});
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    ::poll(sockets.data(), sockets.size(), std::clamp(static_cast<int>(left.count()), 1, 20));
    for (std::size_t at = 0; at < clients.size(); ++at) {
      if (clients[at]->is_open() && (sockets[at].revents & POLLOUT) != 0) clients[at]->writable();
      if (clients[at]->is_open() && (sockets[at].revents & ~POLLOUT) != 0) clients[at]->readable();
    }
  }
  return true;
}

}  // namespace mq::broker
