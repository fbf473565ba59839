// The end of the run: what is still owed was lost, or is still on its way.
#include <algorithm>

#include "conformance/checks/at.h"
#include "conformance/checks/ledger.h"
#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

// A client that is to stay is back within this, whatever happened: twice the longest back-off of
// the client core.
constexpr Duration comes_back_within = 2min;

}  // namespace

std::vector<Finding> Ledger::finish(Instant end) {
  close_cells(end);
  close_publishers(end);
  judge_empty_sessions();
  fill_table();
  std::vector<Finding> findings;
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once})
    findings.push_back(delivery_finding(qos));
  findings.push_back(order_finding());
  findings.push_back(acknowledged_finding());
  return findings;
}

bool Ledger::calm_was_long(Instant end) const {
  return fleet_.calm_began() && end - *fleet_.calm_began() >= comes_back_within;
}

Ledger::Fate Ledger::fate(const Stream& stream, const Cell& cell, const Debt& debt,
                          const Message& message, Instant end) const {
  const auto& subscriber = fleet_.client(cell.subscriber);
  const auto& publisher = fleet_.client(stream.publisher);
  if (message.owed_since == Instant::max()) return Fate::open;
  // Until PUBREL the broker may keep a QoS 2 message to itself.
  if (!message.acknowledged && !(publisher.present() && publisher.epoch == message.epoch))
    return Fate::open;
  if (debt.session_lost) return Fate::lost;
  if (!subscriber.surely_alive(end)) return Fate::cancelled;
  // A later one of its stream came: this one will not come in order any more.
  if (stream.ordered && cell.last[at(debt.qos)] > debt.number) return Fate::lost;
  if (!fleet_.complete() || !fleet_.calm_began()) return Fate::open;
  const Instant middle_of_calm = *fleet_.calm_began() + (end - *fleet_.calm_began()) / 2;
  if (message.owed_since > middle_of_calm) return Fate::open;
  if (subscriber.present())
    return subscriber.accepted_at > middle_of_calm ? Fate::open : Fate::lost;
  const bool should_be_back = !subscriber.stopped() && !receivers_[at(cell.subscriber)].is_down &&
                              calm_was_long(end) && subscriber.over_at <= middle_of_calm;
  return should_be_back ? Fate::lost : Fate::open;
}

void Ledger::close_cells(Instant end) {
  std::vector<Loss> losses;
  for (const auto& stream : streams_)
    for (const auto& cell : stream.cells)
      for (const auto& debt : cell.open) {
        auto& row = counts(cell.subscriber, debt.qos);
        if (debt.qos == Qos::at_most_once) {
          // On its way, or lost as it may be.
          ++row.open;
          continue;
        }
        const Message& message = messages_.at(Key{stream.publisher, debt.number});
        switch (fate(stream, cell, debt, message, end)) {
          case Fate::cancelled:
            ++row.cancelled;
            break;
          case Fate::open:
            ++row.open;
            break;
          case Fate::lost:
            ++row.owed;
            ++row.lost;
            ++delivery_[at(debt.qos)].tried;
            if (debt.carried) ++receivers_[at(cell.subscriber)].carried_lost;
            losses.push_back({&stream, &cell, debt, message});
            break;
        }
      }
  std::stable_sort(losses.begin(), losses.end(),
                   [](const Loss& a, const Loss& b) { return a.message.sent < b.message.sent; });
  for (const auto& loss : losses) blame(loss, end);
}

void Ledger::blame(const Loss& loss, Instant end) {
  delivery_[at(loss.debt.qos)].blame([&] {
    const trace::Stamp stamp{trace::Stamp::Origin::publish, loss.stream->publisher,
                             loss.debt.number};
    const auto& subscriber = fleet_.client(loss.cell->subscriber);
    const std::string& name = name_of(fleet_.run(), loss.cell->subscriber);
    std::string text =
        published_text(stamp, fleet_.topics().name(loss.stream->topic), &loss.message) +
        ", and the broker had it by " + time_text(loss.message.owed_since) + "; " + name;
    if (loss.debt.session_lost)
      text += " never got it, because the broker forgot its session.";
    else if (loss.stream->ordered && loss.cell->last[at(loss.debt.qos)] > loss.debt.number)
      text += " never got it, but the later message " +
              std::to_string(loss.cell->last[at(loss.debt.qos)]) + '.';
    else if (subscriber.present())
      text += ", subscribed and connected since " + time_text(subscriber.accepted_at) +
              ", had not got it when the run ended at " + time_text(end) + '.' +
              transit_.why_not_delivered(loss.cell->subscriber, stamp, end);
    else
      text += ", away since " + time_text(subscriber.over_at) +
              ", had not come back for it when the run ended at " + time_text(end) + '.';
    Evidence made = evidence(end, std::move(text), stamp, loss.cell->subscriber, &loss.message);
    return made;
  });
}

void Ledger::judge_empty_sessions() {
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    const auto& receiver = receivers_[i];
    if (receiver.carried_lost == 0 || receiver.carried_delivered > 0) continue;
    const auto client = ClientIndex{static_cast<std::uint32_t>(i)};
    empty_sessions_.blame([&] {
      return Evidence{receiver.resumed_at,
                      "The broker said at " + time_text(receiver.resumed_at) +
                          " that it had kept the session of " + name_of(fleet_.run(), client) +
                          ", but nothing of what it owed (" +
                          count_text(receiver.carried_lost, "message") + ") came out of it.",
                      {client},
                      std::nullopt,
                      receiver.resumed_at,
                      receiver.resumed_at};
    });
  }
}

void Ledger::close_publishers(Instant end) {
  std::vector<std::pair<Key, const Message*>> open;
  for (const auto& [key, message] : messages_)
    if (message.qos != Qos::at_most_once && !message.acknowledged && !message.refused &&
        !message.given_up)
      open.emplace_back(key, &message);
  std::sort(open.begin(), open.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.second->attempted, a.first.publisher, a.first.number) <
           std::tuple(b.second->attempted, b.first.publisher, b.first.number);
  });
  for (const auto& [key, message] : open) {
    ++published_[at(message->qos)].open;
    const auto& publisher = fleet_.client(key.publisher);
    const bool in_time =
        fleet_.complete() && fleet_.calm_began() && message->attempted <= *fleet_.calm_began();
    // Nothing is owed to whom the broker does not let in.
    if (!in_time || publisher.stopped() || publisher.refused ||
        (!publisher.present() && !calm_was_long(end)))
      continue;
    ++acknowledged_.tried;
    acknowledged_.blame([&, key = key, message = message] {
      const trace::Stamp stamp{trace::Stamp::Origin::publish, key.publisher, key.number};
      return evidence(end,
                      published_text(stamp, fleet_.topics().name(message->topic), message) +
                          " and had no acknowledgement when the run ended at " + time_text(end) +
                          '.' + transit_.why_not_acknowledged(stamp, end),
                      stamp, std::nullopt, message);
    });
  }
}

void Ledger::fill_table() {
  table_.published = published_;
  for (std::size_t group = 0; group < groups_.size(); ++group)
    for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
      const auto& row = rows_[group][at(qos)];
      table_.totals[at(qos)] += row;
      if (row != DeliveryCounts{}) table_.rows.push_back({qos, groups_[group], row});
    }
}

Finding Ledger::delivery_finding(Qos qos) const {
  const auto& total = table_.totals[at(qos)];
  Finding finding;
  finding.id = "qos" + std::to_string(at(qos));
  delivery_[at(qos)].judge(finding);
  const std::string lost = count_text(total.lost) + " of " + count_text(total.owed) + " lost";
  switch (qos) {
    case Qos::at_most_once:
      finding.promise =
          "A QoS 0 message is delivered at most once, and is not kept for a subscriber that is "
          "away.";
      finding.limit = "none twice, none kept for the absent";
      finding.measured = count_text(total.delivered) + " delivered, " +
                         count_text(total.duplicated) + " twice, " + count_text(total.lost) +
                         " lost on the way (allowed)";
      finding.clauses = {"v5/MQTT-4.3.1-1", "v3.1.1/MQTT-4.3.1-1"};
      break;
    case Qos::at_least_once:
      finding.promise =
          "A QoS 1 message that the broker has acknowledged reaches every subscriber at least "
          "once.";
      finding.limit = "0 lost";
      finding.measured = lost + ", " + count_text(total.duplicated) + " duplicated (allowed)";
      finding.clauses = {"v5/MQTT-4.3.2-4",     "v5/MQTT-4.4.0-1",     "v5/MQTT-4.5.0-1",
                         "v3.1.1/MQTT-4.3.2-2", "v3.1.1/MQTT-4.4.0-1", "v3.1.1/MQTT-4.5.0-1"};
      break;
    case Qos::exactly_once:
      finding.promise =
          "A QoS 2 message that the broker has acknowledged reaches every subscriber exactly "
          "once.";
      finding.limit = "0 lost, 0 twice";
      finding.measured = lost + ", " + count_text(total.duplicated) + " twice";
      finding.clauses = {"v5/MQTT-4.3.3-8",    "v5/MQTT-4.3.3-10",    "v5/MQTT-4.4.0-1",
                         "v5/MQTT-4.5.0-1",    "v3.1.1/MQTT-4.3.3-2", "v3.1.1/MQTT-4.4.0-1",
                         "v3.1.1/MQTT-4.5.0-1"};
      break;
  }
  if (total.unexpected > 0) finding.measured += ", " + count_text(total.unexpected) + " unexpected";
  if (total.open > 0) finding.measured += ", " + count_text(total.open) + " still open";
  return finding;
}

Finding Ledger::order_finding() const {
  Finding finding;
  finding.id = "order";
  finding.promise = "Messages of one publisher, topic and QoS arrive in the order of sending.";
  order_.judge(finding);
  finding.limit = "0 out of order";
  finding.measured =
      count_text(order_.broken) + " of " + count_text(order_.tried) + " out of order";
  finding.clauses = {"v5/MQTT-4.6.0-1", "v5/MQTT-4.6.0-5", "v3.1.1/MQTT-4.6.0-1",
                     "v3.1.1/MQTT-4.6.0-6"};
  return finding;
}

Finding Ledger::acknowledged_finding() const {
  Finding finding;
  finding.id = "acknowledged";
  finding.promise =
      "Every QoS 1 and 2 message that a client takes on is acknowledged by the broker.";
  acknowledged_.judge(finding);
  finding.limit = "0 without an answer";
  std::uint64_t refused = 0;
  std::uint64_t open = 0;
  for (const auto& published : published_) {
    refused += published.refused;
    open += published.open;
  }
  finding.measured = count_text(acknowledged_.broken) + " of " + count_text(acknowledged_.tried) +
                     " without an answer";
  if (refused > 0) finding.measured += ", " + count_text(refused) + " refused";
  if (open > acknowledged_.broken)
    finding.measured += ", " + count_text(open - acknowledged_.broken) + " still open";
  finding.clauses = {"v5/MQTT-4.3.2-4", "v5/MQTT-4.3.3-8", "v5/MQTT-4.3.3-11",
                     "v3.1.1/MQTT-4.3.2-2", "v3.1.1/MQTT-4.3.3-2"};
  return finding;
}

}  // namespace mq::checks
