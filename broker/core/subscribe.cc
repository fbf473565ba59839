// SUBSCRIBE and UNSUBSCRIBE (both standards, 3.8 and 3.10).
#include <algorithm>
#include <utility>

#include "broker/core/core.h"
#include "protocol/topic.h"

namespace mq::broker {

Broker::Core::Added Broker::Core::add_subscription(Session& session, Subscribe::Entry& entry,
                                                   std::optional<std::uint32_t> identifier) {
  const auto share = shared(entry.filter);
  const std::string_view filter = share ? share->filter : std::string_view(entry.filter);
  const Offers& offers = settings_.offers;
  if (!within_limits(filter)) return {nullptr, ReasonCode::topic_filter_invalid, false};
  if (share && !offers.shared_subscriptions)
    return {nullptr, ReasonCode::shared_subscriptions_not_supported, false};
  if (!offers.wildcard_subscriptions && filter.find_first_of("+#") != std::string_view::npos)
    return {nullptr, ReasonCode::wildcard_subscriptions_not_supported, false};
  if (identifier && !offers.subscription_identifiers)
    return {nullptr, ReasonCode::subscription_identifiers_not_supported, false};
  if (!grants_subscription(session, filter)) return {nullptr, ReasonCode::not_authorized, false};
  entry.options.qos = std::min(entry.options.qos, offers.maximum_qos);
  Subscription* has = session.find_subscription(entry.filter);
  const bool is_new = has == nullptr;
  if (has != nullptr) {
    has->entry.options = entry.options;
    has->identifier = identifier;
    subscriptions_.changed(*has);
  } else {
    if (session.subscriptions.size() >= limits_.subscriptions_per_session)
      return {nullptr, ReasonCode::quota_exceeded, false};
    auto made = std::make_unique<Subscription>();
    made->session = &session;
    made->session_number = session.number;
    made->entry = std::move(entry);
    made->identifier = identifier;
    has = made.get();
    session.subscriptions.insert(session.place(has->entry.filter), std::move(made));
    subscriptions_.add(*has);
  }
  if (session.recorded && !faulty(Fault::stores_no_subscription))
    persist(SaveSubscription{session.client_id, has->entry, identifier});
  return {has, static_cast<ReasonCode>(has->entry.options.qos), is_new};
}

// Behind the group of a shared subscription.
std::string Broker::Core::mounted(const Link& link, const std::string& filter) {
  const auto share = shared(filter);
  const std::size_t at =
      share ? static_cast<std::size_t>(share->filter.data() - filter.data()) : std::size_t{0};
  return std::string(filter).insert(at, link.mount_point);
}

void Broker::Core::note(Note::What what, const Link& link, const std::string& filter,
                        ReasonCode reason) {
  if (!settings_.notes_subscriptions) return;
  outbox_.note({.what = what,
                .link = link.id,
                .client_id = link.session->client_id,
                .reason = reason,
                .filter = filter});
}

void Broker::Core::on(Link& link, Subscribe& subscribe) {
  Session& session = *link.session;
  const std::uint64_t before = outbox_.last_sequence();
  const bool id_in_use = session.incoming.contains(subscribe.packet_id);
  const auto identifier = subscribe.properties.number(PropertyId::subscription_identifier);
  SubAck ack{subscribe.packet_id, {}, {}};
  std::vector<Subscription*> send_retained_to;
  for (Subscribe::Entry& entry : subscribe.entries) {
    if (entry.options.no_local && shared(entry.filter))
      return fault(link, Rule::shared_subscription_takes_local);
    if (!link.mount_point.empty()) entry.filter = mounted(link, entry.filter);
    const std::string noted = settings_.notes_subscriptions ? entry.filter : std::string();
    const RetainHandling handling = entry.options.retain_handling;
    const Added added = id_in_use && link.v5()
                            ? Added{nullptr, ReasonCode::packet_identifier_in_use, false}
                            : add_subscription(session, entry, identifier);
    const bool is_refused = failed(added.reason);
    note(Note::What::subscribed, link, noted, added.reason);
    ack.reasons.push_back(is_refused && !link.v5() ? ReasonCode::unspecified_error : added.reason);
    const bool wants_retained = handling == RetainHandling::send ||
                                (handling == RetainHandling::send_if_new && added.is_new);
    if (!is_refused && wants_retained && !added.subscription->is_shared())
      send_retained_to.push_back(added.subscription);
  }
  const auto refused = std::find_if(ack.reasons.begin(), ack.reasons.end(), failed);
  if (refused != ack.reasons.end()) explain(link, ack, *refused);
  answer(link, ack, needs_since(before));
  for (Subscription* subscription : send_retained_to) {
    if (link.phase != Phase::connected) return;
    send_retained(session, *subscription);
  }
}

void Broker::Core::send_retained(Session& session, const Subscription& subscription) {
  if (faulty(Fault::forgets_retained)) return;
  Receiver how{.session = &session, .qos = subscription.entry.options.qos, .identifiers = {}};
  if (subscription.identifier) how.identifiers.push_back(*subscription.identifier);
  const bool no_local = subscription.entry.options.no_local;
  retained_.for_each(subscription.entry.filter, [&](const LetterRef& letter) {
    if (no_local && letter->message.author.client_id == session.client_id)
      return;  // v5 MQTT-3.8.3-3
    if (!may_read(session, letter->message.topic) || !may_hand_on(*letter)) return;
    deliver(session, letter, how, true, Counted::no);
  });
}

void Broker::Core::remove_subscription(Session& session, std::string_view filter) {
  Subscription* has = session.find_subscription(filter);
  if (session.recorded) persist(DropSubscription{session.client_id, has->entry.filter});
  subscriptions_.remove(*has);
  session.subscriptions.erase(session.place(filter));
  has_more_room(session);
}

void Broker::Core::on(Link& link, Unsubscribe& unsubscribe) {
  Session& session = *link.session;
  const std::uint64_t before = outbox_.last_sequence();
  const bool id_in_use = link.v5() && session.incoming.contains(unsubscribe.packet_id);
  UnsubAck ack{unsubscribe.packet_id, {}, {}};
  for (const std::string& named : unsubscribe.filters) {
    const std::string filter = link.mount_point.empty() ? named : mounted(link, named);
    ReasonCode reason = ReasonCode::success;
    if (id_in_use)
      reason = ReasonCode::packet_identifier_in_use;
    else if (session.find_subscription(filter) == nullptr)
      reason = ReasonCode::no_subscription_existed;
    else
      remove_subscription(session, filter);
    note(Note::What::unsubscribed, link, filter, reason);
    if (link.v5()) ack.reasons.push_back(reason);
  }
  answer(link, ack, needs_since(before));
}

}  // namespace mq::broker
