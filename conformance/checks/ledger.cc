#include "conformance/checks/ledger.h"

#include <algorithm>

#include "base/ensure.h"
#include "base/overloaded.h"
#include "conformance/checks/at.h"

namespace mq::checks {

DeliveryCounts& DeliveryCounts::operator+=(const DeliveryCounts& other) {
  owed += other.owed;
  delivered += other.delivered;
  lost += other.lost;
  duplicated += other.duplicated;
  unexpected += other.unexpected;
  reordered += other.reordered;
  late += other.late;
  open += other.open;
  cancelled += other.cancelled;
  return *this;
}

Ledger::Ledger(Fleet& fleet, const Transit& transit)
    : fleet_(fleet), transit_(transit), publishers_(fleet.size()), receivers_(fleet.size()) {
  for (const auto& client : fleet.run().clients) {
    auto known = std::find(groups_.begin(), groups_.end(), client.group);
    if (known == groups_.end()) known = groups_.insert(known, client.group);
    group_of_.push_back(static_cast<std::size_t>(known - groups_.begin()));
  }
  rows_.resize(groups_.size());
  // Late is what the limit for the slowest messages does not allow.
  std::array<double, 3> percentile{};
  for (const auto& expectation : fleet.run().expectations) {
    if (expectation.id != "latency" || !expectation.below) continue;
    for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
      if (expectation.qos.value_or(qos) != qos || expectation.percentile < percentile[at(qos)])
        continue;
      percentile[at(qos)] = expectation.percentile;
      late_after_[at(qos)] = expectation.below;
    }
  }
}

void Ledger::observe(const trace::Event& event) {
  on_changes(event.at);
  std::visit(overloaded{[&](const trace::PacketSeen& seen) { on(seen, event.at); },
                        [&](const trace::Delivered& delivered) { on(delivered, event.at); },
                        [&](const trace::Attempted& attempted) { on(attempted, event.at); },
                        [&](const trace::NotSent& not_sent) { on(not_sent); },
                        [&](const trace::Acknowledged& told) { on(told, event.at); },
                        [&](const trace::ClientDown& down) { on(down); },
                        [&](const trace::ClientUp& up) {
                          if (fleet_.knows(up.client)) receivers_[at(up.client)].is_down = false;
                        },
                        [](const auto&) {}},
             event.what);
}

// ---- The publisher's side -----------------------------------------------------------------------

Ledger::Message* Ledger::find_message(const trace::Stamp& stamp) {
  const auto found = messages_.find(Key{stamp.publisher, stamp.number});
  return found == messages_.end() ? nullptr : &found->second;
}

void Ledger::on(const trace::Attempted& attempted, Instant when) {
  if (!fleet_.knows(attempted.client) || attempted.stamp.publisher != attempted.client) return;
  auto& publisher = publishers_[at(attempted.client)];
  publisher.highest = std::max(publisher.highest, attempted.stamp.number);
  Message message;
  message.attempted = when;
  message.topic = fleet_.topic_of(attempted.client, attempted.topic);
  message.qos = attempted.qos;
  message.was_attempted = true;
  ++published_[at(attempted.qos)].attempted;
  // A number that comes twice is the same message.
  messages_.try_emplace(Key{attempted.client, attempted.stamp.number}, message);
}

void Ledger::on(const trace::NotSent& not_sent) {
  Message* message = find_message(not_sent.stamp);
  if (message == nullptr) return;
  if (message->was_sent) {
    // Without an answer to the first time, and too old to be sent again.
    const bool is_open = message->qos != Qos::at_most_once && !message->acknowledged &&
                         !message->refused && !message->given_up;
    if (is_open && not_sent.reason == "expired")
      give_up({not_sent.stamp.publisher, not_sent.stamp.number}, *message);
    return;
  }
  ++published_[at(message->qos)].not_sent;
  messages_.erase(Key{not_sent.stamp.publisher, not_sent.stamp.number});
}

void Ledger::on(const trace::Acknowledged& told, Instant when) {
  Message* message = find_message(told.stamp);
  if (message == nullptr || message->qos == Qos::at_most_once) return;
  acknowledge(Key{told.stamp.publisher, told.stamp.number}, *message, told.reason, when);
}

void Ledger::on(const trace::PacketSeen& seen, Instant when) {
  if (!fleet_.knows(seen.connection.client)) return;
  if (seen.end == trace::End::broker) {
    if (seen.sent || kind(*seen.packet) != Kind::publish) return;
    const auto& publish = std::get<Publish>(*seen.packet);
    if (publish.qos != Qos::at_most_once) return;
    const auto stamp = trace::stamp_of(publish.payload.text());
    if (stamp && stamp->origin == trace::Stamp::Origin::publish) on_at_broker(*stamp, publish);
    return;
  }
  const ClientIndex client = seen.connection.client;
  if (seen.sent) {
    if (kind(*seen.packet) == Kind::publish)
      on_sent(client, std::get<Publish>(*seen.packet), seen.wire.size(), when);
    return;
  }
  std::visit(overloaded{[&](const PubAck& answer) {
                          on_answer(client, Kind::pub_ack, answer.packet_id, answer.reason, when);
                        },
                        [&](const PubRec& answer) {
                          on_answer(client, Kind::pub_rec, answer.packet_id, answer.reason, when);
                        },
                        [&](const PubComp& answer) {
                          on_answer(client, Kind::pub_comp, answer.packet_id, answer.reason, when);
                        },
                        [](const auto&) {}},
             *seen.packet);
}

void Ledger::on_sent(ClientIndex publisher, const Publish& publish, std::size_t bytes,
                     Instant when) {
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!stamp || stamp->origin != trace::Stamp::Origin::publish || stamp->publisher != publisher)
    return;
  auto& open = publishers_[at(publisher)].in_flight;
  if (publish.packet_id != PacketId::none) {
    const auto same = std::find_if(open.begin(), open.end(),
                                   [&](const auto& one) { return one.first == publish.packet_id; });
    if (same == open.end())
      open.emplace_back(publish.packet_id, stamp->number);
    else
      same->second = stamp->number;
  }
  Message* message = find_message(*stamp);
  if (message == nullptr) {  // a trace without the application's part
    publishers_[at(publisher)].highest =
        std::max(publishers_[at(publisher)].highest, stamp->number);
    message = &messages_[Key{publisher, stamp->number}];
    message->attempted = when;
    message->topic = fleet_.topic_of(publisher, publish.topic);
    message->qos = publish.qos;
  }
  const std::uint32_t epoch = fleet_.client(publisher).epoch;
  if (!message->was_sent) {
    message->epoch = epoch;
    on_sent_first(*message, *stamp, publish, bytes, when);
    return;
  }
  // Within a session the broker tells a repeated QoS 2 message from a new one; otherwise the
  // publisher makes the copies.
  if (publish.qos == Qos::at_least_once || message->epoch != epoch) {
    streams_[message->stream].sent_again.add(stamp->number, message->previous);
    if (message->epoch != epoch && !message->acknowledged) message->owed_since = Instant::max();
    message->epoch = epoch;
  }
}

void Ledger::on_sent_first(Message& message, const trace::Stamp& stamp, const Publish& publish,
                           std::size_t bytes, Instant when) {
  message.was_sent = true;
  message.sent = when;
  message.stream = stream_of(stamp.publisher, message.topic, message.qos);
  auto& stream = streams_[message.stream];
  message.previous = stream.last_sent;
  if (stamp.number <= stream.last_sent) stream.ordered = false;
  stream.last_sent = std::max(stream.last_sent, stamp.number);
  if (message.qos != Qos::at_most_once) ++unacknowledged_;
  const Key key{stamp.publisher, stamp.number};
  owe(key, message, publish, bytes, when);
  retire_if_done(key, message);
}

// Who has to get it, as far as is sure.
void Ledger::owe(const Key& key, Message& message, const Publish& publish, std::size_t bytes,
                 Instant when) {
  if (!fleet_.may_publish(key.publisher, message.topic)) return;
  const Topics& topics = fleet_.topics();
  owed_to_.clear();
  std::size_t filters = 0;
  for (const FilterId filter : topics.filters_of(message.topic)) {
    if (topics.is_shared(filter)) continue;
    ++filters;
    for (const ClientIndex client : fleet_.holders(filter)) {
      const Subscription* held = fleet_.subscription(client, filter);
      if (!held->sure || (held->options.no_local && client == key.publisher)) continue;
      const auto& state = fleet_.client(client);
      if (!state.surely_alive(when)) continue;
      owed_to_.push_back(
          {client, std::min(message.qos, held->granted), held->granted_on != state.connection});
    }
  }
  if (filters > 1) {  // of overlapping subscriptions the highest QoS counts
    std::stable_sort(owed_to_.begin(), owed_to_.end(), [](const Owed& a, const Owed& b) {
      return a.subscriber != b.subscriber ? a.subscriber < b.subscriber : a.qos > b.qos;
    });
    owed_to_.erase(
        std::unique(owed_to_.begin(), owed_to_.end(),
                    [](const Owed& a, const Owed& b) { return a.subscriber == b.subscriber; }),
        owed_to_.end());
  }
  // With an expiry it may be dropped rightly, at an instant that the trace does not show.
  const bool may_expire =
      publish.properties.number(PropertyId::message_expiry_interval).has_value();
  // Towards a subscriber the packet may grow by a topic for an alias, an id and identifiers.
  constexpr std::size_t growth_max = 256;
  const std::size_t size = std::max(bytes, publish.payload.size()) +
                           fleet_.topics().name(message.topic).size() + growth_max;
  for (const auto& [subscriber, qos, carried] : owed_to_) {
    const auto& state = fleet_.client(subscriber);
    if (state.packet_bytes_max && size > *state.packet_bytes_max) continue;
    if (qos == Qos::at_most_once ? !state.present() : may_expire) continue;
    auto& open = cell_of(message.stream, subscriber).open;
    const Debt debt{.number = key.number,
                    .qos = qos,
                    .waited = !state.present(),
                    .carried = carried && state.present()};
    open.insert(std::upper_bound(open.begin(), open.end(), debt,
                                 [](const Debt& a, const Debt& b) { return a.number < b.number; }),
                debt);
    ++message.open;
    ++receivers_[at(subscriber)].debts;
    if (qos != Qos::at_most_once) ++debts_;
  }
}

void Ledger::on_answer(ClientIndex publisher, Kind answer, PacketId packet_id, ReasonCode reason,
                       Instant when) {
  auto& open = publishers_[at(publisher)].in_flight;
  const auto found = std::find_if(open.begin(), open.end(),
                                  [&](const auto& one) { return one.first == packet_id; });
  if (found == open.end()) return;
  const Key key{publisher, found->second};
  const bool last = answer != Kind::pub_rec || failed(reason);
  if (last) open.erase(found);
  const auto message = messages_.find(key);
  if (message == messages_.end()) return;
  if (last)
    acknowledge(key, message->second, reason, when);
  else
    message->second.owed_since = std::min(message->second.owed_since, when);
}

void Ledger::acknowledge(Key key, Message& message, ReasonCode reason, Instant when) {
  if (message.acknowledged || message.refused) return;
  // That a PUBREL finds no packet id says that the exchange was over already.
  if (failed(reason) && reason != ReasonCode::packet_identifier_not_found) {
    refuse(key, message);
    return;
  }
  message.acknowledged = true;
  message.owed_since = std::min(message.owed_since, when);
  if (message.given_up)
    --published_[at(message.qos)].open;
  else if (message.was_sent)
    --unacknowledged_;
  ++published_[at(message.qos)].acknowledged;
  ++acknowledged_.tried;
  // Received in a session that ended: the broker may have dropped it before its PUBREL.
  if (failed(reason) && message.epoch != fleet_.client(key.publisher).epoch)
    cancel_debts(key, message);
  retire_if_done(key, message);
}

void Ledger::refuse(Key key, Message& message) {
  message.refused = true;
  if (message.was_sent && !message.given_up) --unacknowledged_;
  ++published_[at(message.qos)].refused;
  cancel_debts(key, message);
  retire_if_done(key, message);
}

void Ledger::cancel_debts(const Key& key, Message& message) {
  if (message.open == 0) return;
  auto& stream = streams_[message.stream];
  for (auto& cell : stream.cells)
    std::erase_if(cell.open, [&](const Debt& debt) {
      if (debt.number != key.number) return false;
      end_debt(stream, cell, debt, Ending::cancelled);
      return true;
    });
}

// A broker that passes messages on at PUBREL may have dropped it, and so may its client: who has
// PUBREC does not send the message again.
void Ledger::give_up_received(ClientIndex publisher) {
  auto& in_flight = publishers_[at(publisher)].in_flight;
  const auto given_up = std::remove_if(in_flight.begin(), in_flight.end(), [&](const auto& one) {
    const Key key{publisher, one.second};
    const auto found = messages_.find(key);
    if (found == messages_.end()) return true;
    Message& message = found->second;
    if (message.owed_since == Instant::max() || message.acknowledged) return false;
    message.given_up = true;
    --unacknowledged_;
    ++published_[at(message.qos)].open;
    cancel_debts(key, message);
    retire_if_done(key, message);
    return true;
  });
  in_flight.erase(given_up, in_flight.end());
}

// Its publisher will not send it any more: nothing is owed of it to anybody.
void Ledger::give_up(const Key& key, Message& message) {
  message.given_up = true;
  if (message.was_sent) --unacknowledged_;
  ++published_[at(message.qos)].open;
  cancel_debts(key, message);
  retire_if_done(key, message);
}

// A publisher that was switched off and has no store will not send again what it was sending.
void Ledger::on(const trace::ClientDown& down) {
  if (!fleet_.knows(down.client)) return;
  receivers_[at(down.client)].is_down = true;
  if (down.keeps_session) return;
  std::vector<std::uint64_t> open;
  for (const auto& [key, message] : messages_) {
    const bool is_open = message.qos != Qos::at_most_once && !message.acknowledged &&
                         !message.refused && !message.given_up;
    if (key.publisher == down.client && is_open) open.push_back(key.number);
  }
  std::sort(open.begin(), open.end());  // not in the order of a hash map
  for (const std::uint64_t number : open) {
    const Key key{down.client, number};
    give_up(key, messages_.at(key));
  }
  publishers_[at(down.client)].in_flight.clear();
}

// A settled message is remembered for a while, so that findings can say when it was sent.
void Ledger::retire_if_done(const Key& key, Message& message) {
  const bool done = message.qos == Qos::at_most_once
                        ? message.was_sent
                        : message.acknowledged || message.refused || message.given_up;
  if (!done || message.open > 0 || message.recent) return;
  message.recent = true;
  recent_.push_back(key);
  if (recent_.size() <= recent_messages_max) return;
  const auto oldest = messages_.find(recent_.front());
  recent_.pop_front();
  if (oldest == messages_.end()) return;
  if (oldest->second.open == 0)
    messages_.erase(oldest);
  else
    oldest->second.recent = false;  // owed since, in a trace that acknowledged it before
}

std::uint32_t Ledger::stream_of(ClientIndex publisher, TopicId topic, Qos qos) {
  std::optional<std::uint32_t>& last = publishers_[at(publisher)].last_stream;
  if (last && streams_[*last].topic == topic && streams_[*last].qos == qos) return *last;
  const auto index = static_cast<std::size_t>(topic);
  if (index >= streams_of_topic_.size()) streams_of_topic_.resize(index + 1);
  for (const std::uint32_t known : streams_of_topic_[index])
    if (streams_[known].publisher == publisher && streams_[known].qos == qos) {
      last = known;
      return known;
    }
  last = static_cast<std::uint32_t>(streams_.size());
  streams_.push_back({.publisher = publisher, .topic = topic, .qos = qos});
  streams_of_topic_[index].push_back(*last);
  return *last;
}

Ledger::Cell* Ledger::find_cell(Stream& stream, ClientIndex subscriber) {
  const auto found = std::lower_bound(
      stream.cells.begin(), stream.cells.end(), subscriber,
      [](const Cell& cell, ClientIndex wanted) { return cell.subscriber < wanted; });
  return found != stream.cells.end() && found->subscriber == subscriber ? &*found : nullptr;
}

Ledger::Cell& Ledger::cell_of(std::uint32_t stream, ClientIndex subscriber) {
  auto& cells = streams_[stream].cells;
  const auto found = std::lower_bound(
      cells.begin(), cells.end(), subscriber,
      [](const Cell& cell, ClientIndex wanted) { return cell.subscriber < wanted; });
  if (found != cells.end() && found->subscriber == subscriber) return *found;
  receivers_[at(subscriber)].streams.push_back(stream);
  return *cells.insert(found, Cell{.subscriber = subscriber});
}

// ---- What ends debts other than a delivery ------------------------------------------------------

template <class Which>
void Ledger::end_debts(ClientIndex subscriber, Ending how, Which&& which) {
  if (receivers_[at(subscriber)].debts == 0) return;
  for (const std::uint32_t index : receivers_[at(subscriber)].streams) {
    auto& stream = streams_[index];
    Cell* cell = find_cell(stream, subscriber);
    if (cell == nullptr || cell->open.empty()) continue;
    std::erase_if(cell->open, [&](const Debt& debt) {
      if (!which(stream, debt)) return false;
      end_debt(stream, *cell, debt, how);
      return true;
    });
  }
}

void Ledger::end_debt(Stream& stream, Cell& cell, const Debt& debt, Ending how) {
  auto& row = counts(cell.subscriber, debt.qos);
  if (how == Ending::cancelled) {
    ++row.cancelled;
  } else {
    ++row.owed;
    ++row.lost;
  }
  --receivers_[at(cell.subscriber)].debts;
  if (debt.qos != Qos::at_most_once) --debts_;
  const Key key{stream.publisher, debt.number};
  const auto message = messages_.find(key);
  ensure(message != messages_.end(), "a message is known as long as it is owed");
  --message->second.open;
  retire_if_done(key, message->second);
}

void Ledger::on_changes(Instant when) {
  for (const auto& change : fleet_.changes())
    std::visit(
        overloaded{
            [&](const SessionOver& over) {
              if (!over.allowed)
                session_lost(over.client);
              else
                end_debts(over.client, Ending::cancelled, [](const Stream&, const Debt& debt) {
                  return debt.qos != Qos::at_most_once && !debt.session_lost;
                });
            },
            [&](const SubscriptionOver& over) {
              end_debts(over.client, Ending::cancelled, [&](const Stream& stream, const Debt&) {
                return fleet_.topics().matches(over.filter, stream.topic);
              });
            },
            [&](const Accepted& accepted) {
              // QoS 0 does not survive its connection.
              end_debts(accepted.client, Ending::lost, [](const Stream&, const Debt& debt) {
                return debt.qos == Qos::at_most_once;
              });
              if (accepted.session_present)
                session_resumed(accepted.client, when);
              else
                give_up_received(accepted.client);
            },
            [](const auto&) {}},
        change);
}

void Ledger::session_lost(ClientIndex subscriber) {
  for (const std::uint32_t index : receivers_[at(subscriber)].streams)
    if (Cell* cell = find_cell(streams_[index], subscriber))
      for (auto& debt : cell->open) debt.session_lost = debt.qos != Qos::at_most_once;
}

void Ledger::session_resumed(ClientIndex subscriber, Instant when) {
  auto& receiver = receivers_[at(subscriber)];
  receiver.resumed_at = when;
  receiver.carried_delivered = 0;
  if (receiver.debts == 0) return;
  for (const std::uint32_t index : receiver.streams)
    if (Cell* cell = find_cell(streams_[index], subscriber))
      for (auto& debt : cell->open) debt.carried = debt.qos != Qos::at_most_once;
}

Ledger::Census Ledger::census() const {
  Census census{messages_.size(), 0, 0, 0};
  for (const auto& stream : streams_) {
    census.cells += stream.cells.size();
    census.intervals += stream.sent_again.intervals();
    for (const auto& cell : stream.cells) {
      census.debts += cell.open.size();
      census.intervals += cell.away.intervals();
      for (const auto& copies : cell.copies) census.intervals += copies.numbers.intervals();
    }
  }
  return census;
}

}  // namespace mq::checks
