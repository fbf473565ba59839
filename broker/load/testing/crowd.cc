#include "broker/load/testing/crowd.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/codec.h"
#include "transport/connection.h"
#include "transport/layered_link.h"
#include "transport/tls.h"
#include "transport/websocket.h"

namespace mq::broker {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Connection = transport::Connection<tcp::socket>;

constexpr std::size_t coming_at_once = 64;

std::string bytes_of(const Packet& packet) {
  std::vector<std::byte> wire;
  encode(packet, Version::v5, wire);
  return {reinterpret_cast<const char*>(wire.data()), wire.size()};
}

}  // namespace

std::string connect_packet(const std::string& client_id, std::uint32_t session_expiry) {
  Connect connect;
  connect.version = Version::v5;
  connect.client_id = client_id;
  connect.clean_start = true;
  connect.keep_alive = 600;
  if (session_expiry > 0)
    connect.properties.add(PropertyId::session_expiry_interval, session_expiry);
  return bytes_of(Packet(connect));
}

std::string subscribe_packet(const std::string& filter, int qos) {
  Subscribe subscribe;
  subscribe.packet_id = PacketId{1};
  subscribe.entries.push_back({filter, SubscriptionOptions{.qos = static_cast<Qos>(qos)}});
  return bytes_of(Packet(subscribe));
}

std::string suback_packet(int qos) { return {'\x90', 4, 0, 1, 0, static_cast<char>(qos)}; }

class Crowd::Body {
 public:
  Body(const TestedBroker& broker, Through through) : port_(broker.port(through)) {
    has_websocket_ = through == Through::websocket || through == Through::wss;
    if (through == Through::tls || through == Through::wss)
      tls_.emplace(transport::TlsClientOptions{.ca_file = broker.authority_file()});
  }
  ~Body() {
    for (Member& member : members_)
      if (member.link) member.link->drop();
    context_.restart();
    context_.poll();
  }

  bool come(std::size_t count, const std::function<Errand(std::size_t)>& errand,
            std::chrono::seconds patience) {
    errand_ = errand;
    wanted_ = members_.size() + count;
    members_.reserve(wanted_);  // nothing is moved while somebody comes
    for (std::size_t i = 0; i < coming_at_once; ++i) next();
    const auto until = std::chrono::steady_clock::now() + patience;
    context_.restart();
    while (answered_ < wanted_ && thrown_out_ == 0 && std::chrono::steady_clock::now() < until)
      context_.run_for(std::chrono::milliseconds(50));
    return answered_ == wanted_ && thrown_out_ == 0;
  }
  std::size_t thrown_out() const { return thrown_out_; }

 private:
  struct Member {
    std::optional<tcp::socket> socket;
    std::shared_ptr<transport::Link> link;
    Errand errand;
    std::string heard;
  };

  std::unique_ptr<transport::Layer> layer() const {
    std::unique_ptr<transport::Layer> layer = tls_ ? tls_->layer("localhost") : nullptr;
    if (!has_websocket_) return layer;
    return transport::stacked(std::move(layer),
                              transport::websocket_client_layer({.host = "localhost"}, Rng(1)));
  }

  void next() {
    if (members_.size() == wanted_) return;
    const std::size_t index = members_.size();
    Member& member = members_.emplace_back();
    member.errand = errand_(index);
    member.socket.emplace(context_);
    member.socket->async_connect({asio::ip::address_v4::loopback(), port_},
                                 [this, index](boost::system::error_code error) {
                                   if (error)
                                     ++thrown_out_;
                                   else
                                     begin(members_[index]);
                                 });
  }

  void begin(Member& member) {
    transport::Link::Owner owner;
    owner.opened = [this, &member] {
      member.link->send(Bytes::copy(std::as_bytes(std::span(member.errand.says))));
      member.link->flush();
    };
    owner.received = [this, &member](std::span<const std::byte> bytes) {
      if (member.errand.hears.empty()) return;
      member.heard.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      if (member.heard.find(member.errand.hears) == std::string::npos) return;
      member.errand = {};
      member.heard = {};
      ++answered_;
      next();
    };
    owner.ended = [this](boost::system::error_code) { ++thrown_out_; };
    member.link = transport::layered(
        std::make_shared<Connection>(std::move(*member.socket), transport::Link::Owner{}), layer(),
        std::move(owner));
    member.socket.reset();
    member.link->start();
  }

  asio::io_context context_;
  const std::uint16_t port_;
  bool has_websocket_ = false;
  std::optional<transport::TlsClient> tls_;
  std::vector<Member> members_;
  std::function<Errand(std::size_t)> errand_;
  std::size_t wanted_ = 0;
  std::size_t answered_ = 0;
  std::size_t thrown_out_ = 0;
};

Crowd::Crowd(const TestedBroker& broker, Through through)
    : body_(std::make_unique<Body>(broker, through)) {}
Crowd::~Crowd() = default;
bool Crowd::come(std::size_t count, const std::function<Errand(std::size_t)>& errand,
                 std::chrono::seconds patience) {
  return body_->come(count, errand, patience);
}
std::size_t Crowd::thrown_out() const { return body_->thrown_out(); }

}  // namespace mq::broker
