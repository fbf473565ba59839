// SUBSCRIBE and UNSUBSCRIBE (both standards, 3.8 and 3.10).
#include <algorithm>
#include <utility>

#include "broker/core/core.h"
#include "protocol/topic.h"

namespace mq::broker {

Broker::Core::Added Broker::Core::add_subscription(Session& session, Subscribe::Entry& entry,
                                                   std::optional<std::uint32_t> identifier) {
  const auto share = shared(entry.filter);
  if (!within_limits(share ? share->filter : std::string_view(entry.filter)))
    return {nullptr, ReasonCode::topic_filter_invalid, false};
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
  if (session.recorded) persist(SaveSubscription{session.client_id, has->entry, identifier});
  return {has, static_cast<ReasonCode>(has->entry.options.qos), is_new};
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
    const RetainHandling handling = entry.options.retain_handling;
    const Added added = id_in_use && link.v5()
                            ? Added{nullptr, ReasonCode::packet_identifier_in_use, false}
                            : add_subscription(session, entry, identifier);
    const bool refused = failed(added.reason);
    ack.reasons.push_back(refused && !link.v5() ? ReasonCode::unspecified_error : added.reason);
    const bool wants_retained = handling == RetainHandling::send ||
                                (handling == RetainHandling::send_if_new && added.is_new);
    if (!refused && wants_retained && !added.subscription->is_shared())
      send_retained_to.push_back(added.subscription);
  }
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
  retained_.for_each(subscription.entry.filter, [&](const LetterRef& letter) {
    deliver(session, letter, how, true, Counted::no);
  });
}

void Broker::Core::remove_subscription(Session& session, std::string_view filter) {
  Subscription* has = session.find_subscription(filter);
  if (session.recorded) persist(DropSubscription{session.client_id, has->entry.filter});
  subscriptions_.remove(*has);
  session.subscriptions.erase(session.place(filter));
}

void Broker::Core::on(Link& link, Unsubscribe& unsubscribe) {
  Session& session = *link.session;
  const std::uint64_t before = outbox_.last_sequence();
  const bool id_in_use = link.v5() && session.incoming.contains(unsubscribe.packet_id);
  UnsubAck ack{unsubscribe.packet_id, {}, {}};
  for (const std::string& filter : unsubscribe.filters) {
    ReasonCode reason = ReasonCode::success;
    if (id_in_use)
      reason = ReasonCode::packet_identifier_in_use;
    else if (session.find_subscription(filter) == nullptr)
      reason = ReasonCode::no_subscription_existed;
    else
      remove_subscription(session, filter);
    if (link.v5()) ack.reasons.push_back(reason);
  }
  answer(link, ack, needs_since(before));
}

}  // namespace mq::broker
