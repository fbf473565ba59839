// What the broker sends. Whether a kind may come at all in a phase is a table (legality.h); here
// is what each packet does, and what its contents may break.
#include <algorithm>
#include <utility>

#include "client/core/core.h"

namespace mq::client {
namespace {

// With Request Problem Information 0 only these three may explain themselves (v5 MQTT-3.1.2-29).
bool explains_unasked(const Packet& packet) {
  return std::visit(
      [](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, Publish> || std::is_same_v<Value, ConnAck> ||
                      std::is_same_v<Value, Disconnect> || !requires { value.properties; }) {
          return false;
        } else {
          const auto& all = value.properties.all();
          return std::any_of(all.begin(), all.end(), [](const Property& property) {
            return property.id == PropertyId::reason_string ||
                   property.id == PropertyId::user_property;
          });
        }
      },
      packet);
}

}  // namespace

void Client::Core::hear(Packet& packet) {
  const Rule broken = breaks_by_coming(phase_, settings_.version, kind(packet));
  if (broken != Rule::none) return fail(broken);
  if (!grants_.problem_information && explains_unasked(packet))
    return fail(Rule::property_is_of_this_packet);
  std::visit([this](auto& value) { hear(value); }, packet);
}

Rule Client::Core::conn_ack_breaks(const ConnAck& packet) const {
  if (packet.session_present && packet.reason != ReasonCode::success)
    return Rule::refusal_has_no_session;
  // We asked for a new session and have nothing to resume (v5 MQTT-3.2.2-4).
  if (packet.session_present && sent_clean_start_) return Rule::clean_start_has_no_session;
  // It names our method or none (v5 MQTT-4.12.0-5, -6).
  const std::string* ours = settings_.connect_properties.text(PropertyId::authentication_method);
  if (proves_itself()) ours = &settings_.authentication_method;
  const std::string* theirs = packet.properties.text(PropertyId::authentication_method);
  if (theirs != nullptr && (ours == nullptr || *ours != *theirs)) return Rule::auth_needs_a_method;
  return Rule::none;
}

void Client::Core::hear(ConnAck& packet) {
  connect_is_unanswered_ = false;
  if (const Rule broken = conn_ack_breaks(packet); broken != Rule::none) return fail(broken);
  if (packet.reason == ReasonCode::success) {
    if (proves_itself() && !has_proved_itself(packet.properties)) return distrust_broker();
    return accepted(packet);
  }
  const bool final = refusal_is_final(settings_.version, packet.reason);
  emit(Refused{std::move(packet), final});
  stopping_ = stopping_ || final;
  close(Rule::none);
}

void Client::Core::accepted(ConnAck& packet) {
  phase_ = Phase::connected;
  had_connection_ = true;
  backoff_.succeeded();
  terms_ = terms(packet, settings_);
  if (has(settings_, Fault::never_pings)) terms_.keep_alive = {};
  if (client_id_.empty())
    if (const auto* assigned = packet.properties.text(PropertyId::assigned_client_identifier))
      client_id_ = *assigned;
  // CONNACK of 3.1 cannot say it: there a session that should exist is taken to exist.
  const bool present =
      settings_.version == Version::v3_1 ? !sent_clean_start_ : packet.session_present;
  had_session_ = true;
  emit(Connected{std::move(packet)});
  if (present)
    resume_session();
  else
    lose_session();
  send_requests();
}

void Client::Core::hear(Publish& packet) {
  const Inbound::Verdict verdict = inbound_.receive(packet);
  if (verdict.breaks != Rule::none) return fail(verdict.breaks);
  const PacketId id = packet.packet_id;
  const Qos qos = packet.qos;
  const bool is_dropped =
      has(settings_, Fault::takes_dup_for_known) && packet.dup && qos == Qos::at_least_once;
  if (verdict.is_new && !is_dropped) emit(Message{std::move(packet)});
  if (qos == Qos::at_least_once) {
    put_when_durable(0, PubAck{.packet_id = id});
  } else if (qos == Qos::exactly_once) {
    const std::uint64_t saved = verdict.is_new ? persist(SaveIncoming{id}) : last_persist_;
    put_when_durable(saved, PubRec{.packet_id = id});
  }
}

void Client::Core::hear(const PubAck& packet) {
  const auto item = outbound_.find(packet.packet_id);
  if (!item || (*item)->stage != Outgoing::Stage::sent ||
      (*item)->message.qos != Qos::at_least_once)
    return fail(Rule::acknowledgement_answers_a_packet);
  using enum Completed::Outcome;
  complete(*item, failed(packet.reason) ? refused : acknowledged, packet.reason);
}

void Client::Core::hear(const PubRec& packet) {
  const auto item = outbound_.find(packet.packet_id);
  if (!item) {
    // After a session was lost on one side only: say so, and the broker forgets it.
    if (!failed(packet.reason))
      put_when_durable(0, PubRel{.packet_id = packet.packet_id,
                                 .reason = ReasonCode::packet_identifier_not_found});
    return;
  }
  if ((*item)->message.qos != Qos::exactly_once || (*item)->stage == Outgoing::Stage::ready)
    return fail(Rule::acknowledgement_answers_a_packet);
  if ((*item)->stage == Outgoing::Stage::released)  // told twice; it needs PUBREL once more
    return put_when_durable((*item)->saved, PubRel{.packet_id = packet.packet_id});
  if (failed(packet.reason)) return complete(*item, Completed::Outcome::refused, packet.reason);
  outbound_.mark_released(*item);
  if (!has(settings_, Fault::republishes_after_pubrec))
    (*item)->message.payload = {};  // never sent again
  (*item)->saved =
      persist(SavePublish{(*item)->position, SavePublish::Phase::received, (*item)->message});
  tell(**item, Completed::Outcome::received, packet.reason);
  put_when_durable((*item)->saved, PubRel{.packet_id = packet.packet_id});
}

void Client::Core::hear(const PubRel& packet) {
  const PacketId id = packet.packet_id;
  const bool known = inbound_.release(id);
  if (!known && has(settings_, Fault::answers_pubrel_once)) return;
  if (known) persist(DropIncoming{id});
  // PUBCOMP lets the broker use the id anew: were it sent before the id is durably forgotten, a
  // new message could be taken for a repetition after a crash.
  put_when_durable(
      last_persist_,
      PubComp{.packet_id = id,
              .reason = known ? ReasonCode::success : ReasonCode::packet_identifier_not_found});
}

void Client::Core::hear(const PubComp& packet) {
  const auto item = outbound_.find(packet.packet_id);
  if (!item || (*item)->stage != Outgoing::Stage::released)
    return fail(Rule::acknowledgement_answers_a_packet);
  complete(*item, Completed::Outcome::acknowledged, packet.reason);
}

void Client::Core::hear(const SubAck& packet) {
  const auto request = request_for<SubscribeOrder>(packet.packet_id);
  if (request == requests_.end()) return fail(Rule::acknowledgement_answers_a_packet);
  if (packet.reasons.size() != std::get<SubscribeOrder>(request->order).entries.size())
    return fail(Rule::suback_answers_each_filter);
  answer(*request, packet.reasons);
  requests_.erase(request);
}

void Client::Core::hear(const UnsubAck& packet) {
  const auto request = request_for<UnsubscribeOrder>(packet.packet_id);
  if (request == requests_.end()) return fail(Rule::acknowledgement_answers_a_packet);
  if (settings_.version == Version::v5 &&
      packet.reasons.size() != std::get<UnsubscribeOrder>(request->order).filters.size())
    return fail(Rule::suback_answers_each_filter);
  answer(*request, packet.reasons);
  requests_.erase(request);
}

void Client::Core::hear(const PingResp&) { ping_since_.reset(); }

void Client::Core::hear(Disconnect& packet) {
  if (packet.properties.number(PropertyId::session_expiry_interval))
    return fail(Rule::server_sends_no_session_expiry);
  if (is_by_ghost(packet.reason))
    backoff_.distrust();  // several ghosts, or a rival after all, do not get a quick answer each
  else if (farewell_is_final(packet.reason))
    stopping_ = true;
  by_peer_ = std::move(packet);
  close(Rule::none);
}

}  // namespace mq::client
