// The course of a connection: opening, CONNECT, keep alive, closing, and when to try again.
#include "client/core/client.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "client/core/core.h"

namespace mq::client {
namespace {

// What may wait beside our messages, which stop before: answers to the broker's.
constexpr std::size_t answers_over_backlog = 64 * 1024;

// So long a TCP that was closed goes on sending what it was given: Linux gives up after 924 s.
constexpr std::chrono::minutes ghost_life{20};

}  // namespace

Client::Client(Settings settings, Rng rng, const Recovered& recovered)
    : core_(std::make_unique<Core>(std::move(settings), rng, recovered)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
void Client::handle(const Input& input, Instant now) { core_->handle(input, now); }
std::optional<Output> Client::poll() { return core_->poll(); }
std::optional<Instant> Client::deadline() const { return core_->deadline(); }
Memory Client::memory() const { return place_of(*core_); }
bool Client::connected() const { return core_->connected(); }
std::size_t Client::queued_messages() const { return core_->queued_messages(); }

Client::Core::Core(Settings settings, Rng rng, const Recovered& recovered)
    : settings_(std::move(settings)),
      grants_(grants(settings_)),
      backoff_(settings_.reconnect, rng),
      client_id_(settings_.client_id),
      persists_(session_persists(settings_)),
      nonces_(rng.child("nonces")) {
  recover(recovered);
}

void Client::Core::handle(const Input& input, Instant now) {
  take_time(now);
  std::visit([this](const auto& what) { on(what); }, input);
  pump();
  flush();
}

// A clock that is set back stands still, as seen from here, and goes on. How long it was since the
// last time nobody can tell: a broker that waits for us is not left to wait.
void Client::Core::take_time(Instant now) {
  if (now + set_back_ < now_) {
    set_back_ = now_ - now;
    if (phase_ == Phase::connected && terms_.keep_alive.count() > 0) {
      if (!ping_since_) ping_since_ = now_;
      put(PingReq{});
    }
  }
  now_ = now + set_back_;
}

std::optional<Output> Client::Core::poll() {
  if (outbox_.empty()) return std::nullopt;
  Output output = std::move(outbox_.front());
  outbox_.pop_front();
  return output;
}

std::optional<Instant> Client::Core::deadline() const {
  std::optional<Instant> due = earliest_expiry_;
  const auto at = [&due](Instant when) { due = due ? std::min(*due, when) : when; };
  switch (phase_) {
    case Phase::backing_off:
    case Phase::opening:
    case Phase::awaiting_conn_ack:
      at(phase_ends_);
      break;
    case Phase::connected:
      if (terms_.keep_alive.count() > 0) at(next_ping());
      if (ping_since_) at(ping_deadline());
      break;
    case Phase::idle:
    case Phase::closing:
    case Phase::stopped:
      break;
  }
  if (due) *due -= set_back_;
  return due;
}

void Client::Core::on(const Start&) {
  stopping_ = false;
  if (phase_ == Phase::idle || phase_ == Phase::stopped) open_link();
}

void Client::Core::open_link() {
  phase_ = Phase::opening;
  phase_ends_ = now_ + settings_.connect_timeout;
  because_ = Rule::none;
  by_peer_.reset();
  had_connection_ = false;
  emit(OpenLink{});
}

void Client::Core::on(const LinkUp&) {
  if (phase_ != Phase::opening) return;  // it came while we were giving up on it
  phase_ = Phase::awaiting_conn_ack;
  phase_ends_ = now_ + settings_.connect_timeout;
  last_sent_ = last_heard_ = now_;
  ping_since_.reset();
  undrained_ = 0;
  terms_ = Terms{};
  if (!has(settings_, Fault::keeps_aliases)) aliases_ = {};
  reader_.emplace(Sender::server, settings_.version, grants_.packet_bytes);
  inbound_.new_connection(grants_, settings_.version);
  // Only the first connection may want a clean start: later ones would lose what they resume.
  sent_clean_start_ = settings_.clean_start && !(persists_ && had_session_);
  // Without a name there is no session to come back to (v3.1.1 MQTT-3.1.3-7).
  if (client_id_.empty() && settings_.version != Version::v5) sent_clean_start_ = true;
  Connect connect = make_connect(settings_, client_id_, sent_clean_start_);
  if (proves_itself()) begin_authentication(connect);
  put(connect);
  connect_is_unanswered_ = true;
}

void Client::Core::on(const LinkDown&) {
  if (phase_ == Phase::idle || phase_ == Phase::backing_off || phase_ == Phase::stopped) return;
  leave_ghost();
  reader_.reset();
  held_.clear();
  wire_.clear();
  undrained_ = 0;
  outbound_.link_lost();
  for (Request& request : requests_) request.packet_id = PacketId::none;
  if (!had_connection_ && has(settings_, Fault::gives_up)) stopping_ = true;
  if (had_connection_)
    emit(Disconnected{.by_peer = std::exchange(by_peer_, std::nullopt), .because = because_});
  back_off_or_stop();
}

void Client::Core::leave_ghost() {
  if (!std::exchange(connect_is_unanswered_, false)) return;
  ++ghosts_;
  last_ghost_ = now_;
}

// Whether it was a CONNECT of our own that took the session over; each can do so once.
bool Client::Core::is_by_ghost(ReasonCode farewell) {
  if (now_ - last_ghost_ > ghost_life) ghosts_ = 0;
  if (farewell != ReasonCode::session_taken_over || ghosts_ == 0) return false;
  --ghosts_;
  return true;
}

void Client::Core::back_off_or_stop() {
  if (stopping_ || !settings_.reconnect.enabled) {
    stopping_ = false;
    phase_ = Phase::stopped;
    emit(Stopped{});
    return;
  }
  phase_ = Phase::backing_off;
  phase_ends_ = now_ + backoff_.next();
}

void Client::Core::on(const BytesIn& input) {
  if (!reader_ || (phase_ != Phase::awaiting_conn_ack && phase_ != Phase::connected)) return;
  last_heard_ = now_;
  reader_->feed(input.bytes);
  while (phase_ == Phase::awaiting_conn_ack || phase_ == Phase::connected) {
    Decoded decoded = reader_->next();
    if (std::holds_alternative<NeedMore>(decoded)) return;
    if (const auto* malformed = std::get_if<Malformed>(&decoded)) return fail(malformed->rule);
    hear(std::get<Packet>(decoded));
  }
}

void Client::Core::on(const Drained& input) { undrained_ -= std::min(undrained_, input.bytes); }

void Client::Core::on(const Tick&) {
  drop_expired();
  switch (phase_) {
    case Phase::backing_off:
      if (now_ >= phase_ends_) open_link();
      break;
    case Phase::opening:
    case Phase::awaiting_conn_ack:
      if (now_ >= phase_ends_) close(Rule::silence_closes_link);
      break;
    case Phase::connected:
      on_connected_time();
      break;
    case Phase::idle:
    case Phase::closing:
    case Phase::stopped:
      break;
  }
}

void Client::Core::on(const Persisted& input) {
  ensure(input.upto <= last_persist_, "only what was emitted can be durable");
  durable_ = std::max(durable_, input.upto);
  put_durable();
}

void Client::Core::on(const WillOrder& order) { settings_.will = order.will; }

void Client::Core::on(const StopOrder& order) {
  switch (phase_) {
    case Phase::idle:
    case Phase::backing_off:
      phase_ = Phase::stopped;
      emit(Stopped{});
      return;
    case Phase::stopped:
      emit(Stopped{});
      return;
    case Phase::connected:
      stopping_ = true;
      pump();
      // DISCONNECT of 3.1.1 always discards the will: to leave it to the broker, say nothing.
      if (settings_.version == Version::v5)
        put(Disconnect{.reason = order.reason, .properties = order.properties});
      else if (order.reason != ReasonCode::disconnect_with_will)
        put(Disconnect{});
      close(Rule::none);
      return;
    case Phase::opening:
    case Phase::awaiting_conn_ack:
      stopping_ = true;
      close(Rule::none);
      return;
    case Phase::closing:
      stopping_ = true;
      return;
  }
}

void Client::Core::close(Rule because) {
  because_ = because;
  flush();
  phase_ = Phase::closing;
  emit(CloseLink{because});
}

// The broker broke a rule. 5.0 lets us say so; in 3.1.1 DISCONNECT would discard the will.
void Client::Core::fail(Rule broken) {
  if (had_connection_) backoff_.distrust();
  if (settings_.version == Version::v5)
    put(Disconnect{.reason = farewell_reason(broken), .properties = {}});
  close(broken);
}

// A PINGREQ is due when we were silent for one keep alive (v5 MQTT-3.1.2-20), and also when only
// the broker was: a publisher that is never idle finds out that nobody listens.
Instant Client::Core::next_ping() const {
  const Instant silent_since = ping_since_ ? last_sent_ : std::min(last_sent_, last_heard_);
  return silent_since + terms_.keep_alive;
}

Instant Client::Core::ping_deadline() const {
  return std::max(*ping_since_, last_heard_) + settings_.ping_timeout;
}

void Client::Core::on_connected_time() {
  if (ping_since_ && now_ >= ping_deadline()) return close(Rule::silence_closes_link);
  if (terms_.keep_alive.count() == 0 || now_ < next_ping()) return;
  if (!ping_since_) ping_since_ = now_;
  put(PingReq{});
}

void Client::Core::put(const Packet& packet) {
  if (phase_ == Phase::closing) return;
  const std::size_t bytes = encoded_bytes(packet, settings_.version);
  const bool goodbye = kind(packet) == Kind::disconnect;
  // A broker that takes no answer of the smallest size, or never reads them, cannot be served.
  if (!fits(bytes)) return goodbye ? void() : close(Rule::packet_fits_the_maximum);
  if (backlog() + bytes > settings_.limits.backlog_bytes + answers_over_backlog)
    return goodbye ? void() : close(Rule::limit_is_kept);
  encode(packet, settings_.version, wire_);
  last_sent_ = now_;
}

void Client::Core::flush() {
  if (wire_.empty()) return;
  undrained_ += wire_.size();
  emit(SendBytes{Bytes::copy(wire_)});
  wire_.clear();
}

std::uint64_t Client::Core::persist(Record record) {
  if (!persists_ || !settings_.keeps_records) return 0;
  emit(Persist{++last_persist_, std::move(record)});
  return last_persist_;
}

void Client::Core::put_when_durable(std::uint64_t sequence, Packet packet) {
  held_.push_back({sequence, std::move(packet)});
  put_durable();
}

void Client::Core::put_durable() {
  while (!held_.empty() && held_.front().sequence <= durable_) {
    const Packet packet = std::move(held_.front().packet);
    held_.pop_front();
    if (const auto* puback = std::get_if<PubAck>(&packet)) inbound_.acknowledged(puback->packet_id);
    if (const auto* pubcomp = std::get_if<PubComp>(&packet))
      inbound_.acknowledged(pubcomp->packet_id);
    put(packet);
  }
}

PacketId Client::Core::free_packet_id() {
  if (has(settings_, Fault::reuses_packet_ids)) return PacketId(last_packet_id_++ % 4 + 1);
  const auto is_used = [this](PacketId id) {
    return id == PacketId::none || outbound_.uses(id) ||
           std::any_of(requests_.begin(), requests_.end(),
                       [id](const Request& request) { return request.packet_id == id; });
  };
  for (int tries = 0; tries <= 0xFFFF; ++tries) {
    const PacketId id{++last_packet_id_};
    if (!is_used(id)) return id;
  }
  return PacketId::none;
}

}  // namespace mq::client
