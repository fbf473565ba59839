#include "broker/server/server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/overloaded.h"
#include "broker/core/connection_gate.h"
#include "broker/server/listener.h"
#include "broker/server/store_writer.h"
#include "transport/connection.h"
#include "transport/core_clock.h"
#include "transport/layered_link.h"

namespace mq::broker {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Connection = transport::Connection<Socket>;

// Nobody else can connect to such an address.
bool is_local(const Socket& socket) {
  error_code error;
  const auto endpoint = socket.local_endpoint(error);
  if (error) return false;
  if (endpoint.protocol().family() == AF_UNIX) return true;
  asio::ip::tcp::endpoint address;
  if (endpoint.size() > address.capacity()) return false;
  std::memcpy(address.data(), endpoint.data(), endpoint.size());
  const asio::ip::address ip = address.address();
  return ip.is_v6() && ip.to_v6().is_v4_mapped()
             ? asio::ip::make_address_v4(asio::ip::v4_mapped, ip.to_v6()).is_loopback()
             : ip.is_loopback();
}

// Sessions whose users nobody can be any longer: a file of theirs was moved, or is no longer named.
std::vector<std::string> strangers(const Recovered& left, const AccessPolicy& access) {
  std::map<std::string, std::size_t, std::less<>> sessions;  // by realm
  for (const Record& record : left.records) {
    const auto* session = std::get_if<SaveSession>(&record);
    if (session == nullptr) continue;
    const StoredUser owner = read_stored_user(session->user);
    const bool is_known =
        std::any_of(access.realms.begin(), access.realms.end(),
                    [&](const auto& realm) { return access.same_realm(owner.realm, realm.first); });
    if (!owner.user.empty() && !access.realms.empty() && !is_known)
      ++sessions[std::string(owner.realm)];
  }
  std::vector<std::string> told;
  for (const auto& [realm, count] : sessions)
    told.push_back((realm.empty() ? "users that the store has no file for" : "users of " + realm) +
                   ": no listener has these; sessions that nobody gets: " + std::to_string(count));
  return told;
}

Settings core_settings(const ServerOptions& options, const AccessPolicy& access) {
  Settings settings = options.settings;
  settings.access = access;
  settings.keeps_records = options.store.has_value();
  return settings;
}

}  // namespace

class Server::Body final : public std::enable_shared_from_this<Body> {
 public:
  Body(asio::io_context& context, ServerOptions options, NoteHandler on_note)
      : context_(context),
        options_(std::move(options)),
        on_note_(std::move(on_note)),
        clock_(context),
        store_(options_.store ? open_store(*options_.store, wall_clock()) : nullptr),
        gate_(context, options_.access, options_.settings.access, options_.listeners,
              options_.settings.limits.verifications,
              [this](const Authenticated& told) { feed(told); }),
        core_(core_settings(options_, gate_.policy()), Rng(options_.seed), recover(), now()),
        linger_timer_(context),
        handshake_timer_(context),
        listeners_(
            std::make_shared<Listeners>(context, options_.listeners, options_.accept_backlog)) {
    if (store_)
      writer_ = std::make_unique<StoreWriter>(context, std::move(store_),
                                              [this](const StoreNews& news) { on_store(news); });
  }

  std::vector<std::string> start() {
    std::vector<std::string> names = listeners_->open();
    listeners_->start([this](Socket socket, std::string peer, std::size_t listener) {
      take(std::move(socket), std::move(peer), listener);
    });
    feed(Tick{});  // what the core had to say about what it found in the store
    return names;
  }

  void stop(std::function<void()> stopped) {
    stopped_ = std::move(stopped);
    listeners_->close();
    drop_unopened();
    feed(Shutdown{});
    tell_if_stopped();
  }

  void reload_certificates() { listeners_->reload_certificates(); }

  void abandon() {
    clock_.cancel();
    linger_timer_.cancel();
    handshake_timer_.cancel();
    listeners_->close();
    for (auto& [id, link] : links_) link.connection->drop();
    links_.clear();
    writer_.reset();
  }

  void reload_access(const AccessOptions& options, const AccessPolicy& policy) {
    feed(gate_.reload(options, policy));
  }

  Broker::Census census() const { return core_.census(); }

  void change_limits(const Limits& limits) {
    limits_ = limits;
    feed(LimitsChanged{limits});
  }

  void feed(const Input& input) {
    feeding_ = true;
    core_.handle(input, now());
    perform_all();
    feeding_ = false;
    if (writer_) writer_->commit();
    rearm();
    if (!ended_.empty()) feed_ended();
  }

 private:
  struct Link {
    std::shared_ptr<transport::Link> connection;
    std::string peer;
    std::size_t listener;
    bool is_local;             // comes from this machine
    std::string gate_key;      // what handshakes_gate_ counts it under
    bool is_open = false;      // the core knows it
    bool is_too_late = false;  // with its handshake
    bool is_told = false;      // that it failed
    bool dirty = false;
    error_code ended_by = {};
  };

  void take(Socket socket, std::string peer, std::size_t listener) {
    if (opening_ >= options_.handshakes_max) return listeners_->left(listener);
    const bool has_proxy = listeners_->options(listener).proxy_protocol;
    auto layer = listeners_->layer(listener);
    const std::string key = layer && !has_proxy ? ConnectionGate::key_of(peer) : std::string();
    if (!handshakes_gate_.enter(key, now(), {limits_.links_per_address, limits_.links_per_second}))
      return listeners_->left(listener);
    const bool local = is_local(socket) && !has_proxy;
    const LinkId id{++last_link_};
    transport::Link::Owner owner{.opened = [this, id] { open(id); },
                                 .received =
                                     [this, id](std::span<const std::byte> bytes) {
                                       feed(BytesIn{id, bytes});
                                     },
                                 .drained =
                                     [this, id](std::size_t bytes) {
                                       feed(Drained{id, bytes});
                                     },
                                 .leaving =
                                     [this, id] {
                                       tell_failure(links_.at(id));
                                       linger(id);
                                     },
                                 .ended = [this, id](error_code error) { on_ended(id, error); }};
    if (layer) await_handshake(id);
    auto connection = transport::layered(
        std::make_shared<Connection>(
            std::move(socket), transport::Link::Owner{},
            transport::ConnectionOptions{.reading_pauses_over = options_.reading_pauses_over,
                                         .close_awaits_peer = true}),
        std::move(layer), std::move(owner), options_.reading_pauses_over);
    links_.emplace(id, Link{connection, std::move(peer), listener, local, key});
    ++opening_;
    connection->start();
  }

  void open(LinkId id) {
    Link& link = links_.at(id);
    link.is_open = true;
    --opening_;
    const transport::LinkFacts facts = link.connection->facts();
    if (!facts.address.empty()) link.peer = facts.address;
    const ListenerOptions& options = listeners_->options(link.listener);
    LinkUp up{id, link.peer, gate_.anonymous_allowed(options, link.is_local)};
    up.verifies_users = options.has_users();
    up.origin = gate_.origin_of(options);
    up.mount_point = options.mount_point;
    if (options.certificate_is_user && facts.certificate && !facts.certificate->common_name.empty())
      up.identity = facts.certificate->common_name;
    else if (options.subject_is_user && facts.certificate && !facts.certificate->subject.empty())
      up.identity = facts.certificate->subject;
    if (options.psk_identity_is_user && !facts.psk_identity.empty())
      up.identity = facts.psk_identity;
    feed(up);
  }

  void drop_unopened() {
    std::erase_if(links_, [this](const auto& entry) {
      if (entry.second.is_open) return false;
      entry.second.connection->drop();
      forget(entry.second);
      --opening_;
      return true;
    });
  }

  void await_handshake(LinkId id) {
    handshakes_.push_back({std::chrono::steady_clock::now() + options_.handshake_timeout, id});
    if (handshakes_.size() == 1) await(handshakes_, handshake_timer_, &Body::end_handshake);
  }

  void end_handshake(LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end() || found->second.is_open) return;
    found->second.is_too_late = true;
    const auto connection = found->second.connection;
    connection->abort();
  }

  Recovered recover() const {
    if (!store_) return {};
    Recovered left = store_->recover();
    for (const std::string& trouble : strangers(left, gate_.policy()))
      if (options_.store->on_trouble) options_.store->on_trouble(trouble);
    return left;
  }

  WallClock wall_clock() const {
    return {std::chrono::duration_cast<Duration>(
        std::chrono::system_clock::now().time_since_epoch() - now().time_since_epoch())};
  }

  Instant now() const { return clock_.now(); }

  void on_ended(LinkId id, error_code error) {
    if (const auto found = links_.find(id); found != links_.end()) found->second.ended_by = error;
    ended_.push_back(id);
    if (!feeding_) feed_ended();
  }

  void feed_ended() {
    if (std::exchange(feeding_ended_, true)) return;
    while (!ended_.empty()) {
      const LinkId id = ended_.front();
      ended_.pop_front();
      const auto found = links_.find(id);
      if (found == links_.end()) continue;
      Link link = std::move(found->second);
      links_.erase(found);
      forget(link);
      tell_failure(link);
      if (link.is_open) {
        gate_.forget(id);
        feed(LinkDown{id, reason_of(link)});
      } else
        --opening_;
    }
    feeding_ended_ = false;
    tell_if_stopped();
  }

  // Why a link went down; empty: the client closed it.
  static std::string reason_of(const Link& link) {
    if (std::string why = link.connection->failure(); !why.empty()) return why;
    const bool is_closed = !link.ended_by || link.ended_by == asio::error::eof;
    return is_closed ? std::string() : link.ended_by.message();
  }

  void forget(const Link& link) {
    listeners_->left(link.listener);
    handshakes_gate_.left(link.gate_key);
  }

  void tell_failure(Link& link) {
    if (!options_.on_link_failed || std::exchange(link.is_told, true)) return;
    const std::string why =
        link.is_too_late ? "no handshake within the time limit" : link.connection->failure();
    if (!why.empty()) options_.on_link_failed(link.peer, why);
  }

  void perform_all() {
    while (auto output = core_.poll())
      std::visit(overloaded{[&](SendBytes& order) { send(order); },
                            [&](CloseLink& order) { close(order.link); },
                            [&](ReadLink& order) { read(order); },
                            [&](Persist& order) { writer_->append(std::move(order)); },
                            [&](Authenticate& question) { gate_.ask(std::move(question)); },
                            [&](Note& note) {
                              if (on_note_) on_note_(note);
                            }},
                 *output);
  }

  void on_store(const StoreNews& news) {
    if (store_fails_ != news.problem.has_value()) {
      store_fails_ = news.problem.has_value();
      feed(StoreTakes{!store_fails_});
      if (options_.store->on_trouble)
        options_.store->on_trouble(store_fails_ ? *news.problem
                                                : options_.store->path + ": can be written again");
    }
    feed(Persisted{news.persisted});
  }

  void send(SendBytes& order) {
    const auto found = links_.find(order.link);
    if (found == links_.end()) return;
    found->second.connection->send(std::move(order.bytes));
    mark_dirty(order.link, found->second);
  }

  // Flushes once after all that the present round of events brings.
  void mark_dirty(LinkId id, Link& link) {
    if (link.dirty) return;
    link.dirty = true;
    dirty_.push_back(id);
    if (dirty_.size() > 1) return;
    asio::post(context_, [self = shared_from_this()] { self->flush_all(); });
  }

  void flush_all() {
    for (const LinkId id : std::exchange(dirty_, {})) {
      const auto found = links_.find(id);
      if (found == links_.end()) continue;
      found->second.dirty = false;
      found->second.connection->flush();
    }
  }

  void read(const ReadLink& order) {
    const auto found = links_.find(order.link);
    if (found == links_.end()) return;
    const auto connection = found->second.connection;
    // Later: what was held back may be read at once, and the core is busy now.
    asio::post(context_, [connection, on = order.on] { connection->hold_reading(!on); });
  }

  void close(LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    linger(id);
    found->second.connection->close();
  }

  void linger(LinkId id) {
    lingering_.push_back({std::chrono::steady_clock::now() + options_.linger, id});
    if (lingering_.size() == 1) await(lingering_, linger_timer_, &Body::end_lingering);
  }

  void end_lingering(LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    const auto connection = found->second.connection;
    connection->abort();
  }

  struct Patience {
    std::chrono::steady_clock::time_point until;
    LinkId link;
  };

  // For the first of the queue, whose ends come in order; then for the next one.
  void await(std::deque<Patience>& queue, asio::steady_timer& timer, void (Body::*end)(LinkId)) {
    timer.expires_at(queue.front().until);
    timer.async_wait([self = shared_from_this(), &queue, &timer, end](error_code error) {
      if (error) return;
      const auto at = std::chrono::steady_clock::now();
      while (!queue.empty() && queue.front().until <= at) {
        const LinkId id = queue.front().link;
        queue.pop_front();
        (self.get()->*end)(id);
      }
      if (!queue.empty()) self->await(queue, timer, end);
    });
  }

  void rearm() {
    clock_.keep(core_.deadline(), [self = shared_from_this()] { self->feed(Tick{}); });
  }

  void tell_if_stopped() {
    if (!stopped_ || !links_.empty()) return;
    clock_.cancel();
    linger_timer_.cancel();
    handshake_timer_.cancel();
    if (writer_) writer_->close();
    std::exchange(stopped_, nullptr)();
  }

  asio::io_context& context_;
  const ServerOptions options_;
  const NoteHandler on_note_;
  transport::CoreClock clock_;          // before all that asks it
  std::unique_ptr<SqliteStore> store_;  // until the writer has it
  Gatekeeper gate_;
  Broker core_;
  asio::steady_timer linger_timer_;
  asio::steady_timer handshake_timer_;
  const std::shared_ptr<Listeners> listeners_;
  std::unordered_map<LinkId, Link> links_;
  std::vector<LinkId> dirty_;
  std::deque<LinkId> ended_;
  std::deque<Patience> lingering_;
  std::deque<Patience> handshakes_;
  std::size_t opening_ = 0;  // links that the core does not know yet
  // Handshakes cost more than anything that follows: who comes too often does not get as far as
  // one. Behind a proxy it is not known yet who comes.
  ConnectionGate handshakes_gate_;
  Limits limits_ = options_.settings.limits;
  std::unique_ptr<StoreWriter> writer_;  // nothing: records are not asked for
  bool store_fails_ = false;
  std::function<void()> stopped_;
  std::uint64_t last_link_ = 0;
  bool feeding_ = false;
  bool feeding_ended_ = false;
};

Server::Server(asio::io_context& context, ServerOptions options, NoteHandler on_note)
    : body_(std::make_shared<Body>(context, std::move(options), std::move(on_note))) {}
Server::~Server() { body_->abandon(); }
std::vector<std::string> Server::start() { return body_->start(); }
void Server::reload_access(const AccessOptions& options, const AccessPolicy& policy) {
  body_->reload_access(options, policy);
}
void Server::stop(std::function<void()> stopped) { body_->stop(std::move(stopped)); }
void Server::reload_certificates() { body_->reload_certificates(); }
void Server::announce(Announce word) { body_->feed(std::move(word)); }
void Server::change_limits(const Limits& limits) { body_->change_limits(limits); }
Broker::Census Server::census() const { return body_->census(); }

}  // namespace mq::broker
