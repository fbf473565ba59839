// The subscriber's side of the ledger: what a delivered message settles, or breaks.
#include <algorithm>

#include "base/ensure.h"
#include "conformance/checks/at.h"
#include "conformance/checks/ledger.h"
#include "conformance/checks/words.h"

namespace mq::checks {

void Ledger::on(const trace::Delivered& delivered, Instant when) {
  const ClientIndex subscriber = delivered.connection.client;
  const Publish& publish = *delivered.publish;
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!fleet_.knows(subscriber) || !stamp || stamp->origin != trace::Stamp::Origin::publish) return;
  if (!fleet_.knows(stamp->publisher) ||
      stamp->number > publishers_[at(stamp->publisher)].highest) {
    unexpected(delivered, *stamp, when, "nobody has published it");
    return;
  }
  const TopicId topic = fleet_.topics().topic(publish.topic);
  Message* message = find_message(*stamp);
  if (message != nullptr && !message->was_sent) {
    unexpected(delivered, *stamp, when, "its publisher has not sent it");
    return;
  }
  const auto stream = message != nullptr ? std::optional(message->stream)
                                         : stream_of_settled(*stamp, topic, subscriber);
  if (!stream || (message != nullptr && message->topic != topic)) {
    unexpected(delivered, *stamp, when, "it was published to another topic");
    return;
  }
  const Qos published = streams_[*stream].qos;
  const auto entitled =
      entitlement(subscriber, stamp->publisher, topic, published, publish.qos, message);
  if (entitled.subscriptions == 0) {
    unexpected(delivered, *stamp, when, "it has no subscription that matches");
    return;
  }
  if (entitled.echo) {
    unexpected(delivered, *stamp, when, "it asked not to get its own messages");
    return;
  }
  if (publish.qos > std::min(published, entitled.qos_max)) {
    unexpected(delivered, *stamp, when,
               "the lower of the QoS published and the QoS granted is " +
                   std::to_string(at(std::min(published, entitled.qos_max))));
    return;
  }
  if (publish.retain && entitled.retained_copy) {
    // With retain as published a live message may look the same: what is owed decides.
    const Cell* cell = find_cell(streams_[*stream], subscriber);
    const bool live = entitled.retain_as_published && cell != nullptr &&
                      std::any_of(cell->open.begin(), cell->open.end(),
                                  [&](const Debt& debt) { return debt.number == stamp->number; });
    if (!live) return;
  }
  take(delivered, *stamp, message, *stream, entitled, when);
}

// The stream of a message of which only its number is left.
std::optional<std::uint32_t> Ledger::stream_of_settled(const trace::Stamp& stamp, TopicId topic,
                                                       ClientIndex subscriber) {
  const auto index = static_cast<std::size_t>(topic);
  if (index >= streams_of_topic_.size()) return std::nullopt;
  std::optional<std::uint32_t> found;
  for (const std::uint32_t candidate : streams_of_topic_[index]) {
    auto& stream = streams_[candidate];
    if (stream.publisher != stamp.publisher) continue;
    if (!found) found = candidate;
    if (const Cell* cell = find_cell(stream, subscriber))
      for (const auto& copies : cell->copies)
        if (copies.numbers.holds(stamp.number) == IntervalSet::Holds::yes) return candidate;
  }
  return found;
}

Ledger::Entitlement Ledger::entitlement(ClientIndex subscriber, ClientIndex publisher,
                                        TopicId topic, Qos published, Qos qos,
                                        const Message* message) const {
  Entitlement entitled;
  for (const FilterId filter : fleet_.topics().filters_of(topic)) {
    const Subscription* held = fleet_.subscription(subscriber, filter);
    if (held == nullptr) continue;
    if (held->ended && message != nullptr && message->sent > *held->ended) continue;
    ++entitled.subscriptions;
    // A lower QoS, granted later, is for what was sent since.
    const bool since = message != nullptr && held->granted_at && message->sent > *held->granted_at;
    const Qos most = since ? held->granted : held->granted_most;
    entitled.qos_max = std::max(entitled.qos_max, most);
    entitled.qos_sure = std::max(entitled.qos_sure, held->granted);
    const bool shared = fleet_.topics().is_shared(filter);
    if (std::min(published, held->granted) <= qos && qos <= std::min(published, most)) {
      ++entitled.of_this_qos;
      entitled.may_be_shared = entitled.may_be_shared || shared;
    }
    if (!shared) entitled.shared_only = false;
    if (!held->options.no_local || subscriber != publisher) entitled.echo = false;
    if (held->options.retain_as_published) entitled.retain_as_published = true;
    // The broker looked for retained messages no later than it granted the subscription.
    if (!shared && (message == nullptr || !held->granted_at || message->sent <= *held->granted_at))
      entitled.retained_copy = true;
  }
  return entitled;
}

void Ledger::take(const trace::Delivered& delivered, const trace::Stamp& stamp, Message* message,
                  std::uint32_t stream_index, const Entitlement& entitled, Instant when) {
  const Qos qos = delivered.publish->qos;
  Cell& cell = cell_of(stream_index, delivered.connection.client);
  auto& stream = streams_[stream_index];
  const bool first = std::none_of(cell.copies.begin(), cell.copies.end(), [&](const auto& copies) {
    return copies.numbers.holds(stamp.number) != IntervalSet::Holds::no;
  });
  // Overlapping subscriptions of one QoS may bring one copy each.
  std::uint32_t room = std::max<std::uint32_t>(entitled.of_this_qos, 1);
  bool fits = false;
  bool known = true;
  for (std::size_t i = 0; i < cell.copies.size() && room > 0; ++i) {
    auto& copies = cell.copies[i];
    if (copies.qos != qos) continue;
    --room;
    const auto held = copies.numbers.holds(stamp.number);
    if (held == IntervalSet::Holds::unknown) known = false;
    if (held != IntervalSet::Holds::no) continue;
    copies.numbers.add(stamp.number, message != nullptr ? message->previous : 0);
    fits = true;
    break;
  }
  if (!fits && room > 0) {
    cell.copies.push_back({qos, {}});
    cell.copies.back().numbers.add(stamp.number, message != nullptr ? message->previous : 0);
    fits = true;
  }
  ++delivery_[at(qos)].tried;
  if (!fits && known) on_duplicate(stamp, message, stream, cell, qos, when);
  if (first) {
    if (entitled.shared_only) {
      ++counts(cell.subscriber, qos).delivered;
    } else {
      on_first(stamp, message, stream, cell, qos, entitled.may_be_shared, when);
    }
    cell.recent[cell.recent_next++ % cell.recent.size()] = {stamp.number, when};
  }
  settle(stamp, message, stream, cell, qos, entitled.qos_sure);
}

void Ledger::on_first(const trace::Stamp& stamp, const Message* message, const Stream& stream,
                      Cell& cell, Qos qos, bool may_be_shared, Instant when) {
  auto& row = counts(cell.subscriber, qos);
  ++row.delivered;
  if (message != nullptr) {
    const Duration took = when - message->attempted;
    ensure(took >= Duration{}, "time does not go back");
    latency_[at(qos)].record(took);
    if (late_after_[at(qos)] && took > *late_after_[at(qos)]) ++row.late;
  }
  auto& last = cell.last[at(qos)];
  // To a subscription made in between, a message that its publisher repeats comes late and rightly,
  // and so does what another member of a shared subscription had first.
  if (stream.ordered && !may_be_shared &&
      stream.sent_again.holds(stamp.number) == IntervalSet::Holds::no) {
    ++order_.tried;
    if (stamp.number < last) {
      ++row.reordered;
      order_.blame([&] {
        const std::string& topic = fleet_.topics().name(stream.topic);
        return evidence(when,
                        published_text(stamp, topic, message) + "; " +
                            name_of(fleet_.run(), cell.subscriber) + " got it at " +
                            time_text(when) + ", after the later message " + std::to_string(last) +
                            '.',
                        stamp, cell.subscriber, message);
      });
    }
  }
  last = std::max(last, stamp.number);
  if (qos == Qos::at_most_once && cell.away.holds(stamp.number) == IntervalSet::Holds::yes)
    delivery_[0].blame([&] {
      const std::string& topic = fleet_.topics().name(stream.topic);
      return evidence(when,
                      published_text(stamp, topic, message) + " while " +
                          name_of(fleet_.run(), cell.subscriber) +
                          " was away; it was kept and delivered at " + time_text(when) + '.',
                      stamp, cell.subscriber, message);
    });
}

void Ledger::on_duplicate(const trace::Stamp& stamp, const Message* message, const Stream& stream,
                          const Cell& cell, Qos qos, Instant when) {
  ++counts(cell.subscriber, qos).duplicated;
  if (qos == Qos::at_least_once) return;
  // Sent again as a new message: the broker could not know better.
  if (stream.sent_again.holds(stamp.number) != IntervalSet::Holds::no) return;
  delivery_[at(qos)].blame([&] {
    const std::string& topic = fleet_.topics().name(stream.topic);
    std::string text = published_text(stamp, topic, message) + "; " +
                       name_of(fleet_.run(), cell.subscriber) + " got it ";
    const auto earlier = std::find_if(cell.recent.begin(), cell.recent.end(),
                                      [&](const auto& one) { return one.number == stamp.number; });
    if (earlier != cell.recent.end())
      text += "twice, at " + time_text(earlier->at) + " and " + time_text(when) + '.';
    else
      text += "again at " + time_text(when) + '.';
    Evidence made = evidence(when, std::move(text), stamp, cell.subscriber, message);
    if (message == nullptr && earlier != cell.recent.end()) made.from = earlier->at;
    return made;
  });
}

void Ledger::settle(const trace::Stamp& stamp, Message* message, Stream& stream, Cell& cell,
                    Qos qos, Qos qos_sure) {
  if (qos == Qos::at_most_once) give_up_skipped(stream, cell, stamp.number);
  const auto debt =
      std::lower_bound(cell.open.begin(), cell.open.end(), stamp.number,
                       [](const Debt& one, std::uint64_t number) { return one.number < number; });
  if (debt == cell.open.end() || debt->number != stamp.number) return;
  // A lower QoS than was owed only if a lower one was granted since.
  if (qos < std::min(debt->qos, qos_sure)) return;
  ensure(message != nullptr && message->open > 0, "a message is known as long as it is owed");
  auto& receiver = receivers_[at(cell.subscriber)];
  ++counts(cell.subscriber, debt->qos).owed;
  if (debt->waited) ++waited_;
  if (debt->carried) ++receiver.carried_delivered;
  if (debt->qos != Qos::at_most_once) --debts_;
  --receiver.debts;
  --message->open;
  cell.open.erase(debt);
  retire_if_done(Key{stamp.publisher, stamp.number}, *message);
}

// A later QoS 0 message came: the earlier ones were lost on the way, as they may be.
void Ledger::give_up_skipped(Stream& stream, Cell& cell, std::uint64_t number) {
  if (cell.open.empty() || cell.open.front().number >= number) return;
  std::erase_if(cell.open, [&](const Debt& debt) {
    if (debt.number >= number || debt.qos != Qos::at_most_once) return false;
    end_debt(stream, cell, debt, Ending::lost);
    return true;
  });
}

void Ledger::unexpected(const trace::Delivered& delivered, const trace::Stamp& stamp, Instant when,
                        const std::string& why) {
  const ClientIndex subscriber = delivered.connection.client;
  const Qos qos = delivered.publish->qos;
  ++delivery_[at(qos)].tried;
  ++counts(subscriber, qos).unexpected;
  delivery_[at(qos)].blame([&] {
    return evidence(when,
                    name_of(fleet_.run(), subscriber) + " got message " +
                        std::to_string(stamp.number) + " of " +
                        name_of(fleet_.run(), stamp.publisher) + " on " + delivered.publish->topic +
                        " with QoS " + std::to_string(at(qos)) + " at " + time_text(when) +
                        ", but " + why + '.',
                    stamp, subscriber, find_message(stamp));
  });
}

// The broker got a QoS 0 message: it must not keep it for a subscriber that it knows to be away.
void Ledger::on_at_broker(const trace::Stamp& stamp, const Publish& publish) {
  const Message* message = find_message(stamp);
  if (message == nullptr || !message->was_sent || message->qos != Qos::at_most_once) return;
  auto& stream = streams_[message->stream];
  const std::uint64_t before = stream.last_at_broker;
  stream.last_at_broker = std::max(before, stamp.number);
  if (publish.retain) return;  // comes back rightly as a retained message
  for (const FilterId filter : fleet_.topics().filters_of(stream.topic))
    for (const ClientIndex client : fleet_.holders(filter)) {
      if (!fleet_.client(client).surely_away() || !fleet_.subscription(client, filter)->sure)
        continue;
      cell_of(message->stream, client).away.add(stamp.number, before);
    }
}

std::string Ledger::published_text(const trace::Stamp& stamp, const std::string& topic,
                                   const Message* message) const {
  std::string text = name_of(fleet_.run(), stamp.publisher) + " published message " +
                     std::to_string(stamp.number) + " to " + topic;
  if (message != nullptr)
    text +=
        " with QoS " + std::to_string(at(message->qos)) + " at " + time_text(message->attempted);
  return text;
}

Evidence Ledger::evidence(Instant when, std::string text, const trace::Stamp& stamp,
                          std::optional<ClientIndex> subscriber, const Message* message) const {
  Evidence made{when, std::move(text), {}, stamp, when, when};
  if (fleet_.knows(stamp.publisher)) made.clients.push_back(stamp.publisher);
  if (subscriber && (made.clients.empty() || made.clients[0] != *subscriber))
    made.clients.push_back(*subscriber);
  if (message != nullptr) made.from = message->attempted;
  return made;
}

}  // namespace mq::checks
