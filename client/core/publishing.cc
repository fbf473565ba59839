// Our messages: accepted, admitted to a packet id, sent, repeated after a broken link.
#include <algorithm>
#include <utility>

#include "client/core/core.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq::client {
namespace {

constexpr std::size_t string_bytes_max = 0xFFFF;

bool is_text(const std::string& text) {
  return text.size() <= string_bytes_max && !utf8_breaks(text);
}

bool may_be_sent(const Property& property) {
  if (property.id == PropertyId::subscription_identifier) return false;  // v5 MQTT-3.3.4-6
  const PropertyValue& value = property.value;
  if (const auto* text = std::get_if<std::string>(&value))
    return is_text(*text) &&
           (property.id != PropertyId::response_topic || !topic_name_breaks(*text));
  if (const auto* binary = std::get_if<Bytes>(&value)) return binary->size() <= string_bytes_max;
  if (const auto* user = std::get_if<UserProperty>(&value))
    return is_text(user->key) && is_text(user->value);
  return true;
}

Properties without(const Properties& properties, PropertyId id) {
  Properties kept;
  for (const Property& property : properties.all())
    if (property.id != id) kept.add(property.id, property.value);
  return kept;
}

Properties with(const Properties& properties, PropertyId id, std::uint32_t value) {
  Properties changed;
  for (const Property& property : properties.all())
    changed.add(property.id, property.id == id ? PropertyValue{value} : property.value);
  return changed;
}

}  // namespace

void Client::Core::on(const PublishOrder& order) {
  auto refused = unacceptable(order.message);
  if (!refused && connected()) refused = exceeds_terms(order.message);
  if (refused) {
    refused->handle = order.handle;
    return emit(*refused);
  }
  if (order.message.qos == Qos::at_most_once) return publish_at_most_once(order);
  const std::size_t bytes = order.message.topic.size() + order.message.payload.size();
  const Limits& limits = settings_.limits;
  // A message that goes out at once takes no place in the queue.
  const bool goes_now = connected() && !outbound_.has_waiting() && !outbound_.has_ready() &&
                        outbound_.under_way() < limits.inflight_messages &&
                        outbound_.under_way() < terms_.receive_maximum &&
                        backlog() < limits.backlog_bytes;
  if (!goes_now && (outbound_.waiting_messages() >= limits.queued_messages ||
                    outbound_.waiting_bytes() + bytes > limits.queued_bytes))
    return emit(Completed{order.handle, Completed::Outcome::queue_full});
  Outgoing item{.position = outbound_.next_position(), .handle = order.handle};
  item.message = order.message;
  item.message.packet_id = PacketId::none;
  item.message.dup = false;
  if (item.message.properties.number(PropertyId::topic_alias))
    item.message.properties = without(item.message.properties, PropertyId::topic_alias);
  if (settings_.version == Version::v5)
    if (const auto expiry = item.message.properties.number(PropertyId::message_expiry_interval))
      item.expires_at = now_ + std::chrono::seconds{*expiry};
  watch_expiry(item);
  if (!goes_now)
    item.saved = persist(SavePublish{item.position, SavePublish::Phase::queued, item.message});
  outbound_.push_waiting(std::move(item));
}

void Client::Core::publish_at_most_once(const PublishOrder& order) {
  using enum Completed::Outcome;
  if (!connected()) return emit(Completed{order.handle, not_connected});
  if (backlog() >= settings_.limits.backlog_bytes) return emit(Completed{order.handle, queue_full});
  const bool as_it_is = order.message.packet_id == PacketId::none && !order.message.dup &&
                        !order.message.properties.number(PropertyId::topic_alias);
  if (as_it_is) {
    put_publish(order.message);
  } else {
    Publish message = order.message;
    message.packet_id = PacketId::none;
    message.dup = false;
    message.properties = without(message.properties, PropertyId::topic_alias);
    put_publish(message);
  }
  emit(Completed{order.handle, acknowledged});
}

void Client::Core::put_publish(const Publish& message) {
  last_sent_ = now_;
  constexpr std::size_t telling = 5;  // bytes of the property, and what the lengths may grow by
  const auto chosen = aliases_.choose(message.topic, terms_.topic_aliases);
  const std::size_t bytes =
      chosen.alias == 0 ? 0 : encoded_bytes(message, settings_.version) + telling;
  if (chosen.alias == 0 || (!chosen.is_known && (!fits(bytes) || bytes > packet_bytes_limit)))
    return encode(message, settings_.version, wire_);
  const Property alias{PropertyId::topic_alias, std::uint32_t{chosen.alias}};
  encode_publish_head({.topic = chosen.is_known ? std::string_view() : message.topic,
                       .packet_id = message.packet_id,
                       .qos = message.qos,
                       .dup = message.dup,
                       .retain = message.retain,
                       .properties = message.properties.all(),
                       .more_properties = std::span(&alias, 1),
                       .payload_bytes = message.payload.size()},
                      settings_.version, wire_);
  const auto payload = message.payload.span();
  wire_.insert(wire_.end(), payload.begin(), payload.end());
  if (!chosen.is_known) aliases_.tell(message.topic);
}

// What no broker could take.
std::optional<Completed> Client::Core::unacceptable(const Publish& message) const {
  const auto refused = [](ReasonCode reason) {
    return Completed{{}, Completed::Outcome::refused, reason};
  };
  if (!is_text(message.topic) || topic_name_breaks(message.topic))
    return refused(ReasonCode::topic_name_invalid);
  for (const Property& property : message.properties.all())
    if (!may_be_sent(property)) return refused(ReasonCode::protocol_error);
  if (encoded_bytes(message, settings_.version) > packet_bytes_limit)
    return Completed{{}, Completed::Outcome::too_large, ReasonCode::packet_too_large};
  return std::nullopt;
}

// What this broker has said that it does not take.
std::optional<Completed> Client::Core::exceeds_terms(const Publish& message) const {
  using enum Completed::Outcome;
  if (message.qos > terms_.maximum_qos)
    return Completed{{}, refused, ReasonCode::qos_not_supported};
  if (message.retain && !terms_.retain_available)
    return Completed{{}, refused, ReasonCode::retain_not_supported};
  if (!fits(encoded_bytes(message, settings_.version)))
    return Completed{{}, too_large, ReasonCode::packet_too_large};
  return std::nullopt;
}

void Client::Core::recover(const Recovered& recovered) {
  if (!persists_) return;
  for (const Record& record : recovered.records) {
    if (const auto* incoming = std::get_if<SaveIncoming>(&record)) {
      inbound_.restore(incoming->packet_id);
      had_session_ = true;
    }
    const auto* save = std::get_if<SavePublish>(&record);
    if (save == nullptr) continue;
    had_session_ = had_session_ || save->phase != SavePublish::Phase::queued;
    Outgoing item{.position = save->position, .handle = std::nullopt};
    item.message = save->message;
    item.was_sent = save->phase != SavePublish::Phase::queued;
    item.stage = save->phase == SavePublish::Phase::queued      ? Outgoing::Stage::waiting
                 : save->phase == SavePublish::Phase::published ? Outgoing::Stage::ready
                                                                : Outgoing::Stage::released;
    outbound_.restore(std::move(item));
  }
}

// Sends what may be sent; called after every input.
void Client::Core::pump() {
  if (!connected()) return;
  admit_waiting();
  while (outbound_.has_ready() && outbound_.quota_used() < terms_.receive_maximum &&
         backlog() < settings_.limits.backlog_bytes) {
    if (!send(outbound_.front_ready())) return;
    admit_waiting();
  }
}

void Client::Core::admit_waiting() {
  const std::size_t most =
      std::min<std::size_t>(settings_.limits.inflight_messages, terms_.receive_maximum);
  while (outbound_.has_waiting() && outbound_.under_way() < most) {
    const Outbound::Item first = outbound_.front_waiting();
    if (first->expires_at && *first->expires_at <= now_) {
      complete(first, Completed::Outcome::expired);
      continue;
    }
    if (const auto refused = exceeds_terms(first->message)) {
      complete(first, refused->outcome, refused->reason);
      continue;
    }
    const PacketId id = free_packet_id();
    if (id == PacketId::none) return;
    const Outbound::Item item = outbound_.admit(id);
    item->saved =
        persist(SavePublish{item->position, SavePublish::Phase::published, item->message});
  }
}

// False: it has to wait for the store.
bool Client::Core::send(Outbound::Item item) {
  if (item->saved > durable_) return false;
  Publish& message = item->message;
  if (item->expires_at) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*item->expires_at - now_);
    const auto seconds = static_cast<std::uint32_t>(std::max<std::int64_t>(left.count(), 1));
    if (message.properties.number(PropertyId::message_expiry_interval) != seconds)
      message.properties = with(message.properties, PropertyId::message_expiry_interval, seconds);
  }
  message.dup = item->was_sent && !has(settings_, Fault::redelivers_without_dup);
  if (!fits(encoded_bytes(message, settings_.version))) {
    complete(item, Completed::Outcome::too_large, ReasonCode::packet_too_large);
    return true;
  }
  put_publish(message);
  outbound_.mark_sent(item);
  return true;
}

void Client::Core::tell(const Outgoing& item, Completed::Outcome outcome, ReasonCode reason) {
  if (item.handle) emit(Completed{*item.handle, outcome, reason});
}

void Client::Core::complete(Outbound::Item item, Completed::Outcome outcome, ReasonCode reason) {
  tell(*item, outcome, reason);
  persist(DropPublish{item->position});
  outbound_.drop(item);
}

void Client::Core::watch_expiry(const Outgoing& item) {
  if (!item.expires_at) return;
  earliest_expiry_ =
      earliest_expiry_ ? std::min(*earliest_expiry_, *item.expires_at) : item.expires_at;
}

void Client::Core::drop_expired() {
  if (!earliest_expiry_ || *earliest_expiry_ > now_) return;
  earliest_expiry_.reset();
  for (auto item = outbound_.waiting().begin(); item != outbound_.waiting().end();) {
    const auto next = std::next(item);
    if (item->expires_at && *item->expires_at <= now_)
      complete(item, Completed::Outcome::expired);
    else
      watch_expiry(*item);
    item = next;
  }
}

// The broker kept the session: PUBREL again for what it holds; pump() repeats the PUBLISHes.
void Client::Core::resume_session() {
  if (has(settings_, Fault::forgets_qos2_state)) inbound_.forget();
  if (has(settings_, Fault::counts_resent_twice))
    terms_.receive_maximum -= static_cast<std::uint16_t>(
        std::min<std::size_t>(terms_.receive_maximum, outbound_.under_way()));
  while (has(settings_, Fault::forgets_unanswered) && outbound_.has_ready() &&
         outbound_.front_ready()->was_sent)
    outbound_.drop(outbound_.front_ready());
  if (has(settings_, Fault::repeats_no_pubrel)) return;
  for (const Outgoing& item : outbound_.released())
    if (has(settings_, Fault::republishes_after_pubrec))
      put_publish(item.message);
    else
      put_when_durable(item.saved, PubRel{.packet_id = item.message.packet_id});
}

void Client::Core::lose_session() {
  while (!outbound_.released().empty())
    complete(outbound_.released().begin(), Completed::Outcome::session_lost);
  const std::size_t kept_before = outbound_.waiting_messages();
  outbound_.session_lost();
  std::size_t moved = outbound_.waiting_messages() - kept_before;
  for (Outgoing& item : outbound_.waiting()) {
    if (moved-- == 0) break;
    if (item.was_sent) tell(item, Completed::Outcome::session_lost);
    item.was_sent = false;
    watch_expiry(item);
    item.saved = persist(SavePublish{item.position, SavePublish::Phase::queued, item.message});
  }
  for (const PacketId id : inbound_.handed_on()) persist(DropIncoming{id});
  inbound_.forget();
}

}  // namespace mq::client
