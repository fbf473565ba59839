// Messages on their way to one client (both standards, 4.3, 4.4, 4.6, 4.9 of 5.0), and its
// acknowledgements.
#include <algorithm>
#include <utility>

#include "broker/core/core.h"

namespace mq::broker {

MessageNumber Broker::Core::number(const LetterRef& letter) {
  if (letter->number == MessageNumber::none) {
    letter->number = MessageNumber{++last_message_};
    persist(SaveMessage{letter->number, std::shared_ptr<const Message>(letter, &letter->message)});
  }
  return letter->number;
}

// The delivery as it stands now; what is sent of it waits for this record.
void Broker::Core::record(const Session& session, Delivery& delivery) {
  if (!session.recorded || faulty(Fault::stores_no_delivery)) return;
  const auto message = delivery.letter ? number(delivery.letter) : MessageNumber::none;
  const ShareGroup* share = delivery.share != 0 ? subscriptions_.group(delivery.share) : nullptr;
  delivery.needs = persist(SaveDelivery{
      .client_id = session.client_id,
      .position = delivery.position,
      .message = message,
      .qos = delivery.qos,
      .retain = delivery.retain,
      .packet_id = delivery.packet_id,
      .phase = delivery.phase,
      .subscription_identifiers = delivery.identifiers ? *delivery.identifiers : Identifiers{},
      .share = share != nullptr ? share->filter : std::string()});
}

bool Broker::Core::queue_is_full(const Session& session, const Letter& letter,
                                 Counted counted) const {
  return (counted == Counted::yes && session.outgoing.size() >= limits_.queued_messages) ||
         session.outgoing.bytes() + letter.bytes() > limits_.queued_bytes;
}

// Of what waits, the first: true if it went.
bool Broker::Core::drop_expired(Session& session) {
  if (session.outgoing.all_sent()) return false;
  const Delivery& next = session.outgoing.next();
  if (next.packet_id != PacketId::none || !next.letter->expired(now_)) return false;
  drop_delivery(session, session.outgoing.sent());
  return true;
}

// QoS 0 does not overtake what waits of it.
bool Broker::Core::goes_through_queue(const Session& session, Qos qos,
                                      std::string_view topic) const {
  if (qos != Qos::at_most_once) return true;
  if (session.link != nullptr) return session.outgoing.holds_qos0();
  return settings_.queues_qos0 && !is_own_topic(topic);
}

// False if a limit was in the way. That QoS 0 finds nobody at home is no refusal.
bool Broker::Core::deliver(Session& session, const LetterRef& letter, const Receiver& how,
                           bool retain, Counted counted) {
  const Message& message = letter->message;
  const Qos qos = outgoing_qos(how.qos, message.qos, message.topic);
  if (session.link == nullptr && faulty(Fault::queues_nothing)) return true;
  if (!goes_through_queue(session, qos, message.topic))
    return deliver_now(session, letter, how, retain);
  while (queue_is_full(session, *letter, counted) && drop_expired(session)) {
  }
  if (queue_is_full(session, *letter, counted)) {
    dropped(session, ReasonCode::quota_exceeded);
    return qos == Qos::at_most_once && session.link == nullptr;
  }
  if (faulty(Fault::sends_qos2_twice) && qos == Qos::exactly_once)
    enqueue(session, letter, how, retain);
  return enqueue(session, letter, how, retain);
}

bool Broker::Core::deliver_now(Session& session, const LetterRef& letter, const Receiver& how,
                               bool retain) {
  if (session.link == nullptr) return true;
  Link& link = *session.link;
  if (link.backlog >= limits_.backlog_bytes) {
    dropped(session, ReasonCode::quota_exceeded);
    return false;
  }
  const Shape shape{.v5 = link.v5(),
                    .qos = Qos::at_most_once,
                    .retain = retain,
                    .identifiers = link.v5() ? &how.identifiers : nullptr};
  auto frame = frame_for(link, *letter, shape, PacketId::none);
  if (!frame) {
    dropped(session, ReasonCode::packet_too_large);
    return true;  // for the publisher it counts as delivered (v5 MQTT-3.1.2-25)
  }
  count_publish(*letter);
  send_frame(link, std::move(*frame), *letter, {.needs = letter->needs});
  return true;
}

bool Broker::Core::enqueue(Session& session, const LetterRef& letter, const Receiver& how,
                           bool retain) {
  Delivery delivery{.letter = letter,
                    .bytes = letter->bytes(),
                    .share = how.share,
                    .qos = outgoing_qos(how.qos, letter->message.qos, letter->message.topic),
                    .retain = retain};
  if (!how.identifiers.empty())
    delivery.identifiers = std::make_unique<Identifiers>(how.identifiers);
  const bool first_in_line = session.outgoing.all_sent();
  Delivery& added = session.outgoing.push(std::move(delivery));
  if (first_in_line && may_send_next(session)) {
    start(session, added);
    pump(session);
  } else {
    record(session, added);
  }
  return true;
}

bool Broker::Core::may_send_next(const Session& session) const {
  const Link* link = session.link;
  return link != nullptr && link->phase == Phase::connected && !session.outgoing.all_sent() &&
         session.outgoing.sent() < link->window && link->backlog < limits_.backlog_bytes &&
         (limits_.inflight_bytes == 0 || session.outgoing.sent_bytes() < limits_.inflight_bytes);
}

// From now on it may have been sent, and keeps its packet id until it is done.
void Broker::Core::start(Session& session, Delivery& delivery) {
  delivery.packet_id = faulty(Fault::reuses_packet_ids) ? PacketId(delivery.position % 4 + 1)
                                                        : session.outgoing.free_packet_id();
  delivery.phase = Delivery::Phase::published;
  record(session, delivery);
}

// Sends as much as the client takes. PUBREL waits for nothing (v5 MQTT-3.3.4-10).
void Broker::Core::pump(Session& session) {
  if (session.link == nullptr || session.link->phase != Phase::connected) return;
  Link& link = *session.link;
  while (!session.outgoing.all_sent()) {
    Delivery& next = session.outgoing.next();
    if (next.phase == Delivery::Phase::received) {
      session.outgoing.mark_sent();
      answer(link, PubRel{next.packet_id, ReasonCode::success, {}}, next.needs);
      if (link.phase != Phase::connected) return;  // it never reads; the session may be gone
      continue;
    }
    if (!may_send_next(session)) return;
    if (next.packet_id == PacketId::none && next.letter->expired(now_)) {
      drop_delivery(session, session.outgoing.sent());
    } else if (!may_read(session, next.letter->message.topic)) {  // not any more
      dropped(session, ReasonCode::not_authorized);
      drop_delivery(session, session.outgoing.sent());
    } else if (!send_next(session)) {
      dropped(session, ReasonCode::packet_too_large);
      drop_delivery(session, session.outgoing.sent());
    }
  }
}

// False if the client does not take a packet of this size.
bool Broker::Core::send_next(Session& session) {
  Link& link = *session.link;
  Delivery& next = session.outgoing.next();
  if (next.qos == Qos::at_most_once) return send_waiting_qos0(session);
  const Shape shape{.v5 = link.v5(),
                    .qos = next.qos,
                    .dup = next.sent_before,
                    .retain = next.retain,
                    .identifiers = link.v5() ? next.identifiers.get() : nullptr};
  if (next.phase == Delivery::Phase::queued) start(session, next);
  auto frame = frame_for(link, *next.letter, shape, next.packet_id);
  if (!frame) return false;
  const bool is_repetition = std::exchange(next.sent_before, true);
  session.outgoing.mark_sent();
  const Letter& letter = *next.letter;
  count_publish(letter);
  send_frame(link, std::move(*frame), letter,
             {.needs = std::max(next.needs, letter.needs),
              .first_sending_of = is_repetition ? 0 : next.position,
              .is_repetition = is_repetition});
  return true;
}

// It leaves when it is known to be gone from the store: at most once.
bool Broker::Core::send_waiting_qos0(Session& session) {
  Link& link = *session.link;
  const Delivery& next = session.outgoing.next();
  const Shape shape{.v5 = link.v5(),
                    .qos = next.qos,
                    .retain = next.retain,
                    .identifiers = link.v5() ? next.identifiers.get() : nullptr};
  auto frame = frame_for(link, *next.letter, shape, PacketId::none);
  if (!frame) return false;
  count_publish(*next.letter);
  const std::uint64_t before = outbox_.last_sequence();
  const LetterRef letter = next.letter;
  drop_delivery(session, session.outgoing.sent());
  send_frame(link, std::move(*frame), *letter,
             {.needs = std::max(needs_since(before), letter->needs)});
  return true;
}

void Broker::Core::count_publish(const Letter& letter) {
  ++traffic_.packets_sent;
  ++traffic_.publishes_sent;
  traffic_.payload_bytes_sent += letter.message.payload.size();
}

// The packet, with the topic's alias where the client takes one; nothing if it is too large for the
// client. It must be sent next on this link: an alias in it counts as told.
std::optional<Frame> Broker::Core::frame_for(Link& link, const Letter& letter, Shape shape,
                                             PacketId packet_id) {
  const std::string& topic = letter.message.topic;
  shape.mount_bytes = link.mount_point.size();
  if (link.aliases_out_max > 0) {
    if (!link.aliases_out) link.aliases_out = std::make_unique<TopicNumbers>();
    const auto chosen = link.aliases_out->choose(topic, link.aliases_out_max);
    // What may be over before it leaves must not be what the client knows an alias from.
    const bool may_wait = link.holds() || outbox_.last_sequence() > durable_;
    if (chosen.is_known || !letter.message.expires_at || !may_wait) shape.alias = chosen.alias;
    shape.alias_is_known = chosen.is_known;
  }
  Frame frame = frames_.make(letter, shape, packet_id, now_);
  if (fits(link, frame.size())) {
    if (shape.alias != 0 && !shape.alias_is_known) link.aliases_out->tell(topic);
    return frame;
  }
  if (shape.alias == 0 || shape.alias_is_known) return std::nullopt;
  shape.alias = 0;
  frame = frames_.make(letter, shape, packet_id, now_);
  return fits(link, frame.size()) ? std::optional(std::move(frame)) : std::nullopt;
}

void Broker::Core::send_frame(Link& link, Frame frame, const Letter& letter, Sending how) {
  if (goes_at_once(link, frame.size(), how.needs))
    return emit(link, std::move(frame.head), std::move(frame.payload));
  wait(link, {.bytes = std::move(frame.head),
              .payload = std::move(frame.payload),
              .needs = how.needs,
              .is_publish = true,
              .first_sending_of = how.first_sending_of,
              .expires_at = letter.message.expires_at,
              .encoded_at = now_,
              .expiry_at = frames_.expiry_at(),
              .is_repetition = how.is_repetition});
}

void Broker::Core::drop_delivery(Session& session, std::size_t index) {
  if (session.recorded) persist(DropDelivery{session.client_id, session.outgoing[index].position});
  session.outgoing.erase(index);
  has_more_room(session);
}

// ---- Acknowledgements ------------------------------------------------------------------------
// One for an id that is not in flight is no fault: the message may have been given up since.

// Where the delivery that an acknowledgement means stands; size() if nowhere. What still waits for
// the store was never sent, so whoever acknowledges it has guessed its packet id. First sendings
// are held in the order of their positions.
std::size_t Broker::Core::in_flight(const Link& link, PacketId id) {
  const Outgoing& outgoing = link.session->outgoing;
  const std::size_t at = outgoing.find(id);
  if (at == outgoing.size()) return at;
  for (std::size_t i = link.held_done; i < link.held.size(); ++i)
    if (const std::uint64_t unsent = link.held[i].first_sending_of; unsent != 0)
      return outgoing[at].position >= unsent ? outgoing.size() : at;
  return at;
}

void Broker::Core::on(Link& link, PubAck& ack) {
  Session& session = *link.session;
  const std::size_t at = in_flight(link, ack.packet_id);
  if (at == session.outgoing.size()) return;
  if (session.outgoing[at].qos != Qos::at_least_once)
    return fault(link, Rule::acknowledgement_answers_a_packet);
  drop_delivery(session, at);
  pump(session);
}

void Broker::Core::on(Link& link, PubRec& received) {
  Session& session = *link.session;
  const std::size_t at = in_flight(link, received.packet_id);
  if (at == session.outgoing.size()) {
    if (failed(received.reason)) return;
    const auto reason = link.v5() ? ReasonCode::packet_identifier_not_found : ReasonCode::success;
    return answer(link, PubRel{received.packet_id, reason, {}});
  }
  Delivery& delivery = session.outgoing[at];
  if (delivery.qos != Qos::exactly_once) return fault(link, Rule::acknowledgement_answers_a_packet);
  if (failed(received.reason)) {
    drop_delivery(session, at);
    return pump(session);
  }
  if (delivery.phase != Delivery::Phase::received) {
    delivery.phase = Delivery::Phase::received;
    session.outgoing.release_letter(delivery);
    // Were PUBREL sent and the record lost, the message would be sent anew under an id that the
    // client has forgotten.
    if (!faulty(Fault::stores_no_release)) record(session, delivery);
  }
  answer(link, PubRel{received.packet_id, ReasonCode::success, {}}, delivery.needs);
}

void Broker::Core::on(Link& link, PubComp& complete) {
  Session& session = *link.session;
  const std::size_t at = in_flight(link, complete.packet_id);
  if (at == session.outgoing.size()) return;
  if (session.outgoing[at].phase != Delivery::Phase::received)
    return fault(link, Rule::acknowledgement_answers_a_packet);
  drop_delivery(session, at);
  pump(session);
}

}  // namespace mq::broker
