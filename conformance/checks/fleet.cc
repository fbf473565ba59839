#include "conformance/checks/fleet.h"

#include <algorithm>

#include "base/fetch.h"
#include "base/overloaded.h"
#include "protocol/topic.h"

namespace mq::checks {
namespace {

constexpr std::uint32_t never = 0xFFFFFFFF;

std::uint32_t expiry_asked_by(const Connect& connect) {
  if (connect.version != Version::v5) return connect.clean_start ? 0 : never;
  return connect.properties.number(PropertyId::session_expiry_interval).value_or(0);
}

// The broker may have closed its end some time before the trace shows it: what it had still to send
// goes first. So long before the end of an expiry nothing is sure.
Duration known_late(std::uint32_t expiry) {
  if (expiry == never) return Duration{};
  return std::min<Duration>(std::chrono::seconds(expiry) / 10, std::chrono::minutes(1));
}

constexpr Qos qos_of(ReasonCode granted) {
  return static_cast<Qos>(static_cast<std::uint8_t>(granted) & 3);
}

}  // namespace

Instant after_expiry(Instant at, std::uint32_t seconds) {
  if (seconds == never) return Instant::max();
  const Duration length = std::chrono::seconds(seconds);
  return at > Instant::max() - length ? Instant::max() : at + length;
}

Fleet::Fleet(const trace::RunInfo& run)
    : run_(run),
      clients_(run.clients.size()),
      last_topics_(run.clients.size()),
      requests_(run.clients.size()) {}

TopicId Fleet::topic_of(ClientIndex publisher, std::string_view name) {
  LastTopic& last = last_topics_[static_cast<std::size_t>(publisher)];
  if (!name.empty() && name == std::string_view(last.text.data(), last.bytes)) return last.id;
  const TopicId id = topics_.topic(name);
  if (name.size() > last.text.size()) return id;
  last.id = id;
  last.bytes = static_cast<std::uint8_t>(name.copy(last.text.data(), name.size()));
  return id;
}

void Fleet::fetch(ClientIndex client) const {
  const auto index = static_cast<std::size_t>(client);
  mq::fetch(&clients_[index]);
  mq::fetch(&last_topics_[index]);
  mq::fetch(&run_.clients[index].may_publish);
}

const std::vector<ClientIndex>& Fleet::holders(FilterId filter) const {
  static const std::vector<ClientIndex> none;
  const auto index = static_cast<std::size_t>(filter);
  return index < holders_.size() ? holders_[index] : none;
}

bool Fleet::may_publish(ClientIndex client, TopicId topic) const {
  const auto& allowed = run_.clients[static_cast<std::size_t>(client)].may_publish;
  return !allowed || std::any_of(allowed->begin(), allowed->end(), [&](const std::string& filter) {
    return matches(filter, topics_.name(topic));
  });
}

const Subscription* Fleet::subscription(ClientIndex client, FilterId filter) const {
  for (const auto& held : this->client(client).subscriptions)
    if (held.filter == filter) return &held;
  return nullptr;
}

Subscription* Fleet::find(ClientIndex index, FilterId filter) {
  return const_cast<Subscription*>(subscription(index, filter));
}

void Fleet::observe(const trace::Event& event) {
  changes_.clear();
  const Instant at = event.at;
  std::visit(overloaded{[&](const trace::PacketSeen& seen) { on(seen, at); },
                        [&](const trace::LinkOpening& opening) { on(opening, at); },
                        [&](const trace::LinkOpened& opened) { on(opened); },
                        [&](const trace::LinkClosed& closed) { on(closed, at); },
                        [&](const trace::BrokerDown&) { on_broker_down(at); },
                        [&](const trace::BrokerUp&) { on_broker_up(at); },
                        [&](const trace::CalmBegan&) { calm_began_ = at; },
                        [&](const trace::FaultBegan& began) {
                          if (is_of_disk(began.fault)) disk_fails_until_ = Instant::max();
                        },
                        [&](const trace::FaultEnded& ended) {
                          if (is_of_disk(ended.fault)) disk_fails_until_ = at;
                        },
                        [&](const trace::RunEnded& ended) { complete_ = ended.complete; },
                        [](const auto&) {}},
             event.what);
}

// ---- Connections --------------------------------------------------------------------------------

void Fleet::on(const trace::LinkOpening& opening, Instant at) {
  const ClientIndex index = opening.connection.client;
  if (!knows(index)) return;
  auto& client = clients_[static_cast<std::size_t>(index)];
  if (!client.client_closed) {
    client.client_closed = true;
    if (!client.broker_closed) connection_over(index, at);
  }
  client.connection = opening.connection.number;
  client.connect_sent = client.accepted = client.disconnect_sent = client.crashed = false;
  client.client_closed = client.broker_closed = false;
  client.reached_broker = false;
  client.packet_bytes_max.reset();
  requests_[static_cast<std::size_t>(index)].clear();
}

void Fleet::on(const trace::LinkOpened& opened) {
  if (opened.end != trace::End::broker || !knows(opened.connection.client)) return;
  auto& client = clients_[static_cast<std::size_t>(opened.connection.client)];
  ++client.open_at_broker;
  if (opened.connection.number == client.connection) client.reached_broker = true;
}

void Fleet::on(const trace::LinkClosed& closed, Instant at) {
  const ClientIndex index = closed.connection.client;
  if (!knows(index)) return;
  auto& client = clients_[static_cast<std::size_t>(index)];
  if (closed.end == trace::End::broker && client.open_at_broker > 0) --client.open_at_broker;
  if (closed.connection.number != client.connection) {
    // The broker learns late of the end of an older one: its expiry counts from now.
    if (closed.end == trace::End::broker && !client.connect_sent)
      broker_knows_it_is_over(client, at);
    return;
  }
  const bool first = !client.client_closed && !client.broker_closed;
  const bool known_to_broker = client.broker_closed;
  (closed.end == trace::End::client ? client.client_closed : client.broker_closed) = true;
  if (first) connection_over(index, at);
  if (closed.end == trace::End::broker && !known_to_broker) {
    client.broker_closed_at = at;
    broker_knows_it_is_over(client, at);
  }
}

bool Fleet::is_of_disk(std::size_t fault) const {
  return fault < run_.faults.size() && run_.faults[fault].kind == "disk";
}

bool Fleet::stores_at(Instant at) const {
  constexpr Duration shows_within = std::chrono::minutes(1);
  if (disk_fails_until_ == Instant{}) return true;
  return disk_fails_until_ != Instant::max() && disk_fails_until_ + shows_within <= at;
}

void Fleet::connection_over(ClientIndex index, Instant at) {
  auto& client = clients_[static_cast<std::size_t>(index)];
  changes_.push_back(ConnectionOver{index});
  if (!client.accepted) {
    attempt_over(client, at);
    return;
  }
  client.over_at = at;
  client.gone_after = Instant::max();
  if (client.expiry_min == 0) {
    client.alive_until = at;
    client.session = Known::maybe;
    void_session(index, true);
  } else {
    client.alive_until = after_expiry(at, client.expiry_min) - known_late(client.expiry_min);
  }
}

// A CONNECT without an answer: the broker may have worked on it.
void Fleet::attempt_over(ClientState& client, Instant at) {
  if (!client.connect_sent) return;
  client.attempted = true;
  client.gone_after = Instant::max();
  if (client.session == Known::no || client.requested_expiry == 0) {
    client.session = Known::maybe;
  } else {
    client.alive_until = std::min(client.alive_until, after_expiry(at, client.requested_expiry) -
                                                          known_late(client.requested_expiry));
  }
}

void Fleet::broker_knows_it_is_over(ClientState& client, Instant at) {
  const bool attempt = (client.connect_sent && !client.accepted) || client.attempted;
  const std::uint32_t expiry =
      attempt ? std::max(client.requested_expiry, client.expiry_max) : client.expiry_max;
  // An older connection that the broker still holds keeps the session.
  client.gone_after = client.open_at_broker > 0 ? Instant::max() : after_expiry(at, expiry);
  if (attempt) client.gone_after = std::max(client.gone_after, client.gone_before);
  if (expiry == 0 && !attempt && client.open_at_broker == 0) client.session = Known::no;
}

void Fleet::on_broker_down(Instant at) {
  broker_up_ = false;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    auto& client = clients_[i];
    client.open_at_broker = 0;
    const auto index = ClientIndex{static_cast<std::uint32_t>(i)};
    if (client.connection == 0) continue;
    // A connection that is still on its way there may reach the broker when it is up again.
    const bool was_there = client.reached_broker || client.accepted;
    const bool first = was_there && !client.client_closed && !client.broker_closed;
    const bool known_to_broker = client.broker_closed;
    if (was_there && !known_to_broker) client.broker_closed_at = at;
    if (was_there) client.broker_closed = client.crashed = true;
    if (first) connection_over(index, at);
    if (was_there && (!known_to_broker || client.gone_after == Instant::max()))
      broker_knows_it_is_over(client, at);
    if (run_.durability != trace::Durability::none) continue;
    client.session = Known::no;
    client.alive_until = client.gone_after = at;
    void_session(index, true);
  }
}

void Fleet::on_broker_up(Instant at) {
  broker_up_ = true;
  broker_up_since_ = at;
  for (auto& client : clients_)
    if (client.session != Known::no && !client.present()) is_recovered(client);
}

// What the broker recovers may count its expiry from its start; so may a session whose CONNACK was
// lost.
void Fleet::is_recovered(ClientState& client) const {
  if (client.gone_after == Instant::max()) return;
  const std::uint32_t expiry =
      client.attempted ? std::max(client.requested_expiry, client.expiry_max) : client.expiry_max;
  client.gone_after = std::max(client.gone_after, after_expiry(broker_up_since_, expiry));
}

// ---- Packets ------------------------------------------------------------------------------------

void Fleet::on(const trace::PacketSeen& seen, Instant at) {
  const ClientIndex index = seen.connection.client;
  if (!knows(index)) return;
  auto& client = clients_[static_cast<std::size_t>(index)];
  if (seen.end == trace::End::broker) {
    const bool given_up = seen.connection.number != client.connection || client.client_closed;
    if (!seen.sent && given_up && kind(*seen.packet) == Kind::connect) on_late_connect(client);
    return;
  }
  if (seen.connection.number != client.connection) return;
  if (!seen.sent) client.last_heard = at;
  switch (kind(*seen.packet)) {
    case Kind::connect:
      if (seen.sent) on_connect(index, std::get<Connect>(*seen.packet), at);
      break;
    case Kind::conn_ack:
      if (!seen.sent) on_conn_ack(index, std::get<ConnAck>(*seen.packet), at);
      break;
    case Kind::subscribe:
      if (seen.sent) on_subscribe(index, std::get<Subscribe>(*seen.packet), at);
      break;
    case Kind::sub_ack:
      if (!seen.sent) on_sub_ack(index, std::get<SubAck>(*seen.packet), at);
      break;
    case Kind::unsubscribe:
      if (seen.sent) on_unsubscribe(index, std::get<Unsubscribe>(*seen.packet), at);
      break;
    case Kind::unsub_ack:
      if (!seen.sent) on_unsub_ack(index, std::get<UnsubAck>(*seen.packet), at);
      break;
    case Kind::disconnect:
      if (seen.sent) on_disconnect(index, std::get<Disconnect>(*seen.packet));
      break;
    default:
      break;
  }
}

// The CONNECT of a connection that the client has given up already: the broker has a session now.
void Fleet::on_late_connect(ClientState& client) {
  client.attempted = true;
  if (client.session == Known::no) client.session = Known::maybe;
  if (client.before == Known::no) client.before = Known::maybe;
  client.gone_after = client.gone_before = Instant::max();
}

void Fleet::on_connect(ClientIndex index, const Connect& connect, Instant at) {
  auto& client = clients_[static_cast<std::size_t>(index)];
  client.connect_sent = true;
  client.connect_sent_at = at;
  client.clean_start = connect.clean_start;
  client.requested_expiry = expiry_asked_by(connect);
  client.packet_bytes_max = connect.properties.number(PropertyId::maximum_packet_size);
  client.before = client.session;
  client.gone_before = client.gone_after;
  if (connect.clean_start) void_session(index, true);
}

void Fleet::on_conn_ack(ClientIndex index, const ConnAck& conn_ack, Instant at) {
  auto& client = clients_[static_cast<std::size_t>(index)];
  if (client.accepted || !client.connect_sent) return;
  client.refused = conn_ack.reason != ReasonCode::success;
  if (client.refused) return;
  Known expected = Known::maybe;
  // The broker may look at its sessions a little after they are over.
  constexpr Duration slack = std::chrono::seconds(2);
  const bool past = client.gone_before < Instant::max() - slack &&
                    client.connect_sent_at > client.gone_before + slack;
  if (client.clean_start || client.before == Known::no || past)
    expected = Known::no;
  else if (client.before == Known::yes && at < client.alive_until)
    expected = Known::yes;
  // A broker that can store nothing neither lets in nor says goodbye: what it has long given up
  // shows when it can.
  if (!client.clean_start && !stores_at(at)) expected = Known::maybe;
  const bool expired = client.before != Known::no && client.alive_until <= at;
  const bool present = conn_ack.session_present;
  changes_.push_back(Accepted{.client = index,
                              .connection = client.connection,
                              .session_present = present,
                              .expected = expected,
                              .clean_start = client.clean_start,
                              .expired = expired,
                              .returning = client.epoch > 0,
                              .alive_until = client.alive_until,
                              .gone_after = client.gone_before});
  if (!present) {
    void_session(index, expected != Known::yes);
    drop_subscriptions(index);
    ++client.epoch;
  } else if (client.attempted && expected != Known::yes) {
    // It may be another one, made by a CONNECT whose answer was lost, after the first had expired.
    void_session(index, true);
    ++client.epoch;
  }
  client.attempted = false;
  client.session = Known::yes;
  client.expiry_min = client.expiry_max =
      conn_ack.properties.number(PropertyId::session_expiry_interval)
          .value_or(client.requested_expiry);
  client.alive_until = client.gone_after = Instant::max();
  client.accepted = true;
  client.accepted_at = at;
  if (!client.broker_closed) return;
  // It was on its way when the broker's end was gone already: the session's time runs since then.
  connection_over(index, client.broker_closed_at);
  broker_knows_it_is_over(client, client.broker_closed_at);
  if (client.crashed && broker_up_) is_recovered(client);
  if (client.crashed && run_.durability == trace::Durability::none) {
    client.session = Known::no;
    client.alive_until = client.gone_after = client.broker_closed_at;
  }
}

void Fleet::on_disconnect(ClientIndex index, const Disconnect& disconnect) {
  auto& client = clients_[static_cast<std::size_t>(index)];
  client.disconnect_sent = !failed(disconnect.reason);
  const auto asked = disconnect.properties.number(PropertyId::session_expiry_interval);
  if (!asked) return;
  client.expiry_min = std::min(client.expiry_min, *asked);
  client.expiry_max = std::max(client.expiry_max, *asked);
}

// ---- Subscriptions ------------------------------------------------------------------------------

void Fleet::on_subscribe(ClientIndex index, const Subscribe& subscribe, Instant at) {
  auto& client = clients_[static_cast<std::size_t>(index)];
  Request request{index, subscribe.packet_id, at, {}, true};
  for (const auto& entry : subscribe.entries) {
    const FilterId filter = topics_.filter(entry.filter);
    request.filters.push_back(filter);
    Subscription* held = find(index, filter);
    const bool made = held == nullptr || held->ended;
    const Known existed = made ? Known::no : held->sure ? Known::yes : Known::maybe;
    if (held == nullptr) {
      client.subscriptions.push_back({.filter = filter});
      held = &client.subscriptions.back();
      held->granted = held->granted_most = entry.options.qos;
      if (static_cast<std::size_t>(filter) >= holders_.size())
        holders_.resize(static_cast<std::size_t>(filter) + 1);
      auto& holders = holders_[static_cast<std::size_t>(filter)];
      holders.insert(std::upper_bound(holders.begin(), holders.end(), index), index);
    } else {
      held->granted = made ? entry.options.qos : std::min(held->granted, entry.options.qos);
      held->granted_most = std::max(held->granted_most, entry.options.qos);
    }
    held->options = entry.options;
    held->requested = at;
    held->granted_at.reset();
    held->ended.reset();
    changes_.push_back(Subscribing{index, filter, existed});
  }
  requests_[static_cast<std::size_t>(index)].push_back(std::move(request));
}

void Fleet::on_sub_ack(ClientIndex index, const SubAck& sub_ack, Instant at) {
  auto& client = clients_[static_cast<std::size_t>(index)];
  const auto request = take_request(index, sub_ack.packet_id, true);
  if (!request) return;
  // The broker may have lost it again: this answer was on its way when the link ended.
  const bool keeps = client.present() || client.surely_alive(at);
  for (std::size_t i = 0; i < request->filters.size() && i < sub_ack.reasons.size(); ++i) {
    const FilterId filter = request->filters[i];
    Subscription* held = find(index, filter);
    if (held == nullptr) continue;
    const bool success = !failed(sub_ack.reasons[i]);
    changes_.push_back(Granted{index, filter, success});
    if (!success) {
      if (!held->sure) drop_subscription(index, filter);
      continue;
    }
    held->granted = qos_of(sub_ack.reasons[i]);
    held->granted_most = std::max(held->granted_most, held->granted);
    held->granted_at = at;
    held->granted_on = client.connection;
    held->sure = keeps;
  }
}

void Fleet::on_unsubscribe(ClientIndex index, const Unsubscribe& unsubscribe, Instant at) {
  Request request{index, unsubscribe.packet_id, at, {}, false};
  for (const auto& text : unsubscribe.filters) {
    const FilterId filter = topics_.filter(text);
    request.filters.push_back(filter);
    if (Subscription* held = find(index, filter)) held->sure = false;
    changes_.push_back(SubscriptionOver{index, filter});
  }
  requests_[static_cast<std::size_t>(index)].push_back(std::move(request));
}

void Fleet::on_unsub_ack(ClientIndex index, const UnsubAck& unsub_ack, Instant at) {
  const auto request = take_request(index, unsub_ack.packet_id, false);
  if (!request) return;
  for (std::size_t i = 0; i < request->filters.size(); ++i) {
    if (i < unsub_ack.reasons.size() && failed(unsub_ack.reasons[i])) continue;
    // A SUBSCRIBE that was sent after the UNSUBSCRIBE makes it anew.
    Subscription* held = find(index, request->filters[i]);
    if (held != nullptr && !held->sure && held->requested <= request->at) held->ended = at;
  }
}

std::optional<Fleet::Request> Fleet::take_request(ClientIndex index, PacketId packet_id,
                                                  bool subscribe) {
  auto& open = requests_[static_cast<std::size_t>(index)];
  const auto found = std::find_if(open.begin(), open.end(), [&](const Request& request) {
    return request.packet_id == packet_id && request.subscribe == subscribe;
  });
  if (found == open.end()) return std::nullopt;
  Request request = std::move(*found);
  open.erase(found);
  return request;
}

void Fleet::void_session(ClientIndex index, bool allowed) {
  for (auto& held : clients_[static_cast<std::size_t>(index)].subscriptions) held.sure = false;
  changes_.push_back(SessionOver{index, allowed});
}

void Fleet::drop_subscriptions(ClientIndex index) {
  auto& held = clients_[static_cast<std::size_t>(index)].subscriptions;
  while (!held.empty()) drop_subscription(index, held.back().filter);
}

void Fleet::drop_subscription(ClientIndex index, FilterId filter) {
  auto& holders = holders_[static_cast<std::size_t>(filter)];
  const auto at = std::lower_bound(holders.begin(), holders.end(), index);
  if (at != holders.end() && *at == index) holders.erase(at);
  auto& held = clients_[static_cast<std::size_t>(index)].subscriptions;
  std::erase_if(held, [&](const Subscription& one) { return one.filter == filter; });
}

}  // namespace mq::checks
