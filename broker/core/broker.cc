// What is heard, what is sent, and what is due.
#include "broker/core/broker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/overloaded.h"
#include "broker/core/core.h"

namespace mq::broker {

namespace {

// What may pile up towards a client that does not read, over the limit at which messages stop:
// acknowledgements and answers to its own packets. Beyond, the link is closed.
constexpr std::size_t answers_over_backlog = 64 * 1024;

constexpr std::size_t held_compact_from = 64;

// A copy: others may share the bytes.
Bytes with_time_left(const HeldOrder& order, Instant now) {
  return Bytes::make(order.bytes.size(), [&](std::span<std::byte> to) {
    std::memcpy(to.data(), order.bytes.span().data(), to.size());
    PublishHead{.expiry_at = order.expiry_at}.set_expiry(to, lifetime_left(*order.expires_at, now));
  });
}

}  // namespace

Broker::Broker(Settings settings, Rng rng, const Recovered& recovered, Instant now)
    : core_(std::make_unique<Core>(settings, rng, recovered, now)) {}
Broker::~Broker() = default;
void Broker::handle(const Input& input, Instant now) { core_->handle(input, now); }
std::optional<Output> Broker::poll() { return core_->poll(); }
std::optional<Instant> Broker::deadline() const { return core_->deadline(); }
std::vector<Memory> Broker::memory(LinkId link) const { return core_->memory(link); }
Broker::Census Broker::census() const { return core_->census(); }

Broker::Core::Core(Settings settings, Rng rng, const Recovered& recovered, Instant now)
    : settings_(settings), rng_(rng), now_(now) {
  recover(recovered);
}

void Broker::Core::handle(const Input& input, Instant now) {
  now_ = now;
  run_timers();
  std::visit([this](const auto& happened) { on(happened); }, input);
  serve_publishers();
}

std::optional<Instant> Broker::Core::deadline() const {
  const auto timers = timers_.deadline();
  const auto retained = retained_.deadline();
  if (!timers || !retained) return timers ? timers : retained;
  return std::min(*timers, *retained);
}

std::vector<Memory> Broker::Core::memory(LinkId id) const {
  const Link* const link = find(id);
  if (link == nullptr) return {};
  std::vector<Memory> all{place_of(*link)};
  if (link->session != nullptr) all.push_back(place_of(*link->session));
  return all;
}

Broker::Census Broker::Core::census() const {
  return {.links = links_.size(),
          .sessions = sessions_.size(),
          .subscriptions = subscriptions_.size(),
          .retained = retained_.size(),
          .queued_messages = totals_.messages,
          .queued_bytes = totals_.bytes,
          .dropped_messages = dropped_messages_,
          .connected = connected_,
          .shared_subscriptions = subscriptions_.shared_size(),
          .retained_bytes = retained_.bytes(),
          .traffic = traffic_,

          .held_messages = held_messages_,
          .unstored_bytes = unstored_.bytes(),
          .awaiting_store = awaiting_store_.size()};
}

Link* Broker::Core::find(LinkId link) const {
  auto at = links_.find(link);
  return at == links_.end() ? nullptr : at->second.get();
}

Session* Broker::Core::find(std::string_view client_id) const {
  auto at = sessions_.find(client_id);
  return at == sessions_.end() ? nullptr : at->second.get();
}

// ---- What is heard ---------------------------------------------------------------------------

void Broker::Core::on(const LinkUp& up) {
  ++traffic_.links;
  std::string gate_key = ConnectionGate::key_of(up.address);
  if (links_.size() >= limits_.links ||
      !gate_.enter(gate_key, now_, {limits_.links_per_address, limits_.links_per_second})) {
    ++traffic_.refused;
    outbox_.note({.what = Note::What::refused,
                  .link = up.link,
                  .reason = ReasonCode::server_busy,
                  .rule = Rule::limit_is_kept,
                  .address = up.address});
    outbox_.close(up.link, Rule::limit_is_kept);
    return;  // whatever comes from it later is from nobody
  }
  auto made = std::make_unique<Link>(up.link, up.address, limits_.packet_bytes_before_connect);
  made->gate_key = std::move(gate_key);
  made->anonymous_allowed = up.anonymous_allowed;
  made->verifies_users = up.verifies_users;
  made->origin = &*origins_.insert(up.origin).first;
  made->mount_point = up.mount_point;
  if (up.identity) {
    made->authentication = std::make_unique<Authentication>();
    made->authentication->identity = up.identity;
  }
  made->silent_until = now_ + limits_.connect_timeout;
  arm(*made, made->silent_until);
  links_.emplace(up.link, std::move(made));
}

void Broker::Core::on(const BytesIn& in) {
  Link* link = find(in.link);
  if (link == nullptr || link->phase == Phase::closing) return;
  traffic_.bytes_received += in.bytes.size();
  link->reader.feed(in.bytes);
  read(*link);
}

// What follows a CONNECT stays unread until it is known who sent it.
void Broker::Core::read(Link& link) {
  while (link.phase != Phase::closing && !link.put_aside && !(link.hold && !link.hold->reading)) {
    if (link.phase == Phase::authenticating && link.awaits(Authentication::Turn::verifier)) {
      if (link.reader.buffered_bytes() > limits_.packet_bytes_before_connect)
        refuse(link, ReasonCode::quota_exceeded, Rule::limit_is_kept);
      return;
    }
    Decoded decoded = link.reader.next();
    if (auto* packet = std::get_if<Packet>(&decoded)) {
      if (must_wait_for_store(link, *packet)) return put_aside(link, std::move(*packet));
      hear(link, *packet);
    } else if (auto* malformed = std::get_if<Malformed>(&decoded)) {
      fault(link, malformed->rule);
    } else {
      return;
    }
  }
}

void Broker::Core::hear(Link& link, Packet& packet) {
  ++traffic_.packets_received;
  const Rule broken = broken_by(link.phase, kind(packet));
  if (broken != Rule::none) return fault(link, broken);
  if (link.phase == Phase::connected) link.silent_until = now_ + link.patience;
  std::visit(overloaded{[&](Connect& p) { on(link, p); }, [&](Publish& p) { on(link, p); },
                        [&](PubAck& p) { on(link, p); }, [&](PubRec& p) { on(link, p); },
                        [&](PubRel& p) { on(link, p); }, [&](PubComp& p) { on(link, p); },
                        [&](Subscribe& p) { on(link, p); }, [&](Unsubscribe& p) { on(link, p); },
                        [&](PingReq&) { answer(link, PingResp{}); },
                        [&](Disconnect& p) { on(link, p); }, [&](Auth& p) { on(link, p); },
                        [&](auto&) { fault(link, Rule::packet_goes_this_way); }},
             packet);
}

void Broker::Core::on(const LinkDown& down) {
  Link* link = find(down.link);
  if (link == nullptr) return;
  if (link->session != nullptr)
    outbox_.note({.what = Note::What::disconnected,
                  .link = link->id,
                  .client_id = link->session->client_id,
                  .reason = ReasonCode::unspecified_error,
                  .because = down.because.empty() ? "closed without DISCONNECT" : down.because});
  link->phase = Phase::closing;
  stop_waiting(link->id);
  arm(*link, std::nullopt);
  timers_.arm(Timer::Kind::stall, static_cast<std::uint64_t>(link->id), link->stall_armed,
              std::nullopt);
  gate_.left(link->gate_key);
  detach(*link, End::abnormal);
  links_.erase(down.link);
}

void Broker::Core::on(const Drained& drained) {
  Link* link = find(drained.link);
  if (link == nullptr) return;
  link->backlog -= std::min(link->backlog, drained.bytes);
  if (link->stall_armed) watch_backlog(*link, drained.bytes > 0);
  if (link->session == nullptr || link->phase != Phase::connected) return;
  has_more_room(*link->session);
  pump(*link->session);
}

void Broker::Core::on(const Persisted& persisted) {
  durable_ = std::max(durable_, persisted.upto);
  while (!held_links_.empty() && held_links_.front().first <= durable_) {
    const LinkId id = held_links_.front().second;
    held_links_.pop_front();
    if (Link* link = find(id)) release_held(*link);
  }
  unstored_.persisted(durable_);
  serve_awaiting_store(Whom::until_one_waits);
}

void Broker::Core::on(const Shutdown&) {
  std::vector<LinkId> open;
  for (const auto& [id, link] : links_)
    if (link->phase != Phase::closing) open.push_back(id);
  std::sort(open.begin(), open.end());
  for (LinkId id : open) {
    Link& link = *find(id);
    if (link.phase == Phase::connected && link.v5()) answer(link, farewell(link));
    if (link.phase == Phase::closing) continue;  // it never read, and was cut off just now
    close(link, Rule::none);
    detach(link, End::shutdown);
  }
}

Disconnect Broker::Core::farewell(const Link& link) const {
  if (settings_.server_reference.empty()) return {ReasonCode::server_shutting_down, {}};
  Disconnect elsewhere{ReasonCode::use_another_server, {}};
  elsewhere.properties.add(PropertyId::server_reference, settings_.server_reference);
  if (fits(link, encoded_bytes(elsewhere, link.version))) return elsewhere;
  return {ReasonCode::server_shutting_down, {}};
}

void Broker::Core::on(const LimitsChanged& changed) {
  const Limits before = settings_.limits;
  settings_.limits = changed.limits;
  settings_.limits.packet_bytes = before.packet_bytes;
  settings_.limits.receive_maximum = before.receive_maximum;
  settings_.limits.topic_aliases = before.topic_aliases;
  serve_awaiting_store(Whom::until_one_waits);
}

void Broker::Core::run_timers() {
  while (auto timer = timers_.take(now_)) {
    if (timer->kind == Timer::Kind::link) {
      Link& link = *find(LinkId{timer->number});
      link.armed.reset();
      link_is_silent(link);
    } else if (timer->kind == Timer::Kind::hold) {
      Link& link = *find(LinkId{timer->number});
      link.hold->armed.reset();
      held_too_long(link);
    } else if (timer->kind == Timer::Kind::stall) {
      Link& link = *find(LinkId{timer->number});
      link.stall_armed.reset();
      fault(link, Rule::limit_is_kept);
    } else {
      Session& session = *numbered_.at(timer->number);
      session.armed.reset();
      session_is_due(session);
    }
  }
  while (auto topic = retained_.first_expired(now_)) forget_retained(*topic);
}

// ---- What is sent ----------------------------------------------------------------------------

void Broker::Core::emit(Link& link, HeldOrder& order) {
  if (order.closes) return outbox_.close(link.id, order.because);
  if (order.bytes.empty()) return;  // what stood here was let go
  if (order.expiry_at != 0 && order.encoded_at != now_) order.bytes = with_time_left(order, now_);
  if (order.answers_publish && link.unanswered_publishes > 0) --link.unanswered_publishes;
  emit(link, std::move(order.bytes), std::move(order.payload));
}

void Broker::Core::send(Link& link, HeldOrder order) {
  if (goes_at_once(link, order.size(), order.needs))
    emit(link, order);
  else
    wait(link, std::move(order));
}

// Counts them for the link's backlog; false: they wait for the store, or behind what does.
bool Broker::Core::goes_at_once(Link& link, std::size_t bytes, std::uint64_t needs) {
  link.backlog += bytes;
  if (link.backlog >= limits_.backlog_bytes) watch_backlog(link, false);
  return !link.holds() && (needs <= durable_ || faulty(Fault::answers_before_stored));
}

void Broker::Core::wait(Link& link, HeldOrder order) {
  const std::uint64_t needs = order.needs;
  link.held.push_back(std::move(order));
  if (needs > durable_) wake_when_durable(link, needs);  // else it waits for what stands before it
}

// Old records may be waited for anew; the list stays sorted if such a link is woken later.
void Broker::Core::wake_when_durable(Link& link, std::uint64_t needs) {
  const std::uint64_t wake =
      held_links_.empty() ? needs : std::max(needs, held_links_.back().first);
  if (held_links_.empty() || held_links_.back() != std::pair(wake, link.id))
    held_links_.emplace_back(wake, link.id);
}

void Broker::Core::release_held(Link& link) {
  bool makes_room = false;
  while (link.holds() && link.held[link.held_done].needs <= durable_) {
    HeldOrder& order = link.held[link.held_done];
    if (!order.is_too_late(now_)) {
      emit(link, order);
    } else {
      makes_room = true;
      if (const std::uint64_t needs = let_go(link, order)) {
        link.held[link.held_done] = HeldOrder{.bytes = {}, .needs = needs};
        wake_when_durable(link, needs);
        break;
      }
    }
    ++link.held_done;
  }
  // Under load there is always something that waits, so what is gone is cleared now and then.
  if (!link.holds() ||
      (link.held_done >= held_compact_from && link.held_done * 2 >= link.held.size())) {
    link.held.erase(link.held.begin(),
                    link.held.begin() + static_cast<std::ptrdiff_t>(link.held_done));
    link.held_done = 0;
  }
  if (makes_room && link.session != nullptr) pump(*link.session);
}

// A PUBLISH whose time was over before it could leave: its message is done with. Returns the record
// that has to be durable before what stands behind it leaves: after a crash it would come then, out
// of its order. 0: none.
std::uint64_t Broker::Core::let_go(Link& link, const HeldOrder& order) {
  link.backlog -= std::min(link.backlog, order.size());
  if (order.first_sending_of == 0 || link.session == nullptr) return 0;
  Session& session = *link.session;
  const Delivery* const delivery = session.outgoing.at_position(order.first_sending_of);
  if (delivery == nullptr) return 0;
  const std::uint64_t before = outbox_.last_sequence();
  drop_delivery(session, session.outgoing.find(delivery->packet_id));
  return needs_since(before);
}

// The session is taken from the link: of what never left nothing was begun, and nothing of it
// leaves over this link any more, QoS 0 neither, which may lean on an alias that was not told.
void Broker::Core::take_back(Link& link) {
  const auto rest = link.held.begin() + static_cast<std::ptrdiff_t>(link.held_done);
  const auto is_publish = [](const HeldOrder& order) { return order.is_publish; };
  for (auto order = rest; order != link.held.end(); ++order) {
    if (!is_publish(*order)) continue;
    link.backlog -= std::min(link.backlog, order->size());
    if (order->first_sending_of != 0) give_back(*link.session, order->first_sending_of);
  }
  link.held.erase(std::remove_if(rest, link.held.end(), is_publish), link.held.end());
}

// It waits again as if it had not been sent. A message without a lifetime may be begun for the
// store: all that tells is whether its next PUBLISH has DUP after a crash.
void Broker::Core::give_back(Session& session, std::uint64_t position) {
  Delivery* const delivery = session.outgoing.at_position(position);
  if (delivery == nullptr) return;
  delivery->sent_before = false;
  delivery->packet_id = PacketId::none;
  delivery->phase = Delivery::Phase::queued;
  if (delivery->letter->message.expires_at) record(session, *delivery);
}

void Broker::Core::answer(Link& link, const Packet& packet, std::uint64_t needs,
                          bool answers_publish) {
  if (link.backlog > limits_.backlog_bytes + answers_over_backlog)
    return fault(link, Rule::limit_is_kept);
  Bytes bytes = encode(packet, link.version);
  if (!fits(link, bytes.size())) {
    // v5 MQTT-3.1.2-24 forbids to send it, and there is no other way to say it.
    if (kind(packet) != Kind::conn_ack)
      disconnect(link, ReasonCode::packet_too_large, Rule::packet_fits_the_maximum);
    else
      close(link, Rule::packet_fits_the_maximum);
    return detach(link, End::abnormal);
  }
  ++traffic_.packets_sent;
  send(link, {.bytes = std::move(bytes), .needs = needs, .answers_publish = answers_publish});
}

// Behind what is held: an acknowledgement that waits for the store still gets through.
void Broker::Core::close(Link& link, Rule because) {
  link.phase = Phase::closing;
  stop_waiting(link.id);
  arm(link, std::nullopt);
  HeldOrder order{.because = because, .closes = true};
  if (link.holds())
    link.held.push_back(std::move(order));
  else
    emit(link, order);
}

// The broker ends the link; a 5.0 client is told why (v5 MQTT-4.13.2-1).
void Broker::Core::disconnect(Link& link, ReasonCode reason, Rule rule) {
  outbox_.note({.what = Note::What::disconnected,
                .link = link.id,
                .client_id = link.session != nullptr ? link.session->client_id : std::string(),
                .reason = reason,
                .rule = rule});
  if (link.v5() && link.backlog <= limits_.backlog_bytes + answers_over_backlog) {
    Disconnect packet{reason, {}};
    packet.properties.add(PropertyId::reason_string, std::string(info(rule).sentence));
    if (!fits(link, encoded_bytes(packet, link.version))) packet.properties = {};
    if (fits(link, encoded_bytes(packet, link.version))) {
      ++traffic_.packets_sent;
      send(link, encode(packet, link.version), 0);
    }
  }
  close(link, rule);
}

std::string_view Broker::Core::words_for(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::quota_exceeded:
      return "A limit of the broker is reached, such as the queue of a subscriber.";
    case ReasonCode::topic_name_invalid:
      return "The topic is longer or has more levels than this broker takes.";
    case ReasonCode::topic_filter_invalid:
      return "The filter is longer or has more levels than this broker takes.";
    case ReasonCode::not_authorized:
      return "This client may not do so.";
    case ReasonCode::payload_format_invalid:
      return info(Rule::payload_is_as_indicated).sentence;
    case ReasonCode::packet_identifier_in_use:
      return "A message under this packet identifier has not been released.";
    default:
      return {};
  }
}

void Broker::Core::fault(Link& link, Rule rule) {
  if (link.phase == Phase::closing) return;
  if (link.phase != Phase::connected) return refuse(link, info(rule).reason, rule);
  disconnect(link, info(rule).reason, rule);
  detach(link, End::abnormal);
}

void Broker::Core::dropped(const Session& session, ReasonCode reason) {
  ++dropped_messages_;
  outbox_.note({.what = Note::What::message_dropped,
                .link = session.link != nullptr ? session.link->id : LinkId{},
                .client_id = session.client_id,
                .reason = reason});
}

}  // namespace mq::broker
