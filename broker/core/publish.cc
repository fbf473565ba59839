// PUBLISH from a client or a will (both standards, 3.3 and 4.3): accepted, kept if retained, and
// handed to everybody who gets it.
#include <algorithm>
#include <utility>

#include "broker/core/core.h"

namespace mq::broker {

// Leaves the topic in `publish`. The codec has seen to it that there is a topic or an alias, and
// that the alias is not zero.
std::optional<Rule> Broker::Core::resolve_alias(Link& link, Publish& publish) const {
  const auto alias = publish.properties.number(PropertyId::topic_alias);
  if (!alias) return std::nullopt;
  if (*alias == 0 || *alias > limits_.topic_aliases) return Rule::topic_alias_is_within_maximum;
  if (!link.aliases)
    link.aliases = std::make_unique<std::vector<std::string>>(limits_.topic_aliases);
  std::string& known = (*link.aliases)[*alias - 1];
  if (publish.topic.empty()) {
    if (known.empty()) return Rule::topic_alias_is_known;
    publish.topic = known;
  } else if (within_limits(publish.topic)) {
    known = publish.topic;
  }
  return std::nullopt;
}

void Broker::Core::on(Link& link, Publish& publish) {
  ++traffic_.publishes_received;
  traffic_.payload_bytes_received += publish.payload.size();
  if (auto broken = resolve_alias(link, publish)) return fault(link, *broken);
  if (!link.mount_point.empty()) publish.topic.insert(0, link.mount_point);
  if (publish.qos > settings_.offers.maximum_qos) return fault(link, Rule::qos_is_within_maximum);
  if (publish.retain && !settings_.offers.retained_messages)
    return fault(link, Rule::retain_is_available);
  if (link.v5() && publish.qos != Qos::at_most_once) {
    const Incoming::Open* open = link.session->incoming.find(publish.packet_id);
    const bool counted_already =
        publish.qos == Qos::exactly_once && open != nullptr && open->on_this_link;
    if (!counted_already && link.unanswered_publishes >= limits_.receive_maximum)
      return fault(link, Rule::receive_maximum_is_kept);
    if (!counted_already) ++link.unanswered_publishes;
  }
  if (link.hold) return hold(link, publish);
  const auto full = blockers(*link.session, publish);
  if (full.empty()) return take(link, publish);
  hold(link, publish);
  wait_for(link, full);
}

// What arrived, or has waited, is dealt with now.
void Broker::Core::take(Link& link, Publish& publish) {
  if (publish.qos == Qos::at_most_once) return accept(link, publish);
  Incoming& incoming = link.session->incoming;
  const bool twice = publish.qos == Qos::exactly_once && incoming.contains(publish.packet_id);
  if (twice) {
    // Passed on already (v5 MQTT-4.3.3-10). The first answer may still wait for the store, and so
    // must this one.
    incoming.open(publish.packet_id);
    return answer(link, PubRec{publish.packet_id, ReasonCode::success, {}},
                  link.session->recorded ? outbox_.last_sequence() : 0);
  }
  if (link.v5() && publish.qos == Qos::at_least_once && incoming.contains(publish.packet_id))
    return answer(link, PubAck{publish.packet_id, ReasonCode::packet_identifier_in_use, {}}, 0,
                  true);
  if (publish.qos == Qos::exactly_once && incoming.size() >= limits_.open_qos2_messages)
    return fault(link, Rule::limit_is_kept);
  accept(link, publish);
}

void Broker::Core::accept(Link& link, Publish& publish) {
  Session& session = *link.session;
  const std::uint64_t before = outbox_.last_sequence();
  const Qos qos = publish.qos;
  const PacketId packet_id = publish.packet_id;
  ReasonCode reason;
  bool refused_for_good = false;  // it would be no better next time
  const bool records = session.recorded && !faulty(Fault::stores_no_incoming);
  bool is_recorded = false;  // that it was received
  if (!within_limits(publish.topic)) {
    if (qos == Qos::at_most_once || !link.v5()) return fault(link, Rule::limit_is_kept);
    reason = ReasonCode::topic_name_invalid;
  } else if (settings_.validates_payload_format &&
             !is_as_indicated(publish.properties, publish.payload)) {
    if (qos == Qos::at_most_once) return fault(link, Rule::payload_is_as_indicated);
    reason = ReasonCode::payload_format_invalid;
  } else if (is_too_large(publish.payload)) {
    dropped(session, ReasonCode::packet_too_large);
    reason = ReasonCode::quota_exceeded;
    refused_for_good = true;
  } else if (!store_takes_records_ && (qos != Qos::at_most_once || publish.retain)) {
    dropped(session, ReasonCode::quota_exceeded);
    if (qos != Qos::at_most_once && !link.v5()) return fault(link, Rule::limit_is_kept);
    reason = ReasonCode::quota_exceeded;
  } else if (is_own_topic(publish.topic) || !may_write(session, publish.topic)) {
    dropped(session, ReasonCode::not_authorized);
    if (!link.v5() && settings_.access.closes_on_denied_publish)
      return fault(link, Rule::client_is_authorized);
    reason = ReasonCode::not_authorized;
  } else {
    Refusal refusal = Refusal::never;
    if (qos != Qos::at_most_once && link.v5())
      refusal = Refusal::if_from_any;
    else if (qos != Qos::at_most_once && settings_.closes_on_refusal_3_1_1)
      refusal = Refusal::if_from_all;
    const LetterRef letter = make_letter(publish, session);
    // Were a copy sent and this lost in a crash, the publisher's next attempt would be taken for a
    // new message, and whoever has the copy would get another (v5 MQTT-4.3.3-10).
    if (qos == Qos::exactly_once && records)
      letter->needs = persist(SaveIncoming{session.client_id, packet_id});
    reason = pass_on(letter, &session, refusal);
    is_recorded = letter->needs != 0;
    if (is_recorded && failed(reason)) persist(DropIncoming{session.client_id, packet_id});
  }
  if (qos == Qos::at_most_once) return;
  // Not acknowledged, so it will come again; its sender is slowed down by coming back.
  if (!link.v5() && settings_.closes_on_refusal_3_1_1 && reason == ReasonCode::quota_exceeded &&
      !refused_for_good)
    return fault(link, Rule::limit_is_kept);
  // 3.1.1 has no word for a refusal, and a client of it is not to send such a message again.
  if (!link.v5()) reason = ReasonCode::success;
  if (qos == Qos::at_least_once) {
    PubAck ack{packet_id, reason, {}};
    explain(link, ack, reason);
    return answer(link, ack, needs_since(before), true);
  }
  if (!failed(reason)) {
    session.incoming.open(packet_id);
    if (records && !is_recorded) persist(SaveIncoming{session.client_id, packet_id});
  }
  PubRec received{packet_id, reason, {}};
  explain(link, received, reason);
  answer(link, received, needs_since(before), failed(reason));
}

void Broker::Core::on(Link& link, PubRel& release) {
  Session& session = *link.session;
  const Incoming::Open* open = session.incoming.find(release.packet_id);
  if (open == nullptr) {
    const auto reason = link.v5() ? ReasonCode::packet_identifier_not_found : ReasonCode::success;
    return answer(link, PubComp{release.packet_id, reason, {}});
  }
  const bool counted = open->on_this_link;
  session.incoming.close(release.packet_id);
  // Were PUBCOMP sent and the record lost, a new message under this id would be taken for the old.
  std::uint64_t needs = 0;
  if (session.recorded) needs = persist(DropIncoming{session.client_id, release.packet_id});
  answer(link, PubComp{release.packet_id, ReasonCode::success, {}}, needs, counted);
}

void Broker::Core::on(const Announce& announce) {
  auto letter = std::make_shared<Letter>();
  letter->arrived = now_;
  letter->serial = ++last_serial_;
  letter->message.topic = announce.topic;
  letter->message.payload = announce.payload;
  letter->message.retain = announce.retain;
  if (announce.retain && announce.payload.empty()) retained_.erase(announce.topic);
  if (announce.retain && !announce.payload.empty()) retained_.set(letter);
  distribute(letter, nullptr);
}

// Properties that are about this link or this moment stay behind.
LetterRef Broker::Core::make_letter(Publish& publish, const Session& publisher) {
  auto letter = std::make_shared<Letter>();
  letter->arrived = now_;
  letter->serial = ++last_serial_;
  Message& message = letter->message;
  message.topic = std::move(publish.topic);
  message.payload = std::move(publish.payload);
  message.qos = publish.qos;
  message.retain = publish.retain;
  if (message.retain) message.author = author_of(publisher);
  for (const Property& property : publish.properties.all()) {
    if (property.id == PropertyId::message_expiry_interval)
      message.expires_at = now_ + std::chrono::seconds(std::get<std::uint32_t>(property.value));
    else if (property.id != PropertyId::topic_alias)
      message.properties.add(property.id, property.value);
  }
  return letter;
}

bool Broker::Core::may_retain(const Letter& letter) const {
  if (letter.message.payload.empty()) return true;  // it clears
  const LetterRef* has = retained_.find(letter.message.topic);
  const std::size_t messages = retained_.size() + (has == nullptr ? 1 : 0);
  const std::size_t bytes =
      retained_.bytes() - (has == nullptr ? 0 : (*has)->bytes()) + letter.bytes();
  return messages <= limits_.retained_messages && bytes <= limits_.retained_bytes;
}

void Broker::Core::forget_retained(const std::string& topic) {
  if (retained_.erase(topic) && settings_.keeps_records) persist(DropRetained{topic});
}

void Broker::Core::retain(const LetterRef& letter) {
  if (letter->message.payload.empty()) return forget_retained(letter->message.topic);
  retained_.set(letter);
  if (!settings_.keeps_records) return;
  const MessageNumber stored = number(letter);
  persist(SaveRetained{letter->message.topic, stored});
}

ReasonCode Broker::Core::pass_on(const LetterRef& letter, const Session* publisher,
                                 Refusal refusal) {
  const bool retained = letter->message.retain;
  const bool fits_retained = !retained || may_retain(*letter);
  if (!fits_retained) {
    ++dropped_messages_;
    outbox_.note({.what = Note::What::message_dropped,
                  .client_id = publisher != nullptr ? publisher->client_id : std::string(),
                  .reason = ReasonCode::quota_exceeded});
    if (refusal != Refusal::never) return ReasonCode::quota_exceeded;
    // What the topic had is outdated by a message that was accepted (v3.1.1 MQTT-3.3.1-7).
    forget_retained(letter->message.topic);
  }
  const Reach reach = distribute(letter, publisher);
  const bool nobody_could = reach.matched > 0 && reach.refused == reach.matched;
  if (nobody_could && refusal != Refusal::never) return ReasonCode::quota_exceeded;
  if (retained && fits_retained) retain(letter);
  if (reach.refused > 0 && refusal == Refusal::if_from_any) return ReasonCode::quota_exceeded;
  return reach.matched == 0 ? ReasonCode::no_matching_subscribers : ReasonCode::success;
}

// Whom a shared subscription gives this message to: in turn, but rather to somebody who is there
// and keeps up.
Subscription* Broker::Core::choose(ShareGroup& group, const Letter& letter) {
  const std::size_t count = group.members.size();
  Subscription* absent = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = (group.turn + i) % count;
    Subscription* member = group.members[place];
    const Session& session = *member->session;
    const Message& message = letter.message;
    const Qos qos = outgoing_qos(member->entry.options.qos, message.qos, message.topic);
    const bool queues = goes_through_queue(session, qos, message.topic);
    if (!may_read(session, letter.message.topic)) continue;
    const bool takes = !queues || !queue_is_full(session, letter, Counted::yes);
    if (session.link != nullptr && session.link->backlog < limits_.backlog_bytes && takes) {
      group.turn = place + 1;
      return member;
    }
    if (absent == nullptr && takes && queues) absent = member;
  }
  return absent;
}

// Whether a limit kept everybody of the group from taking the message. That QoS 0 finds nobody at
// home is none.
bool Broker::Core::limited(const ShareGroup& group, const Letter& letter) const {
  return std::any_of(group.members.begin(), group.members.end(), [&](const Subscription* member) {
    return may_read(*member->session, letter.message.topic) &&
           (member->session->link != nullptr ||
            outgoing_qos(member->entry.options.qos, letter.message.qos, letter.message.topic) !=
                Qos::at_most_once);
  });
}

// What a message gets from one subscription alone.
Receiver Broker::Core::receiver_of(const Subscription& subscription) {
  Receiver receiver{.session = subscription.session,
                    .qos = subscription.entry.options.qos,
                    .retain_as_published = subscription.entry.options.retain_as_published,
                    .identifiers = {},
                    .share = subscription.is_shared() ? subscription.group->number : 0};
  if (subscription.identifier) receiver.identifiers.push_back(*subscription.identifier);
  return receiver;
}

// Others of the group take over what an ended session has not begun to receive, and at QoS 1 what
// it has not acknowledged; a QoS 2 message that was sent may have arrived (v5 MQTT-4.8.2-5).
void Broker::Core::inherit(const std::vector<Inherited>& owed) {
  for (const auto& [share, letter] : owed) {
    ShareGroup* group = subscriptions_.group(share);
    if (group == nullptr || letter->expired(now_)) continue;
    if (Subscription* member = choose(*group, *letter)) {
      const Receiver receiver = receiver_of(*member);
      deliver(*receiver.session, letter, receiver,
              letter->message.retain && receiver.retain_as_published, Counted::yes);
    } else if (limited(*group, *letter)) {
      dropped(*group->members.front()->session, ReasonCode::quota_exceeded);
    }
  }
}

Broker::Core::Reach Broker::Core::distribute(const LetterRef& letter, const Session* publisher) {
  Reach reach;
  const bool retained = letter->message.retain;
  const auto give = [&](const Receiver& receiver) {
    if (!may_read(*receiver.session, letter->message.topic)) return;
    ++reach.matched;
    if (!deliver(*receiver.session, letter, receiver, retained && receiver.retain_as_published,
                 Counted::yes))
      ++reach.refused;
  };
  const Matches& matches = subscriptions_.find(letter->message.topic);
  for (const Receiver& receiver : matches.receivers) {
    if (receiver.no_local && receiver.session == publisher) {
      if (auto rest = Subscriptions::without_no_local(*publisher, letter->message.topic))
        give(*rest);
    } else {
      give(receiver);
    }
  }
  for (ShareGroup* group : matches.groups) {
    Subscription* member = choose(*group, *letter);
    if (member == nullptr) {
      if (!limited(*group, *letter)) continue;
      ++reach.matched;
      ++reach.refused;
      dropped(*group->members.front()->session, ReasonCode::quota_exceeded);
      continue;
    }
    give(receiver_of(*member));
  }
  return reach;
}

}  // namespace mq::broker
