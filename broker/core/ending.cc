// How links and sessions end, and the wills that this sets free (both standards, 3.1.2.5, 3.14
// and 4.1; delay and expiry: 5.0).
#include <algorithm>
#include <utility>

#include "broker/core/core.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

// So late a timer is not of itself, and so long everything that has arrived takes to be read.
constexpr Duration late_after = 100ms;
constexpr Duration time_to_read = 1s;

}  // namespace

void Broker::Core::arm(Link& link, std::optional<Instant> at) {
  timers_.arm(Timer::Kind::link, static_cast<std::uint64_t>(link.id), link.armed, at);
}

void Broker::Core::arm(Session& session) {
  std::optional<Instant> at = session.expires_at();
  if (session.will && session.will->due)
    at = at ? std::min(*at, *session.will->due) : session.will->due;
  if (session.link != nullptr && session.disconnected_at && faulty(Fault::expiry_runs_on))
    at = *session.disconnected_at + session.expiry;
  timers_.arm(Timer::Kind::session, session.number, session.armed, at);
}

// The timer is set once and looked at again when it fires: hearing a packet costs no timer.
void Broker::Core::link_is_silent(Link& link) {
  // It may have said something.
  const bool unread = link.put_aside || (link.hold && !link.hold->reading);
  if (unread) link.silent_until = now_ + link.patience;
  if (now_ < link.silent_until) return arm(link, link.silent_until);
  // Nobody asked in time: the broker stood still, and what came meanwhile may not be read yet.
  if (now_ - link.silent_until > late_after) {
    link.silent_until = now_ + time_to_read;
    return arm(link, link.silent_until);
  }
  if (link.phase == Phase::authenticating && link.awaits(Authentication::Turn::verifier))
    return refuse(link, ReasonCode::server_busy, Rule::limit_is_kept);
  if (link.phase != Phase::connected) return fault(link, Rule::connect_arrives_in_time);
  fault(link, Rule::silence_closes_link);
}

void Broker::Core::session_is_due(Session& session) {
  if (session.link != nullptr && session.disconnected_at && faulty(Fault::expiry_runs_on)) {
    session.disconnected_at.reset();
    empty(session);
  }
  const auto expires_at = session.expires_at();
  if (expires_at && *expires_at <= now_) {
    ++traffic_.sessions_expired;
    outbox_.note({.what = Note::What::session_expired, .client_id = session.client_id});
    return end_session(session);
  }
  if (session.will && session.will->due && *session.will->due <= now_) publish_will(session);
  arm(session);
}

void Broker::Core::on(Link& link, Disconnect& disconnect) {
  if (link.phase == Phase::authenticating) return close(link, Rule::none);
  Session& session = *link.session;
  if (link.v5()) {
    const auto expiry = disconnect.properties.number(PropertyId::session_expiry_interval);
    const bool was_zero = session.expiry.count() == 0 && limits_.session_expiry.count() > 0;
    if (expiry && *expiry > 0 && was_zero) return fault(link, Rule::session_expiry_stays_zero);
    if (expiry) session.expiry = std::min(std::chrono::seconds(*expiry), limits_.session_expiry);
  }
  outbox_.note({.what = Note::What::disconnected,
                .link = link.id,
                .client_id = session.client_id,
                .reason = disconnect.reason});
  close(link, Rule::none);
  detach(link, disconnect.reason == ReasonCode::success ? End::orderly : End::abnormal);
}

// The link keeps its name until LinkDown; for the session it is over now.
void Broker::Core::detach(Link& link, End end) {
  if (link.session == nullptr) return;
  forget_hold(link);
  take_back(link);
  Session& session = *std::exchange(link.session, nullptr);
  session.link = nullptr;
  --connected_;
  release_publishers(session);
  session.disconnected_at = now_;
  session.outgoing.rewind();
  for (std::size_t i = session.outgoing.size(); faulty(Fault::forgets_shared) && i > 0; --i)
    if (session.outgoing[i - 1].share != 0) drop_delivery(session, i - 1);
  if (session.will && end == End::orderly) drop_will(session);
  if (end == End::shutdown) return record_session(session);
  if (session.expiry.count() == 0) return end_session(session);
  if (session.will) {
    const auto delay = will_delay(session.will->will);
    session.will->due = now_ + delay;
    if (delay.count() == 0)
      publish_will(session);
    else if (settings_.keeps_records)
      persist(SaveWill{session.client_id, session.will->will, session.will->due,
                       author_of(session).user});
  }
  record_session(session);
  arm(session);
}

std::chrono::seconds Broker::Core::will_delay(const Will& will) {
  return std::chrono::seconds(will.properties.number(PropertyId::will_delay_interval).value_or(0));
}

LetterRef Broker::Core::letter_of(Will& will, Author author) {
  auto letter = std::make_shared<Letter>();
  letter->arrived = now_;
  letter->serial = ++last_serial_;
  Message& message = letter->message;
  message.topic = std::move(will.topic);
  message.payload = std::move(will.payload);
  message.qos = will.qos;
  message.retain = will.retain;
  if (message.retain) message.author = std::move(author);
  for (const Property& property : will.properties.all()) {
    if (property.id == PropertyId::message_expiry_interval)
      message.expires_at = now_ + std::chrono::seconds(std::get<std::uint32_t>(property.value));
    else if (property.id != PropertyId::will_delay_interval)
      message.properties.add(property.id, property.value);
  }
  return letter;
}

void Broker::Core::publish_will(Session& session) {
  if (faulty(Fault::drops_will)) return drop_will(session);
  if (!may_write(session, session.will->will.topic)) {
    dropped(session, ReasonCode::not_authorized);
    return drop_will(session);
  }
  outbox_.note({.what = Note::What::will_published, .client_id = session.client_id});
  const LetterRef letter = letter_of(session.will->will, author_of(session));
  drop_will(session);
  pass_on(letter, &session, Refusal::never);
}

void Broker::Core::drop_will(Session& session) {
  session.will.reset();
  if (settings_.keeps_records) persist(DropWill{session.client_id});
}

// What others of its shared subscriptions are to get instead.
std::vector<Broker::Core::Inherited> Broker::Core::legacy(Session& session) {
  std::vector<Inherited> owed;
  for (std::size_t i = 0; i < session.outgoing.size(); ++i) {
    const Delivery& delivery = session.outgoing[i];
    const bool may_have_arrived =
        delivery.qos == Qos::exactly_once && delivery.phase != Delivery::Phase::queued;
    if (delivery.share == 0 || may_have_arrived) continue;
    owed.push_back({delivery.share, delivery.letter});
    // The store may have had it for others, and forgotten it since.
    if (!session.recorded && delivery.letter->number != MessageNumber::none) {
      owed.back().letter = std::make_shared<Letter>(*delivery.letter);
      owed.back().letter->number = MessageNumber::none;
    }
  }
  return owed;
}

void Broker::Core::end_session(Session& session) {
  if (session.will) publish_will(session);  // v5 MQTT-3.1.2-8: at the latest now
  for (auto& subscription : session.subscriptions) subscriptions_.remove(*subscription);
  timers_.arm(Timer::Kind::session, session.number, session.armed, std::nullopt);
  release_publishers(session);
  inherit(legacy(session));  // while the store still has the messages
  if (session.recorded) persist(DropSession{session.client_id});
  numbered_.erase(session.number);
  auto at = sessions_.find(session.client_id);
  const auto ended = std::move(at->second);  // its client_id is the key
  sessions_.erase(at);
}

void Broker::Core::record_session(const Session& session) {
  if (!session.recorded) return;
  persist(SaveSession{session.client_id, session.version, session.expiry, session.disconnected_at,
                      author_of(session).user});
}

}  // namespace mq::broker
