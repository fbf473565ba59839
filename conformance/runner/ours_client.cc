#include "conformance/runner/ours_client.h"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "base/overloaded.h"
#include "client/puppet/puppet.h"
#include "conformance/runner/play.h"
#include "sim/alarm.h"
#include "sim/memory/memory_world.h"
#include "transport/layer.h"
#include "transport/websocket.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr Patience patience{.reply = 30s, .quiet = 5s};
constexpr Duration longest = std::chrono::hours(24 * 366);  // of virtual time, for one case
constexpr Duration one_way = 1ms;

// One end of a connection: bytes that wait until they can leave, and then perhaps the end.
class Pipe {
 public:
  explicit Pipe(std::unique_ptr<sim::Socket> socket) : socket_(std::move(socket)) {}

  sim::Socket& socket() { return *socket_; }
  void send(std::span<const std::byte> bytes) {
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    flush();
  }
  void flush() {
    const std::size_t taken = waiting_.empty() ? 0 : socket_->write(waiting_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
    if (waiting_.empty() && std::exchange(is_ending_, false)) socket_->shutdown_write();
  }
  void end_sending() {
    is_ending_ = true;
    flush();
  }
  template <class Take>
  void read(Take take) {
    std::array<std::byte, 65536> bytes;
    while (const std::size_t count = socket_->read(bytes)) take(std::span(bytes).first(count));
  }

 private:
  std::unique_ptr<sim::Socket> socket_;
  std::vector<std::byte> waiting_;
  bool is_ending_ = false;
};

// The client's half of WebSocket over a pipe, where the case needs it: a layer of transport/, told
// and asked here.
class Web final : public transport::Layer::Sides {
 public:
  struct Owner {
    std::function<void(std::span<const std::byte>)> received;
    std::function<void()> opened;
    std::function<void()> over;
  };
  Web(Pipe& pipe, std::unique_ptr<transport::Layer> layer, Owner owner)
      : pipe_(pipe), layer_(std::move(layer)), owner_(std::move(owner)) {}

  void begin() { layer_->begin(*this); }
  void hear(std::span<const std::byte> bytes) {
    if (!is_over_) layer_->from_peer(bytes, *this);
  }
  void send(std::span<const std::byte> bytes) {
    if (!is_over_) layer_->from_owner(bytes, *this);
  }
  void close() {
    if (!is_over_) layer_->close(*this);
  }

 private:
  void to_peer(std::span<const std::byte> bytes) override { pipe_.send(bytes); }
  bool to_owner(std::span<const std::byte> bytes) override {
    owner_.received(bytes);
    return !is_over_;
  }
  void opened() override { owner_.opened(); }
  void peer_left() override { end(); }
  void failed(std::string) override { end(); }
  void end() {
    if (!std::exchange(is_over_, true)) owner_.over();
  }

  Pipe& pipe_;
  std::unique_ptr<transport::Layer> layer_;
  Owner owner_;
  bool is_over_ = false;
};

class Encounter {
 public:
  Encounter(const Case& one, std::uint64_t seed, const Meddling& meddling)
      : seed_(seed),
        meddling_(meddling),
        is_over_web_socket_(needs(one, "websocket")),
        world_(seed),
        play_(one, {.topic = "lab", .client_id = "lab", .given = {}, .patience = patience}) {
    sim::LinkModel link;
    link.up.delay = link.down.delay = one_way;
    device_ = world_.add_device("device", link);
    world_.accept_with([this](std::unique_ptr<sim::Socket> socket, const std::string&,
                              sim::DeviceId) { arrive(std::move(socket)); });
  }

  Outcome run() {
    world_.call_at(world_.now(), [this] {
      play_.start(world_.now());
      act();
    });
    world_.run_until(world_.now() + longest);
    play_.abandon("a year of virtual time has passed", world_.now());
    return play_.take_outcome();
  }

 private:
  // ---- The script's side: a broker

  void act() {
    while (auto action = play_.poll())
      std::visit(overloaded{[](const OpenLink&) {},
                            [this](const SendOnLink& send) {
                              if (const auto at = links_.find(send.link); at != links_.end())
                                at->second->send(send.bytes);
                            },
                            [this](const EndLink& end) { this->end(end); }},
                 *action);
    while (const auto order = play_.poll_order()) obey(*order);
    if (play_.is_over()) return world_.stop();
    alarm_.set(play_.deadline());
  }

  void arrive(std::unique_ptr<sim::Socket> socket) {
    const LinkNumber link = play_.on_arrival(world_.now());
    auto& pipe = *(links_[link] = std::make_unique<Pipe>(std::move(socket)));
    pipe.socket().listen_to(
        {.connected = {},
         .readable =
             [this, link] {
               const auto at = links_.find(link);
               if (at == links_.end()) return;
               at->second->read([&](std::span<const std::byte> bytes) {
                 play_.on_bytes(link, bytes, world_.now());
               });
               if (at->second->socket().at_end())
                 play_.on_end(link, "the connection is closed", world_.now());
               act();
             },
         .writable = [this, link] { links_.at(link)->flush(); },
         .failed =
             [this, link](sim::CloseCause cause) {
               play_.on_end(link, "the connection is " + std::string(name(cause)), world_.now());
               act();
             }});
    act();
  }

  void end(const EndLink& end) {
    const auto at = links_.find(end.link);
    if (at == links_.end()) return;
    if (end.how == HowToEnd::reset)
      at->second->socket().reset();
    else
      at->second->end_sending();
  }

  // ---- The client's side

  void obey(const Order& order) {
    if (order.verb == "start") {
      auto settings = client::settings_of(order.fields);
      if (const auto* why = std::get_if<client::Unsupported>(&settings)) return refuse(*why);
      if (meddling_.settings) meddling_.settings(std::get<client::Settings>(settings));
      version_ = std::get<client::Settings>(settings).version;
      client_.emplace(std::get<client::Settings>(std::move(settings)), Rng(seed_).child("client"));
      if (!order.then.empty()) then_ = Order{order.then, order.then_fields, {}, {}};
      return feed(client::Start{});
    }
    auto input = puppet_.order(order.verb, order.fields);
    if (const auto* why = std::get_if<client::Unsupported>(&input)) return refuse(*why);
    if (meddling_.sends_whatever) send_whatever(std::get<client::Input>(input));
    feed(std::get<client::Input>(std::move(input)));
  }

  void send_whatever(const client::Input& input) {
    constexpr auto id = PacketId{4242};
    std::optional<Packet> packet;
    if (const auto* order = std::get_if<client::PublishOrder>(&input)) {
      packet = order->message;
      if (order->message.qos != Qos::at_most_once) std::get<Publish>(*packet).packet_id = id;
    } else if (const auto* subscribe = std::get_if<client::SubscribeOrder>(&input)) {
      packet = Subscribe{id, subscribe->properties, subscribe->entries};
    } else if (const auto* unsubscribe = std::get_if<client::UnsubscribeOrder>(&input)) {
      packet = Unsubscribe{id, unsubscribe->properties, unsubscribe->filters};
    }
    std::vector<std::byte> bytes;
    if (packet) encode(*packet, version_, bytes);
    if (wire_) put(bytes);
  }

  void refuse(const client::Unsupported& why) {
    play_.on_told({"unsupported", {{"why", why.why}}}, world_.now());
  }

  // What it tells is told to the play once nothing else is under way.
  void feed(const client::Input& input) {
    client_->handle(input, world_.now());
    while (auto output = client_->poll()) {
      if (std::holds_alternative<client::OpenLink>(*output)) connect();
      if (const auto* send = std::get_if<client::SendBytes>(&*output)) this->send(send->bytes);
      if (std::holds_alternative<client::CloseLink>(*output)) close();
      if (auto reply = puppet_.reply(*output))
        world_.call_at(world_.now(), [this, reply = std::move(*reply)] { tell(reply); });
    }
    client_alarm_.set(client_->deadline());
  }

  void tell(client::Reply reply) {
    if (reply.word == "connected" && then_) obey(*std::exchange(then_, std::nullopt));
    int times = 1;
    if (meddling_.tells) meddling_.tells(reply.word, reply.words, times);
    for (; times > 0; --times) play_.on_told({reply.word, reply.words}, world_.now());
    act();
  }

  void connect() {
    const std::uint64_t attempt = ++attempt_;
    sent_.emplace(Sender::client, version_);
    wire_ = std::make_unique<Pipe>(world_.connect(device_));
    if (is_over_web_socket_) web_ = web_over(*wire_);
    const auto is_now = [this, attempt] { return attempt == attempt_ && wire_; };
    wire_->socket().listen_to({.connected =
                                   [this, is_now] {
                                     if (!is_now()) return;
                                     if (web_) return web_->begin();
                                     feed(client::LinkUp{});
                                   },
                               .readable =
                                   [this, is_now] {
                                     if (is_now()) hear();
                                   },
                               .writable =
                                   [this, is_now] {
                                     if (is_now()) wire_->flush();
                                   },
                               .failed =
                                   [this, is_now](sim::CloseCause) {
                                     if (is_now()) lose();
                                   }});
  }

  std::unique_ptr<Web> web_over(Pipe& pipe) {
    std::unique_ptr<transport::Layer> layer = transport::websocket_client_layer(
        {.host = "lab"}, Rng(seed_).child("websocket " + std::to_string(attempt_)));
    if (meddling_.web_socket) layer = meddling_.web_socket(std::move(layer));
    return std::make_unique<Web>(pipe, std::move(layer),
                                 Web::Owner{.received =
                                                [this](std::span<const std::byte> bytes) {
                                                  take({bytes.begin(), bytes.end()});
                                                },
                                            .opened = [this] { feed(client::LinkUp{}); },
                                            .over = [this] { lose_soon(); }});
  }

  void hear() {
    std::vector<std::byte> all;
    wire_->read([&](std::span<const std::byte> bytes) {
      all.insert(all.end(), bytes.begin(), bytes.end());
    });
    if (web_)
      web_->hear(all);
    else
      take(std::move(all));
    if (wire_ && wire_->socket().at_end()) lose();
  }

  void take(std::vector<std::byte> bytes) {
    if (meddling_.hears) bytes = meddling_.hears(bytes);
    if (!bytes.empty()) feed(client::BytesIn{bytes});
  }

  void put(std::span<const std::byte> bytes) {
    if (web_)
      web_->send(bytes);
    else
      wire_->send(bytes);
  }

  void send(const Bytes& bytes) {
    if (!wire_) return;
    sent_->feed(bytes.span());
    for (;;) {
      const Decoded decoded = sent_->next();
      const auto wire = sent_->wire();
      if (wire.empty()) break;
      const auto* packet = std::get_if<Packet>(&decoded);
      const bool is_goodbye = packet != nullptr && kind(*packet) == Kind::disconnect;
      if (meddling_.never_closes && is_goodbye) continue;
      if (meddling_.sends)
        put(meddling_.sends(wire));
      else
        put(wire);
      if (packet == nullptr) break;
    }
    world_.call_at(world_.now(), [this, size = bytes.size()] { feed(client::Drained{size}); });
  }

  void close() {
    if (meddling_.never_closes || meddling_.keeps_open) return;
    if (web_) web_->close();
    if (wire_) wire_->end_sending();
    lose_soon();
  }

  void lose_soon() {
    world_.call_at(world_.now(), [this, attempt = attempt_] {
      if (attempt == attempt_ && wire_) lose();
    });
  }

  // Not from inside one of its own callbacks is its end destroyed.
  void lose() {
    ++attempt_;
    auto gone = std::make_shared<std::pair<std::unique_ptr<Pipe>, std::unique_ptr<Web>>>(
        std::move(wire_), std::move(web_));
    world_.call_at(world_.now(), [gone] {
      gone->second.reset();
      gone->first.reset();
    });
    feed(client::LinkDown{});
  }

  const std::uint64_t seed_;
  const Meddling& meddling_;
  const bool is_over_web_socket_;
  sim::MemoryWorld world_;
  Play play_;
  sim::DeviceId device_{};
  std::map<LinkNumber, std::unique_ptr<Pipe>> links_;
  sim::Alarm alarm_{world_, [this] {
                      play_.on_tick(world_.now());
                      act();
                    }};

  Version version_ = Version::v5;
  client::Puppet puppet_;
  std::optional<Order> then_;  // as soon as it is connected
  std::optional<client::Client> client_;
  std::optional<PacketReader> sent_;  // cuts what leaves into packets
  std::unique_ptr<Pipe> wire_;
  std::unique_ptr<Web> web_;  // over the wire
  std::uint64_t attempt_ = 0;
  sim::Alarm client_alarm_{world_, [this] { feed(client::Tick{}); }};
};

}  // namespace

Outcome play_against_our_client(const Case& one, std::uint64_t seed, const Meddling& meddling) {
  return Encounter(one, seed, meddling).run();
}

}  // namespace mq::conformance
