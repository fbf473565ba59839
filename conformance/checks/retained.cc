#include "conformance/checks/retained.h"

#include <algorithm>

#include "base/overloaded.h"
#include "conformance/checks/at.h"
#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

// A retained message comes right after the SUBACK, or after others that wait for their turn. When
// the link has carried other packets for so long since, it will not come any more.
constexpr Duration comes_within = 60s;

}  // namespace

void RetainedCheck::observe(const trace::Event& event) {
  on_changes(event.at);
  std::visit(overloaded{[&](const trace::PacketSeen& seen) { on(seen, event.at); },
                        [&](const trace::Delivered& delivered) { on(delivered, event.at); },
                        [&](const trace::BrokerDown&) { on_broker_down(); },
                        [&](const trace::LinkOpening& opening) {
                          if (fleet_.knows(opening.connection.client))
                            clients_[at(opening.connection.client)].aliases.clear();
                        },
                        [](const auto&) {}},
             event.what);
}

std::size_t RetainedCheck::held() const {
  std::size_t count = 0;
  for (const auto& topic : topics_) count += topic.values.size();
  for (const auto& client : clients_) count += client.awaited.size();
  return count;
}

RetainedCheck::Topic* RetainedCheck::find(TopicId topic) {
  return at(topic) < topics_.size() ? &topics_[at(topic)] : nullptr;
}

// ---- What a topic holds -------------------------------------------------------------------------

void RetainedCheck::on(const trace::PacketSeen& seen, Instant when) {
  const ClientIndex client = seen.connection.client;
  if (!fleet_.knows(client)) return;
  const bool by_client = seen.end == trace::End::client;
  switch (kind(*seen.packet)) {
    case Kind::connect: {
      const auto& will = std::get<Connect>(*seen.packet).will;
      if (by_client && seen.sent && will && will->retain)
        clients_[at(client)].will = fleet_.topic_of(client, will->topic);
      return;
    }
    case Kind::publish:
      if (by_client && seen.sent)
        on_sent(client, std::get<Publish>(*seen.packet), when);
      else if (!by_client && !seen.sent)
        on_at_broker(client, std::get<Publish>(*seen.packet), when);
      return;
    case Kind::pub_ack: {
      const auto& answer = std::get<PubAck>(*seen.packet);
      if (by_client && !seen.sent) on_answer(client, answer.packet_id, answer.reason, when);
      return;
    }
    case Kind::pub_rec: {
      const auto& answer = std::get<PubRec>(*seen.packet);
      if (by_client && !seen.sent && failed(answer.reason))
        on_answer(client, answer.packet_id, answer.reason, when);
      return;
    }
    case Kind::pub_comp: {
      const auto& answer = std::get<PubComp>(*seen.packet);
      if (by_client && !seen.sent) on_answer(client, answer.packet_id, ReasonCode::success, when);
      return;
    }
    default:
      return;
  }
}

// A topic alias stands for the topic that was sent with it last.
std::optional<TopicId> RetainedCheck::topic_of(ClientIndex publisher, const Publish& publish) {
  const auto alias = publish.properties.number(PropertyId::topic_alias);
  auto& aliases = clients_[at(publisher)].aliases;
  const auto known = std::find_if(aliases.begin(), aliases.end(),
                                  [&](const auto& one) { return alias && one.first == *alias; });
  if (publish.topic.empty())
    return known == aliases.end() ? std::nullopt : std::optional(known->second);
  const TopicId topic = fleet_.topic_of(publisher, publish.topic);
  if (alias && known == aliases.end())
    aliases.emplace_back(*alias, topic);
  else if (alias)
    known->second = topic;
  return topic;
}

void RetainedCheck::on_sent(ClientIndex publisher, const Publish& publish, Instant when) {
  if (!publish.retain && publish.properties.empty()) return;  // sets no alias either
  const auto topic = topic_of(publisher, publish);
  if (!topic || !publish.retain || !fleet_.may_publish(publisher, *topic)) return;
  if (at(*topic) >= topics_.size()) topics_.resize(at(*topic) + 1);
  auto& state = topics_[at(*topic)];
  auto& open = clients_[at(publisher)].in_flight;
  const auto same = std::find_if(open.begin(), open.end(), [&](const auto& one) {
    return one.first == publish.packet_id && publish.packet_id != PacketId::none;
  });
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (publish.dup && same != open.end() && same->second.first == *topic) {
    // Again: it may come into force anew, also after what was sent since.
    for (auto& value : state.values)
      if (value.order == same->second.second) return;
  }
  Value value{
      .stamp = stamp,
      .publisher = publisher,
      .order = ++order_,
      .qos = publish.qos,
      .perishable = publish.properties.number(PropertyId::message_expiry_interval).has_value(),
      .sent = when,
      .in_force = std::nullopt};
  if (publish.payload.empty()) value.stamp.reset();
  if (publish.qos != Qos::at_most_once) {
    const auto flight = std::pair(*topic, value.order);
    if (same == open.end())
      open.emplace_back(publish.packet_id, flight);
    else
      same->second = flight;
  }
  state.values.push_back(value);
  if (!stamp) return;
  for (auto& [from, number] : state.last_sent)
    if (from == publisher) {
      number = std::max(number, stamp->number);
      return;
    }
  state.last_sent.emplace_back(publisher, stamp->number);
}

void RetainedCheck::on_answer(ClientIndex publisher, PacketId packet_id, ReasonCode reason,
                              Instant when) {
  auto& open = clients_[at(publisher)].in_flight;
  const auto found = std::find_if(open.begin(), open.end(),
                                  [&](const auto& one) { return one.first == packet_id; });
  if (found == open.end()) return;
  const auto [topic, order] = found->second;
  open.erase(found);
  auto& state = topics_[at(topic)];
  if (failed(reason)) {
    std::erase_if(state.values,
                  [&, order = order](const Value& value) { return value.order == order; });
    return;
  }
  // Its broker may have forgotten it since: the answer was on its way.
  const bool forgotten =
      fleet_.client(publisher).crashed && fleet_.run().durability == trace::Durability::none;
  if (!forgotten) in_force(state, order, when);
}

void RetainedCheck::on_at_broker(ClientIndex publisher, const Publish& publish, Instant when) {
  if (!publish.retain || publish.qos != Qos::at_most_once) return;
  const auto topic = topic_of(publisher, publish);
  Topic* state = topic ? find(*topic) : nullptr;
  if (state == nullptr) return;
  const auto stamp = trace::stamp_of(publish.payload.text());
  for (const auto& value : state->values)
    if (value.publisher == publisher && value.stamp == stamp && !value.in_force &&
        value.qos == Qos::at_most_once) {
      in_force(*state, value.order, when);
      return;
    }
}

// What it replaces for sure is not a value of the topic any longer.
void RetainedCheck::in_force(Topic& topic, std::uint64_t order, Instant when) {
  const auto found = std::find_if(topic.values.begin(), topic.values.end(),
                                  [&](const Value& value) { return value.order == order; });
  if (found == topic.values.end()) return;
  found->in_force = when;
  topic.unknown = false;
  const Value now = *found;
  std::erase_if(topic.values, [&](const Value& value) {
    if (value.order >= now.order) return false;
    if (value.in_force && *value.in_force < now.sent) return true;
    if (value.publisher != now.publisher) return false;
    // One publisher's messages come into force in their order, unless one is sent again.
    return value.in_force || value.qos == Qos::at_most_once || value.qos == now.qos;
  });
}

void RetainedCheck::on_broker_down() {
  for (auto& topic : topics_) {
    if (fleet_.run().durability == trace::Durability::none) {
      std::erase_if(topic.values, [](const Value& value) { return value.in_force.has_value(); });
      topic.unknown = true;
    }
    // Of QoS 0 nobody promises that it survives.
    for (const auto& value : topic.values)
      if (value.in_force && value.qos == Qos::at_most_once) topic.unknown = true;
  }
}

// ---- What a subscription brings -----------------------------------------------------------------

void RetainedCheck::on_changes(Instant when) {
  for (const auto& change : fleet_.changes())
    std::visit(
        overloaded{[&](const Subscribing& subscribing) { on_subscribing(subscribing, when); },
                   [&](const Granted& granted) { on_granted(granted, when); },
                   [&](const ConnectionOver& over) { on_connection_over(over.client); },
                   [&](const SessionOver& over) { clients_[at(over.client)].awaited.clear(); },
                   [&](const SubscriptionOver& over) {
                     std::erase_if(clients_[at(over.client)].awaited, [&](const auto& one) {
                       return fleet_.topics().matches(over.filter, TopicId{one.first});
                     });
                   },
                   [](const auto&) {}},
        change);
}

void RetainedCheck::on_subscribing(const Subscribing& subscribing, Instant when) {
  const auto& [client, filter, existed] = subscribing;
  if (fleet_.topics().is_shared(filter)) return;
  const auto handling = fleet_.subscription(client, filter)->options.retain_handling;
  if (handling == RetainHandling::do_not_send) return;
  if (handling == RetainHandling::send_if_new && existed == Known::yes) return;
  for (const TopicId topic : fleet_.topics().topics_of(filter)) {
    const Topic* state = find(topic);
    if (state != nullptr && !state->last_sent.empty()) await(subscribing, topic, when);
  }
}

void RetainedCheck::await(const Subscribing& subscribing, TopicId topic, Instant when) {
  const auto& [client, filter, existed] = subscribing;
  const auto& state = topics_[at(topic)];
  const Subscription* held = fleet_.subscription(client, filter);
  Awaited awaited{.filter = filter, .asked = when, .qos = held->options.qos};
  bool certain = false;
  bool cleared = false;
  for (const auto& value : state.values) {
    if (!value.stamp) {
      cleared = true;
      continue;
    }
    awaited.acceptable.push_back(*value.stamp);
    awaited.qos = std::min(awaited.qos, value.qos);
    const bool echo = held->options.no_local && value.publisher == client;
    if (value.in_force && !value.perishable && !echo) certain = true;
    if (value.perishable || echo) cleared = true;
  }
  // Its own will may be what the topic holds.
  if (held->options.no_local && clients_[at(client)].will == topic) cleared = true;
  awaited.must = certain && !cleared && !state.unknown &&
                 (existed == Known::no || held->options.retain_handling == RetainHandling::send);
  awaited.newer_than = state.last_sent;
  awaited.unknown = state.unknown;
  std::size_t matching = 0;
  for (const FilterId other : fleet_.topics().filters_of(topic))
    if (fleet_.subscription(client, other) != nullptr) ++matching;
  awaited.alone = matching == 1 && existed == Known::no && !held->sure;
  awaited.may_be_renewed = existed != Known::no;
  auto& all = clients_[at(client)].awaited;
  const auto [entry, is_new] = all.try_emplace(static_cast<std::uint32_t>(topic));
  if (!is_new) {  // two subscriptions, two copies: the first to come settles both
    const auto& older = entry->second.acceptable;
    awaited.acceptable.insert(awaited.acceptable.end(), older.begin(), older.end());
    awaited.newer_than = entry->second.newer_than;
    awaited.unknown = awaited.unknown || entry->second.unknown;
    awaited.alone = false;
  }
  entry->second = std::move(awaited);
}

void RetainedCheck::on_granted(const Granted& granted, Instant when) {
  auto& awaited = clients_[at(granted.client)].awaited;
  if (awaited.empty()) return;
  for (const TopicId topic : fleet_.topics().topics_of(granted.filter)) {
    const auto entry = awaited.find(static_cast<std::uint32_t>(topic));
    if (entry == awaited.end() || entry->second.filter != granted.filter) continue;
    if (!granted.success) {
      awaited.erase(entry);
      continue;
    }
    entry->second.granted = when;
    // A clear may have come in between.
    for (const auto& value : topics_[at(topic)].values)
      if (!value.stamp || value.perishable) entry->second.must = false;
  }
}

bool RetainedCheck::is_overdue(ClientIndex client, const Awaited& awaited) const {
  if (!awaited.must || !awaited.granted) return false;
  const auto& state = fleet_.client(client);
  const Instant since =
      std::max({*awaited.granted, state.accepted_at, clients_[at(client)].last_copy});
  return state.last_heard >= since + comes_within;
}

std::vector<std::uint32_t> RetainedCheck::topics_awaited(ClientIndex client) const {
  std::vector<std::uint32_t> topics;
  for (const auto& [topic, awaited] : clients_[at(client)].awaited) topics.push_back(topic);
  std::sort(topics.begin(), topics.end());
  return topics;
}

// What is sent with QoS 1 or 2 is part of the session, though the SUBACK was lost; a retained
// message of QoS 0 may be lost with the connection.
void RetainedCheck::on_connection_over(ClientIndex client) {
  auto& all = clients_[at(client)].awaited;
  if (all.empty()) return;
  const bool lives_on = fleet_.client(client).expiry_min > 0;
  for (const std::uint32_t topic : topics_awaited(client)) {
    auto& awaited = all.at(topic);
    const bool overdue = is_overdue(client, awaited);
    if (overdue) blame_missing(client, TopicId{topic}, awaited, fleet_.client(client).over_at);
    awaited.must = awaited.must && awaited.granted;
    if (overdue || !lives_on || awaited.qos == Qos::at_most_once) all.erase(topic);
  }
}

void RetainedCheck::on(const trace::Delivered& delivered, Instant when) {
  const ClientIndex client = delivered.connection.client;
  const Publish& publish = *delivered.publish;
  if (!fleet_.knows(client)) return;
  const TopicId topic = fleet_.topics().topic(publish.topic);
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (publish.retain)
    on_copy(client, topic, stamp, publish.dup, when);
  else if (stamp && stamp->origin == trace::Stamp::Origin::publish)
    on_live(client, topic, publish, *stamp, when);
}

void RetainedCheck::on_copy(ClientIndex client, TopicId topic,
                            const std::optional<trace::Stamp>& stamp, bool again, Instant when) {
  bool as_published = false;
  bool asked = false;
  bool live = true;          // every subscription was in force before it was sent
  bool may_be_live = false;  // one that keeps the flag may be older than the message
  auto& all = clients_[at(client)].awaited;
  const auto entry = all.find(static_cast<std::uint32_t>(topic));
  const Topic* state = find(topic);
  const Value* known = nullptr;
  if (state != nullptr)
    for (const auto& value : state->values)
      if (stamp && value.stamp == stamp) known = &value;
  for (const FilterId filter : fleet_.topics().filters_of(topic)) {
    const Subscription* held = fleet_.subscription(client, filter);
    if (held == nullptr) continue;
    as_published = as_published || held->options.retain_as_published;
    asked = asked || held->options.retain_handling != RetainHandling::do_not_send;
    live = live && known != nullptr && held->granted_at && *held->granted_at < known->sent;
    may_be_live = may_be_live || (held->options.retain_as_published && entry != all.end() &&
                                  (entry->second.may_be_renewed ||
                                   (held->granted_at && *held->granted_at < entry->second.asked)));
  }
  // What was sent over an earlier connection is what an earlier subscription brought.
  if (again && (entry == all.end() || entry->second.asked >= fleet_.client(client).accepted_at))
    return;
  // Out of the queue comes what was replaced since; the retained one is still to come.
  if (may_be_live && known == nullptr) return;
  if (as_published && live) return;
  if (stamp && live) {
    blame_flag(client, topic, *stamp, when,
               "with the RETAIN flag, although its subscription is older than the message");
    return;
  }
  if (stamp && !asked && !as_published && entry == all.end()) {
    blame_flag(client, topic, *stamp, when,
               "as a retained message, although it had asked for none");
    return;
  }
  ++delivered_;
  if (known != nullptr) staleness_.record(when - known->sent);
  clients_[at(client)].last_copy = when;
  if (entry == all.end()) return;
  const Awaited awaited = std::move(entry->second);
  all.erase(entry);
  if (!stamp || stamp->origin == trace::Stamp::Origin::will)
    return;  // a will is in force at any time
  ++tally_.tried;
  bool good = std::find(awaited.acceptable.begin(), awaited.acceptable.end(), *stamp) !=
              awaited.acceptable.end();
  bool sent_before = false;
  for (const auto& [publisher, number] : awaited.newer_than)
    if (publisher == stamp->publisher && stamp->number <= number) sent_before = true;
  good = good || !sent_before || state == nullptr || awaited.unknown || state->unknown;
  if (good) return;
  tally_.blame([&] {
    std::string text = name_of(fleet_.run(), client) + " subscribed to " +
                       fleet_.topics().text(awaited.filter) + " at " + time_text(awaited.asked) +
                       " and got, at " + time_text(when) + ", the retained message " +
                       std::to_string(stamp->number) + " of " +
                       name_of(fleet_.run(), stamp->publisher) + " on " +
                       fleet_.topics().name(topic) + ", which had been ";
    text += awaited.acceptable.empty()
                ? "cleared before."
                : "replaced by message " + std::to_string(awaited.acceptable.back().number) + '.';
    return Evidence{when, std::move(text), {stamp->publisher, client}, *stamp, awaited.asked, when};
  });
}

// Nothing but the retained copy can have come: the message was older than the only subscription.
void RetainedCheck::on_live(ClientIndex client, TopicId topic, const Publish& publish,
                            const trace::Stamp& stamp, Instant when) {
  auto& all = clients_[at(client)].awaited;
  const auto entry = all.find(static_cast<std::uint32_t>(topic));
  if (entry == all.end() || !entry->second.alone || publish.dup) return;
  const Topic* state = find(topic);
  if (state == nullptr) return;
  for (const auto& value : state->values)
    if (value.stamp == stamp && value.in_force && *value.in_force < entry->second.asked) {
      all.erase(entry);
      blame_flag(client, topic, stamp, when,
                 "without the RETAIN flag, although its subscription is newer than the message");
      return;
    }
}

void RetainedCheck::blame_flag(ClientIndex client, TopicId topic, const trace::Stamp& stamp,
                               Instant when, const std::string& why) {
  ++tally_.tried;
  tally_.blame([&] {
    return Evidence{when,
                    name_of(fleet_.run(), client) + " got message " + std::to_string(stamp.number) +
                        " of " + name_of(fleet_.run(), stamp.publisher) + " on " +
                        fleet_.topics().name(topic) + " at " + time_text(when) + ' ' + why + '.',
                    {stamp.publisher, client},
                    stamp,
                    when,
                    when};
  });
}

void RetainedCheck::blame_missing(ClientIndex client, TopicId topic, const Awaited& awaited,
                                  Instant when) {
  ++tally_.tried;
  tally_.blame([&] {
    const trace::Stamp stamp = awaited.acceptable.back();
    return Evidence{when,
                    name_of(fleet_.run(), client) + " subscribed to " +
                        fleet_.topics().text(awaited.filter) + " at " + time_text(awaited.asked) +
                        "; " + fleet_.topics().name(topic) + " held message " +
                        std::to_string(stamp.number) + " of " +
                        name_of(fleet_.run(), stamp.publisher) +
                        ", but no retained message had come by " + time_text(when) + '.',
                    {stamp.publisher, client},
                    stamp,
                    awaited.asked,
                    when};
  });
}

std::vector<Finding> RetainedCheck::finish(Instant end) {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const auto client = ClientIndex{static_cast<std::uint32_t>(i)};
    const auto& state = fleet_.client(client);
    if (!state.present()) continue;
    for (const std::uint32_t topic : topics_awaited(client)) {
      const auto& awaited = clients_[i].awaited.at(topic);
      bool overdue = is_overdue(client, awaited);
      if (awaited.must && awaited.granted && fleet_.complete() && fleet_.calm_began()) {
        const Instant middle = *fleet_.calm_began() + (end - *fleet_.calm_began()) / 2;
        overdue = overdue || (*awaited.granted <= middle && state.accepted_at <= middle);
      }
      if (overdue) blame_missing(client, TopicId{topic}, awaited, end);
    }
  }
  Finding finding;
  finding.id = "retained";
  finding.promise =
      "A new subscription brings the last retained value of each topic that it matches.";
  tally_.judge(finding);
  finding.limit = "0 wrong";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) +
                     " missing or wrong, " + count_text(delivered_) + " delivered";
  finding.clauses = {"v5/MQTT-3.3.1-5",     "v5/MQTT-3.3.1-6",     "v5/MQTT-3.3.1-9",
                     "v5/MQTT-3.3.1-10",    "v5/MQTT-3.3.1-11",    "v5/MQTT-3.3.1-12",
                     "v3.1.1/MQTT-3.3.1-5", "v3.1.1/MQTT-3.3.1-6", "v3.1.1/MQTT-3.3.1-8",
                     "v3.1.1/MQTT-3.3.1-9", "v3.1.1/MQTT-3.3.1-10"};
  return {finding};
}

}  // namespace mq::checks
