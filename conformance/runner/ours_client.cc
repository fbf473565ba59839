#include "conformance/runner/ours_client.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "base/overloaded.h"
#include "client/puppet/puppet.h"
#include "conformance/runner/play.h"
#include "sim/memory/memory_world.h"

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

class Encounter {
 public:
  Encounter(const Case& one, std::uint64_t seed, const Meddling& meddling)
      : seed_(seed),
        meddling_(meddling),
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
    world_.cancel(timer_);
    timer_ = sim::TimerId::none;
    if (const auto due = play_.deadline())
      timer_ = world_.call_at(*due, [this] {
        timer_ = sim::TimerId::none;
        play_.on_tick(world_.now());
        act();
      });
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
    if (wire_) wire_->send(bytes);
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
    world_.cancel(client_timer_);
    client_timer_ = sim::TimerId::none;
    if (const auto due = client_->deadline())
      client_timer_ = world_.call_at(std::max(*due, world_.now()), [this] {
        client_timer_ = sim::TimerId::none;
        feed(client::Tick{});
      });
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
    const auto is_now = [this, attempt] { return attempt == attempt_ && wire_; };
    wire_->socket().listen_to({.connected =
                                   [this, is_now] {
                                     if (is_now()) feed(client::LinkUp{});
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

  void hear() {
    std::vector<std::byte> all;
    wire_->read([&](std::span<const std::byte> bytes) {
      all.insert(all.end(), bytes.begin(), bytes.end());
    });
    if (meddling_.hears) all = meddling_.hears(all);
    if (!all.empty()) feed(client::BytesIn{all});
    if (wire_ && wire_->socket().at_end()) lose();
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
        wire_->send(meddling_.sends(wire));
      else
        wire_->send(wire);
      if (packet == nullptr) break;
    }
    world_.call_at(world_.now(), [this, size = bytes.size()] { feed(client::Drained{size}); });
  }

  void close() {
    if (meddling_.never_closes || meddling_.keeps_open) return;
    if (wire_) wire_->end_sending();
    world_.call_at(world_.now(), [this, attempt = attempt_] {
      if (attempt == attempt_ && wire_) lose();
    });
  }

  // Not from inside one of its own callbacks is its end destroyed.
  void lose() {
    ++attempt_;
    auto gone = std::make_shared<std::unique_ptr<Pipe>>(std::move(wire_));
    world_.call_at(world_.now(), [gone] { gone->reset(); });
    feed(client::LinkDown{});
  }

  const std::uint64_t seed_;
  const Meddling& meddling_;
  sim::MemoryWorld world_;
  Play play_;
  sim::DeviceId device_{};
  std::map<LinkNumber, std::unique_ptr<Pipe>> links_;
  sim::TimerId timer_ = sim::TimerId::none;

  Version version_ = Version::v5;
  client::Puppet puppet_;
  std::optional<Order> then_;  // as soon as it is connected
  std::optional<client::Client> client_;
  std::optional<PacketReader> sent_;  // cuts what leaves into packets
  std::unique_ptr<Pipe> wire_;
  std::uint64_t attempt_ = 0;
  sim::TimerId client_timer_ = sim::TimerId::none;
};

}  // namespace

Outcome play_against_our_client(const Case& one, std::uint64_t seed, const Meddling& meddling) {
  return Encounter(one, seed, meddling).run();
}

}  // namespace mq::conformance
