#include "bench/load_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "protocol/codec.h"

namespace mq::bench {
namespace {

constexpr std::size_t kept_bytes_max = 64 * 1024;  // of a buffer that is not in use

std::byte filler(const Sign& sign) {
  return static_cast<std::byte>('a' + (sign.stream + sign.sequence) % 26);
}

std::uint16_t u16(std::span<const std::byte> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

void put_u16(std::vector<std::byte>& out, std::size_t value) {
  out.push_back(static_cast<std::byte>(value >> 8));
  out.push_back(static_cast<std::byte>(value));
}

void put_header(std::vector<std::byte>& out, std::uint8_t first, std::size_t length) {
  out.push_back(static_cast<std::byte>(first));
  do {
    const std::size_t rest = length / 128;
    out.push_back(static_cast<std::byte>(length % 128 + (rest > 0 ? 128 : 0)));
    length = rest;
  } while (length > 0);
}

}  // namespace

LoadClient::LoadClient(LoadOwner& owner, int number, Options options)
    : owner_(owner), number_(number), options_(std::move(options)) {}

LoadClient::~LoadClient() {
  if (socket_ >= 0) ::close(socket_);
}

// From many addresses: one has too few ports for what a storm leaves behind.
bool LoadClient::connect(std::uint16_t port, unsigned source,
                         std::unique_ptr<transport::Layer> layer) {
  layer_ = std::move(layer);
  began_ = Clock::now();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return false;
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{}, to{};
  from.sin_family = to.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + source);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  return ::bind(socket_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
         (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ||
          errno == EINPROGRESS);
}

void LoadClient::on_connected() {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return close(std::strerror(error));
  is_connected_ = true;
  if (layer_)
    layer_->begin(*this);
  else
    opened();
}

void LoadClient::opened() {
  is_open_ = true;
  say_connect();
}

void LoadClient::to_peer(std::span<const std::byte> bytes) {
  wire_.insert(wire_.end(), bytes.begin(), bytes.end());
}

bool LoadClient::to_owner(std::span<const std::byte> bytes) {
  hear(bytes);
  return socket_ >= 0;
}

bool LoadClient::flush() {
  if (!is_connected_ || socket_ < 0) return true;
  if (layer_ && is_open_ && !out_.empty()) {
    layer_->from_owner(out_, *this);
    out_.clear();
  }
  std::vector<std::byte>& out = layer_ ? wire_ : out_;
  while (written_ < out.size()) {
    const ssize_t sent =
        ::send(socket_, out.data() + written_, out.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return false;
    if (sent < 0) {
      close(std::strerror(errno));
      return true;
    }
    written_ += static_cast<std::size_t>(sent);
  }
  written_ = 0;
  out.clear();
  if (out.capacity() > kept_bytes_max) out.shrink_to_fit();
  return true;
}

void LoadClient::on_readable(std::span<std::byte> buffer) {
  const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got < 0) return close(std::strerror(errno));
  if (got == 0) return close("the broker closed the connection");
  const auto bytes = buffer.first(static_cast<std::size_t>(got));
  if (layer_)
    layer_->from_peer(bytes, *this);
  else
    hear(bytes);
}

void LoadClient::close(const std::string& why) {
  if (socket_ < 0) return;
  ::close(socket_);
  socket_ = -1;
  owner_.on_ended(*this, why);
}

void LoadClient::hear(std::span<const std::byte> bytes) {
  if (in_.empty()) {
    const std::size_t used = hear_packets(bytes);
    if (socket_ >= 0) in_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
    return;
  }
  in_.insert(in_.end(), bytes.begin(), bytes.end());
  const std::size_t used = hear_packets(in_);
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(used));
  if (in_.empty() && in_.capacity() > kept_bytes_max) in_.shrink_to_fit();
}

// Returns how many bytes were whole packets.
std::size_t LoadClient::hear_packets(std::span<const std::byte> bytes) {
  std::size_t at = 0;
  while (socket_ >= 0) {
    std::size_t length = 0, header = 1, shift = 0;
    bool is_complete = false;
    while (at + header < bytes.size() && header <= 4 && !is_complete) {
      const auto byte = std::to_integer<std::size_t>(bytes[at + header++]);
      length |= (byte & 127) << shift;
      shift += 7;
      is_complete = byte < 128;
    }
    if (!is_complete || bytes.size() - at - header < length) return at;
    hear_packet(std::to_integer<std::uint8_t>(bytes[at]), bytes.subspan(at + header, length));
    at += header + length;
  }
  return bytes.size();
}

void LoadClient::hear_packet(std::uint8_t first, std::span<const std::byte> body) {
  const Kind kind = static_cast<Kind>(first >> 4);
  if (kind == Kind::publish) return hear_publish(first, body);
  if (kind == Kind::ping_resp) return owner_.on_pong(*this);
  if (body.size() < 2) return close("a packet that is too short");
  switch (kind) {
    case Kind::conn_ack:
      if (body[1] != std::byte{0}) return close("the broker refused the connection");
      return owner_.on_welcome(*this);
    case Kind::sub_ack:
      if (std::any_of(body.begin() + 2, body.end(),
                      [](std::byte code) { return code > std::byte{2}; }))
        return close("the broker refused a subscription");
      return owner_.on_subscribed(*this);
    case Kind::pub_rec:
      return answer(0x62, u16(body, 0));
    case Kind::pub_rel:
      return answer(0x70, u16(body, 0));
    case Kind::pub_ack:
    case Kind::pub_comp:
      return owner_.on_acknowledged(*this);
    default:
      return close("a packet that nobody asked for");
  }
}

void LoadClient::hear_publish(std::uint8_t first, std::span<const std::byte> body) {
  const unsigned qos = first >> 1 & 3;
  if (body.size() < 2) return close("a PUBLISH that is too short");
  std::size_t at = 2u + u16(body, 0);
  if (body.size() < at + (qos > 0 ? 2 : 0)) return close("a PUBLISH that is too short");
  if (qos > 0) {
    answer(qos == 1 ? 0x40 : 0x50, u16(body, at));
    at += 2;
  }
  const auto payload = body.subspan(at);
  Sign sign;
  if (payload.size() < sign_bytes) return owner_.on_message(*this, sign, false);
  std::memcpy(&sign.stream, payload.data(), 4);
  std::memcpy(&sign.sequence, payload.data() + 4, 4);
  std::memcpy(&sign.sent_at, payload.data() + 8, 8);
  const bool is_whole = payload.size() == options_.payload_bytes &&
                        (payload.size() == sign_bytes ||
                         (payload[sign_bytes] == filler(sign) && payload.back() == filler(sign)));
  owner_.on_message(*this, sign, is_whole);
}

void LoadClient::answer(std::uint8_t first, std::uint16_t packet_id) {
  put_header(out_, first, 2);
  put_u16(out_, packet_id);
}

void LoadClient::say(const Packet& packet) { encode(packet, Version::v3_1_1, out_); }

void LoadClient::say_connect() {
  Connect connect{.version = Version::v3_1_1,
                  .client_id = options_.client_id,
                  .clean_start = options_.clean_session,
                  .keep_alive = 600};
  if (!options_.user.empty()) {
    connect.user_name = options_.user;
    connect.password = Bytes::copy(options_.password);
  }
  say(connect);
}

void LoadClient::subscribe(std::span<const std::string> filters, Qos qos) {
  Subscribe packet{.packet_id = PacketId{next_id()}};
  for (const std::string& filter : filters) packet.entries.push_back({filter, {.qos = qos}});
  say(packet);
}

void LoadClient::publish(std::string_view topic, Qos qos, bool retain, const Sign& sign,
                         std::size_t payload_bytes) {
  const std::size_t id_bytes = qos == Qos::at_most_once ? 0 : 2;
  put_header(out_, static_cast<std::uint8_t>(0x30 | static_cast<unsigned>(qos) << 1 | retain),
             2 + topic.size() + id_bytes + payload_bytes);
  put_u16(out_, topic.size());
  const auto* text = reinterpret_cast<const std::byte*>(topic.data());
  out_.insert(out_.end(), text, text + topic.size());
  if (id_bytes > 0) put_u16(out_, next_id());
  const std::size_t begin = out_.size();
  out_.resize(begin + payload_bytes, filler(sign));
  std::memcpy(out_.data() + begin, &sign.stream, 4);
  std::memcpy(out_.data() + begin + 4, &sign.sequence, 4);
  std::memcpy(out_.data() + begin + 8, &sign.sent_at, 8);
}

void LoadClient::ping() { put_header(out_, 0xc0, 0); }

void LoadClient::say_disconnect() { put_header(out_, 0xe0, 0); }

std::uint16_t LoadClient::next_id() {
  if (++last_id_ == 0) ++last_id_;
  return last_id_;
}

}  // namespace mq::bench
