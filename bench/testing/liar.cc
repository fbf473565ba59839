#include "bench/testing/liar.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "base/ensure.h"

namespace mq::bench {
namespace {

void say(int socket, const Packet& packet) {
  const Bytes bytes = encode(packet, Version::v3_1_1);
  (void)!::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

}  // namespace

Liar::Liar(Twist twist) : twist_(std::move(twist)) {
  door_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ensure(::bind(door_, generic, size) == 0 && ::listen(door_, 100) == 0 &&
             ::getsockname(door_, generic, &size) == 0,
         "a listener");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

Liar::~Liar() {
  stops_ = true;
  thread_.join();
  for (const auto& [socket, peer] : peers_) ::close(socket);
  ::close(door_);
}

void Liar::serve() {
  while (!stops_) {
    std::vector<pollfd> waited{{.fd = door_, .events = POLLIN, .revents = 0}};
    for (const auto& [socket, peer] : peers_) waited.push_back({socket, POLLIN, 0});
    ::poll(waited.data(), waited.size(), 10);
    if (waited.front().revents != 0) peers_.try_emplace(::accept(door_, nullptr, nullptr));
    for (std::size_t i = 1; i < waited.size(); ++i) {
      const int socket = waited[i].fd;
      if (waited[i].revents == 0 || hear(socket, peers_.at(socket))) continue;
      ::close(socket);
      peers_.erase(socket);
    }
  }
}

bool Liar::hear(int socket, Peer& peer) {
  std::byte buffer[65536];
  const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  peer.reader.feed(std::span(buffer).first(static_cast<std::size_t>(got)));
  for (Decoded decoded = peer.reader.next(); !std::holds_alternative<NeedMore>(decoded);
       decoded = peer.reader.next()) {
    if (!std::holds_alternative<Packet>(decoded)) return false;
    take(socket, peer, std::get<Packet>(decoded));
  }
  return true;
}

void Liar::take(int socket, Peer& peer, const Packet& packet) {
  if (std::holds_alternative<Connect>(packet)) say(socket, ConnAck{});
  if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
    peer.subscribes = true;
    say(socket, SubAck{.packet_id = subscribe->packet_id,
                       .reasons = {subscribe->entries.size(), ReasonCode::success}});
  }
  if (std::holds_alternative<PingReq>(packet)) say(socket, PingResp{});
  if (std::holds_alternative<Disconnect>(packet)) ::shutdown(socket, SHUT_RDWR);
  if (const auto* message = std::get_if<Publish>(&packet))
    for (const Publish& told : twist_(messages_++, *message))
      for (const auto& [other, each] : peers_)
        if (each.subscribes) say(other, told);
}

}  // namespace mq::bench
