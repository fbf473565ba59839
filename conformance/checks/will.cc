#include "conformance/checks/will.h"

#include <algorithm>

#include "base/overloaded.h"
#include "conformance/checks/at.h"
#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

// Brokers look at their delays about once a second; within this of an instant that decides, either
// outcome is right.
constexpr Duration seconds_more = 2s;

}  // namespace

void WillCheck::observe(const trace::Event& event) {
  decide_what_is_due(event.at);
  on_changes();
  std::visit(
      overloaded{[&](const trace::PacketSeen& seen) { on(seen, event.at); },
                 [&](const trace::LinkClosed& closed) { on(closed, event.at); },
                 [&](const trace::Delivered& delivered) { on(delivered, event.at); },
                 [&](const trace::BrokerDown&) { on_broker_down(event.at); }, [](const auto&) {}},
      event.what);
}

WillCheck::Will* WillCheck::find(ClientIndex client, std::uint32_t connection) {
  if (!fleet_.knows(client)) return nullptr;
  auto& wills = clients_[at(client)].wills;
  for (auto will = wills.rbegin(); will != wills.rend(); ++will)
    if (will->connection == connection) return &*will;
  return nullptr;
}

std::size_t WillCheck::held() const {
  std::size_t count = 0;
  for (const auto& client : clients_) count += client.wills.size();
  return count;
}

// ---- What the broker knew -----------------------------------------------------------------------

void WillCheck::on(const trace::PacketSeen& seen, Instant when) {
  const auto [client, connection] = seen.connection;
  if (!fleet_.knows(client)) return;
  const bool by_client = seen.end == trace::End::client;
  auto& wills = clients_[at(client)].wills;
  Will* own = !wills.empty() && wills.back().connection == connection ? &wills.back() : nullptr;
  if (own != nullptr && by_client) on_client_packet(client, *own, *seen.packet, seen.sent, when);
  // A pause longer than the keep-alive lets the broker give up in between.
  const bool after_a_pause = own != nullptr && !by_client && !seen.sent && is_silent(*own, when);
  if (own != nullptr && !by_client && !seen.sent) own->heard_at = when;
  switch (kind(*seen.packet)) {
    case Kind::connect:
      if (by_client && seen.sent)
        on_connect(client, connection, std::get<Connect>(*seen.packet));
      else if (own != nullptr)
        own->broker_heard = true;
      return;
    case Kind::conn_ack:
      if (by_client != seen.sent)
        on_conn_ack(client, connection, std::get<ConnAck>(*seen.packet), when);
      return;
    case Kind::disconnect:
      if (own != nullptr && after_a_pause)
        decide(client, *own, Owed::may, when);
      else if (by_client == seen.sent)
        on_disconnect(client, connection, std::get<Disconnect>(*seen.packet), seen.end, when);
      return;
    case Kind::publish: {
      const auto text = std::get<Publish>(*seen.packet).payload.text();
      if (by_client || !seen.sent || !text.starts_with('!')) return;
      const auto stamp = trace::stamp_of(text);
      if (Will* will =
              stamp ? find(stamp->publisher, static_cast<std::uint32_t>(stamp->number)) : nullptr)
        on_published(stamp->publisher, *will, when);
      return;
    }
    default:
      return;
  }
}

// Whether the broker's keep-alive may have ended the connection before `when`.
bool WillCheck::is_silent(const Will& will, Instant when) const {
  if (will.keep_alive == 0) return false;
  return when > will.heard_at + std::chrono::seconds(will.keep_alive) * 3 / 2 + seconds_more;
}

void WillCheck::on_connect(ClientIndex client, std::uint32_t connection, const Connect& connect) {
  if (!connect.will) return;
  const auto stamp = trace::stamp_of(connect.will->payload.text());
  if (!stamp || stamp->origin != trace::Stamp::Origin::will || stamp->publisher != client ||
      stamp->number != connection)
    return;
  auto& wills = clients_[at(client)].wills;
  if (!wills.empty() && wills.back().connection == connection) return;
  Will will;
  will.connection = connection;
  will.topic = fleet_.topics().topic(connect.will->topic);
  will.qos = connect.will->qos;
  const auto& asked = connect.will->properties;
  will.perishable = asked.number(PropertyId::message_expiry_interval).has_value();
  will.is_v5 = connect.version == Version::v5;
  will.keep_alive = connect.keep_alive;
  if (will.is_v5) {
    will.delay = asked.number(PropertyId::will_delay_interval).value_or(0);
    will.expiry = connect.properties.number(PropertyId::session_expiry_interval).value_or(0);
  }
  wills.push_back(std::move(will));
  const auto settled = [](const Will& one) {
    return one.owed != Owed::undecided && one.observers.empty();
  };
  while (wills.size() > settled_wills_max + 1 && settled(wills.front())) wills.erase(wills.begin());
}

void WillCheck::on_conn_ack(ClientIndex client, std::uint32_t connection, const ConnAck& conn_ack,
                            Instant when) {
  Will* will = find(client, connection);
  if (conn_ack.reason != ReasonCode::success) {
    if (will != nullptr) decide(client, *will, Owed::must_not, when, Why::refused);
    return;
  }
  if (will != nullptr && !will->armed) {
    will->armed = true;
    if (const auto granted = conn_ack.properties.number(PropertyId::session_expiry_interval))
      will->expiry = *granted;
    if (const auto imposed = conn_ack.properties.number(PropertyId::server_keep_alive))
      will->keep_alive = static_cast<std::uint16_t>(*imposed);
  }
  const auto& state = fleet_.client(client);
  for (auto& older : clients_[at(client)].wills) {
    if (older.connection >= connection || older.back) continue;
    older.back = when;
    older.back_resumed = conn_ack.session_present;
    older.back_clean = state.connection == connection && state.clean_start;
    if (older.closed && older.owed == Owed::undecided) on_back(client, older, when);
  }
}

void WillCheck::on_disconnect(ClientIndex client, std::uint32_t connection,
                              const Disconnect& disconnect, trace::End end, Instant when) {
  Will* will = find(client, connection);
  if (will == nullptr) return;
  // 3.1.1 knows no DISCONNECT that leaves the will.
  const bool discards = !will->is_v5 || disconnect.reason == ReasonCode::success;
  if (end == trace::End::client) {
    if (discards) will->disconnect_sent = true;
    return;
  }
  if (const auto asked = disconnect.properties.number(PropertyId::session_expiry_interval))
    will->expiry = *asked;
  if (!discards || will->closed) return;
  if (will->seen) {  // it had given the client up before
    decide(client, *will, Owed::may, when);
    return;
  }
  will->discarded = when;
  decide(client, *will, Owed::must_not, when, Why::disconnected);
}

// The broker goes on serving the client whose will it has published.
void WillCheck::on_client_packet(ClientIndex client, Will& will, const Packet& packet, bool sent,
                                 Instant when) {
  if (kind(packet) == Kind::ping_req && sent) ++will.pings_open;
  if (kind(packet) == Kind::ping_resp && !sent && will.pings_open > 0) --will.pings_open;
  if (!will.seen || will.blamed || will.closed) return;
  if (sent) {
    if (will.probe) return;
    if (const auto* publish = std::get_if<Publish>(&packet)) {
      if (publish->qos == Qos::at_least_once) will.probe = {Kind::pub_ack, publish->packet_id};
      if (publish->qos == Qos::exactly_once) will.probe = {Kind::pub_rec, publish->packet_id};
    } else if (kind(packet) == Kind::ping_req && will.pings_open == 1) {
      will.probe = {Kind::ping_resp, PacketId::none};
    }
    return;
  }
  if (!will.probe || kind(packet) != will.probe->first) return;
  const auto* pub_ack = std::get_if<PubAck>(&packet);
  const auto* pub_rec = std::get_if<PubRec>(&packet);
  if (pub_ack != nullptr && pub_ack->packet_id != will.probe->second) return;
  if (pub_rec != nullptr && pub_rec->packet_id != will.probe->second) return;
  ++tally_.tried;
  blame(client, will, *will.seen,
        name_of(fleet_.run(), client) + "'s will for " + fleet_.topics().name(will.topic) +
            " was published at " + time_text(*will.seen) +
            ", although its connection held: the broker still answered it at " + time_text(when) +
            '.',
        std::nullopt);
}

void WillCheck::on(const trace::LinkClosed& closed, Instant when) {
  if (closed.end != trace::End::broker) return;
  Will* will = find(closed.connection.client, closed.connection.number);
  if (will == nullptr || will->closed) return;
  if (closed.cause == trace::CloseCause::crashed && will->owed == Owed::undecided) {
    will->closed = when;
    decide(closed.connection.client, *will, Owed::may, when);
    return;
  }
  on_closed_at_broker(closed.connection.client, *will, when);
}

// The broker closed its end then, or had closed it before and only now got rid of its last bytes.
void WillCheck::on_closed_at_broker(ClientIndex client, Will& will, Instant when) {
  will.closed = when;
  will.exact = !is_silent(will, when);
  if (will.owed != Owed::undecided) return;
  const bool unsure =
      !will.armed || will.perishable || (!will.broker_heard && will.disconnect_sent);
  if (unsure) {
    decide(client, will, Owed::may, when);
    return;
  }
  const std::uint32_t delay = std::min(will.delay, will.expiry);
  will.due = after_expiry(when, delay);
  if (will.delay == 0 || (delay == 0 && !will.back)) {
    decide(client, will, Owed::must, when);
    return;
  }
  if (will.back) {  // taken over
    will.due = after_expiry(when, will.delay);
    on_back(client, will, when);
    return;
  }
  if (will.seen && !is_coming_back(client, will)) blame_early(client, will);
  if (will.due < Instant::max() - seconds_more)
    due_.emplace(will.due + seconds_more, std::pair(client, will.connection));
}

// The client is connected again before its will was due, or about then.
void WillCheck::on_back(ClientIndex client, Will& will, Instant when) {
  if (will.back_clean) {  // the end of the session is the end of the delay
    will.due = std::min(will.due, *will.back);
    decide(client, will, Owed::must, when);
  } else if (will.back_resumed && will.exact && *will.back + seconds_more < will.due) {
    ++cancelled_;
    decide(client, will, Owed::must_not, when, Why::resumed);
  } else {
    decide(client, will, Owed::may, when);
  }
}

// A CONNECT that is on its way may be with the broker, and be the end of the session.
bool WillCheck::is_coming_back(ClientIndex client, const Will& will) const {
  const auto& state = fleet_.client(client);
  return state.connection > will.connection && state.connect_sent;
}

void WillCheck::decide_what_is_due(Instant now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const auto [client, connection] = due_.begin()->second;
    due_.erase(due_.begin());
    Will* will = find(client, connection);
    if (will == nullptr || will->owed != Owed::undecided) continue;
    decide(client, *will, is_coming_back(client, *will) ? Owed::may : Owed::must, now);
  }
}

void WillCheck::on_broker_down(Instant at) {
  // Whether and when wills outlive a crash is left to the broker. Nothing tells a client that its
  // DISCONNECT is stored: one of just now may be lost, and one that found the disk full.
  for (std::size_t i = 0; i < clients_.size(); ++i)
    for (auto& will : clients_[i].wills) {
      will.crashed_since = true;
      const bool is_stored = will.discarded && fleet_.stores_at(*will.discarded) &&
                             *will.discarded + seconds_more < at;
      const bool is_forgotten = will.owed == Owed::must_not && will.discarded && !is_stored;
      const bool unseen = will.owed == Owed::must || is_forgotten;
      if (will.owed != Owed::undecided && (!unseen || will.seen)) continue;
      will.owed = Owed::may;
      will.observers.clear();
    }
}

// ---- What became of it --------------------------------------------------------------------------

void WillCheck::on(const trace::Delivered& delivered, Instant when) {
  const auto text = delivered.publish->payload.text();
  if (!text.starts_with('!') || !fleet_.knows(delivered.connection.client)) return;
  const auto stamp = trace::stamp_of(text);
  if (!stamp) return;
  Will* will = find(stamp->publisher, static_cast<std::uint32_t>(stamp->number));
  if (will == nullptr) return;
  on_published(stamp->publisher, *will, when);
  on_copy(stamp->publisher, *will, delivered, when);
}

void WillCheck::on_published(ClientIndex client, Will& will, Instant when) {
  if (will.seen) return;
  will.seen = when;
  ++published_;
  if (will.owed == Owed::must_not)
    blame_wrong(client, will);
  else if (will.closed && will.owed == Owed::undecided && !is_coming_back(client, will))
    blame_early(client, will);
}

// It was published, and must not have been.
void WillCheck::blame_wrong(ClientIndex client, Will& will) {
  if (will.blamed) return;
  const std::string& name = name_of(fleet_.run(), client);
  std::string text = name + "'s will for " + fleet_.topics().name(will.topic) +
                     " was published at " + time_text(*will.seen);
  if (will.why == Why::disconnected)
    text += ", although it had left with DISCONNECT at " +
            time_text(will.discarded.value_or(*will.seen)) + '.';
  else if (will.why == Why::resumed)
    text += ", although it was back at " + time_text(will.back.value_or(*will.seen)) +
            ", before the delay of its will was over at " + time_text(will.due) + '.';
  else
    text += ", although its connection had been refused.";
  ++tally_.tried;
  blame(client, will, *will.seen, std::move(text), std::nullopt);
}

void WillCheck::blame_early(ClientIndex client, Will& will) {
  if (will.blamed || !will.exact || *will.seen + seconds_more >= will.due) return;
  ++tally_.tried;
  blame(client, will, *will.seen,
        name_of(fleet_.run(), client) + "'s will for " + fleet_.topics().name(will.topic) +
            " was published at " + time_text(*will.seen) + ", before its delay was over at " +
            time_text(will.due) + '.',
        std::nullopt);
}

void WillCheck::on_copy(ClientIndex owner, Will& will, const trace::Delivered& delivered,
                        Instant when) {
  const ClientIndex client = delivered.connection.client;
  const Publish& publish = *delivered.publish;
  std::uint32_t subscriptions = 0;
  bool as_published = false;
  for (const FilterId filter : fleet_.topics().filters_of(will.topic))
    if (const Subscription* held = fleet_.subscription(client, filter)) {
      ++subscriptions;
      as_published = as_published || held->options.retain_as_published;
    }
  if (publish.retain && !as_published) return;  // a new subscription brought it
  const auto owed = std::find_if(will.observers.begin(), will.observers.end(),
                                 [&](const Observer& one) { return one.client == client; });
  if (owed != will.observers.end()) {
    will.observers.erase(owed);
    ++tally_.tried;
    std::erase(clients_[at(client)].watches, std::pair(owner, will.connection));
  }
  auto copy = std::find_if(will.copies.begin(), will.copies.end(),
                           [&](const Copy& one) { return one.client == client; });
  if (copy == will.copies.end()) copy = will.copies.insert(copy, Copy{client, 0});
  if (publish.dup || publish.retain) return;  // sent again, or once more for a new subscription
  if (++copy->live <= std::max<std::uint32_t>(subscriptions, 1) || will.crashed_since) return;
  ++tally_.tried;
  blame(owner, will, when,
        name_of(fleet_.run(), owner) + "'s will for " + fleet_.topics().name(will.topic) +
            " reached " + name_of(fleet_.run(), client) + " again at " + time_text(when) +
            ", not marked as a repetition.",
        client);
}

void WillCheck::decide(ClientIndex client, Will& will, Owed owed, Instant when, Why why) {
  if (will.owed != Owed::undecided) return;
  will.owed = owed;
  will.why = why;
  if (owed == Owed::may) return;
  auto observers = observers_of(client, will, when);
  if (owed == Owed::must_not) {
    if (will.seen)
      blame_wrong(client, will);
    else if (!observers.empty())
      ++tally_.tried;
    return;
  }
  for (const auto& observer : observers) {
    const bool came = std::any_of(will.copies.begin(), will.copies.end(),
                                  [&](const Copy& one) { return one.client == observer.client; });
    if (came) {
      ++tally_.tried;
      continue;
    }
    will.observers.push_back(observer);
    clients_[at(observer.client)].watches.emplace_back(client, will.connection);
  }
}

// Subscribers that get the will for sure if it is published now.
std::vector<WillCheck::Observer> WillCheck::observers_of(ClientIndex owner, const Will& will,
                                                         Instant when) const {
  std::vector<Observer> observers;
  for (const FilterId filter : fleet_.topics().filters_of(will.topic)) {
    if (fleet_.topics().is_shared(filter)) continue;
    for (const ClientIndex client : fleet_.holders(filter)) {
      const Subscription* held = fleet_.subscription(client, filter);
      const auto& state = fleet_.client(client);
      const bool since_before = held->granted_at && *held->granted_at <= will.closed.value_or(when);
      if (client == owner || !held->sure || !since_before || !state.surely_alive(when)) continue;
      const Qos qos = std::min(will.qos, held->granted);
      if (qos == Qos::at_most_once && (!state.present() || state.accepted_at > will.due)) continue;
      const auto same = std::find_if(observers.begin(), observers.end(),
                                     [&](const Observer& one) { return one.client == client; });
      if (same == observers.end())
        observers.push_back({client, qos, state.connection});
      else
        same->qos = std::max(same->qos, qos);
    }
  }
  return observers;
}

void WillCheck::on_changes() {
  for (const auto& change : fleet_.changes())
    std::visit(overloaded{[&](const SessionOver& over) {
                            if (over.allowed) no_longer_watches(over.client, std::nullopt);
                          },
                          [&](const SubscriptionOver& over) {
                            no_longer_watches(over.client, over.filter);
                          },
                          [](const auto&) {}},
               change);
}

void WillCheck::no_longer_watches(ClientIndex observer, std::optional<FilterId> filter) {
  std::erase_if(clients_[at(observer)].watches, [&](const auto& watched) {
    Will* will = find(watched.first, watched.second);
    if (will == nullptr) return true;
    if (filter && !fleet_.topics().matches(*filter, will->topic)) return false;
    std::erase_if(will->observers, [&](const Observer& one) { return one.client == observer; });
    return true;
  });
}

// ---- The end ------------------------------------------------------------------------------------

bool WillCheck::had_to_come(const Will& will, const Observer& observer, Instant end) const {
  if (!fleet_.complete() || !fleet_.calm_began()) return false;
  const auto& state = fleet_.client(observer.client);
  const Instant middle_of_calm = *fleet_.calm_began() + (end - *fleet_.calm_began()) / 2;
  if (will.due + seconds_more > middle_of_calm || !state.surely_alive(end)) return false;
  if (observer.qos == Qos::at_most_once)
    return state.present() && state.connection == observer.connection;
  return state.present() && state.accepted_at <= middle_of_calm;
}

std::string WillCheck::end_text(ClientIndex owner, const Will& will) const {
  return "The broker's end of " + name_of(fleet_.run(), owner) + "'s connection closed at " +
         time_text(will.closed.value_or(will.due)) + " without a DISCONNECT";
}

std::vector<Finding> WillCheck::finish(Instant end) {
  decide_what_is_due(end);
  for (std::size_t i = 0; i < clients_.size(); ++i)
    for (auto& will : clients_[i].wills)
      for (const auto& observer : will.observers) {
        if (!had_to_come(will, observer, end)) continue;
        const auto owner = ClientIndex{static_cast<std::uint32_t>(i)};
        ++tally_.tried;
        blame(owner, will, will.due,
              end_text(owner, will) + "; its will for " + fleet_.topics().name(will.topic) +
                  ", due at " + time_text(will.due) + ", had not reached " +
                  name_of(fleet_.run(), observer.client) + " when the run ended at " +
                  time_text(end) + '.',
              observer.client);
      }
  Finding finding;
  finding.id = "will";
  finding.promise =
      "A will is published when its client is lost for longer than the will's delay, once, and "
      "not otherwise.";
  tally_.judge(finding);
  finding.limit = "0 wrong";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) + " wrong, " +
                     count_text(published_) + " published";
  finding.clauses = {"v5/MQTT-3.1.2-8",     "v5/MQTT-3.1.2-10",    "v5/MQTT-3.1.3-9",
                     "v5/MQTT-3.14.4-3",    "v3.1.1/MQTT-3.1.2-8", "v3.1.1/MQTT-3.1.2-10",
                     "v3.1.1/MQTT-3.14.4-3"};
  return {finding};
}

void WillCheck::blame(ClientIndex owner, Will& will, Instant when, std::string text,
                      std::optional<ClientIndex> observer) {
  will.blamed = true;
  tally_.blame([&] {
    Evidence made{when, std::move(text), {owner}, {}, will.closed.value_or(when), when};
    made.message = trace::Stamp{trace::Stamp::Origin::will, owner, will.connection};
    if (observer) made.clients.push_back(*observer);
    if (made.from > made.until) std::swap(made.from, made.until);
    return made;
  });
}

}  // namespace mq::checks
