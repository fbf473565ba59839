#include "conformance/checks/costs.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "conformance/checks/latency.h"
#include "conformance/checks/tally.h"
#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

// After one of these a client has to be heard again; others only make it slow.
constexpr std::array<std::string_view, 12> interrupting = {"cut",   "outage", "roaming",   "crash",
                                                           "pause", "disk",   "half_open", "reset",
                                                           "nat",   "move",   "reboot",    "storm"};

template <class T>
void add(std::optional<T>& sum, std::optional<T>& most, const std::optional<T>& one) {
  if (!one) return;
  sum = sum.value_or(T{}) + *one;
  most = std::max(most.value_or(T{}), *one);
}

std::string energy_text(std::uint64_t microjoules) {
  const double joules = static_cast<double>(microjoules) / 1e6;
  return joules < 1 ? number_text(joules * 1000) + " mJ" : number_text(joules) + " J";
}

const char* age_words(std::string_view measure) {
  return measure == "mean" ? "The mean age of the values that are held"
                           : "The age of the oldest value that is held";
}

// "of each client", "of each of sensors".
std::string whose(const trace::Expectation& expectation) {
  return expectation.group.empty() ? "each client" : "each client of " + expectation.group;
}

}  // namespace

CostCheck::CostCheck(const Fleet& fleet) : fleet_(fleet), clients_(fleet.size()) {
  for (const auto& fault : fleet.run().faults)
    interrupts_.push_back(std::find(interrupting.begin(), interrupting.end(), fault.kind) !=
                          interrupting.end());
}

void CostCheck::observe(const trace::Event& event) {
  if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) {
    if (seen->sent || !fleet_.knows(seen->connection.client)) return;
    Client& client = clients_[static_cast<std::size_t>(seen->connection.client)];
    const Kind what = kind(*seen->packet);
    if (what == Kind::conn_ack)
      for (const auto& change : fleet_.changes())
        if (std::holds_alternative<Accepted>(change)) ++client.accepted;
    if (what != Kind::publish) return;
    if (client.waiting_since == Instant::max()) [[likely]]
      return;
    costs_.first_message.record(event.at - client.waiting_since);
    client.waiting_since = Instant::max();
    return;
  }
  if (const auto* began = std::get_if<trace::FaultBegan>(&event.what)) {
    on_fault(began->fault, began->client, true, event.at);
  } else if (const auto* ended = std::get_if<trace::FaultEnded>(&event.what)) {
    on_fault(ended->fault, ended->client, false, event.at);
  } else if (const auto* http = std::get_if<trace::HttpSeen>(&event.what)) {
    if (!fleet_.knows(http->connection.client)) return;
    Client& client = clients_[static_cast<std::size_t>(http->connection.client)];
    if (client.last_connection == http->connection.number) return;
    client.last_connection = http->connection.number;
    ++client.accepted;
  } else if (const auto* spent = std::get_if<trace::Spent>(&event.what)) {
    if (fleet_.knows(spent->client))
      clients_[static_cast<std::size_t>(spent->client)].spent = *spent;
  }
}

void CostCheck::on_fault(std::size_t fault, std::optional<ClientIndex> only, bool begins,
                         Instant at) {
  if (fault >= interrupts_.size() || !interrupts_[fault]) return;
  if (only) {
    if (fleet_.knows(*only)) on_fault(clients_[static_cast<std::size_t>(*only)], begins, at);
    return;
  }
  const auto& touched = fleet_.run().faults[fault].clients;
  if (touched.empty())  // the broker's
    for (Client& client : clients_) on_fault(client, begins, at);
  for (const std::uint32_t index : touched)
    if (index < clients_.size()) on_fault(clients_[index], begins, at);
}

void CostCheck::on_fault(Client& client, bool begins, Instant at) {
  if (begins) {
    ++client.faults;
    client.waiting_since = Instant::max();
  } else if (client.faults > 0 && --client.faults == 0 && client.accepted > 0) {
    client.waiting_since = at;
  }
}

void CostCheck::sum_up() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const std::string& group = fleet_.run().clients[i].group;
    auto row = std::find_if(costs_.rows.begin(), costs_.rows.end(),
                            [&](const CostRow& one) { return one.group == group; });
    if (row == costs_.rows.end()) {
      row = costs_.rows.insert(row, CostRow{});
      row->group = group;
    }
    const Client& client = clients_[i];
    ++row->clients;
    const std::uint64_t again = client.accepted > 0 ? client.accepted - 1 : 0;
    row->reconnects += again;
    row->reconnects_most = std::max(row->reconnects_most, again);
    if (!client.spent) continue;
    costs_.has_traffic = true;
    row->bytes_up += client.spent->bytes_up;
    row->bytes_down += client.spent->bytes_down;
    row->bytes_most = std::max(row->bytes_most, client.spent->bytes_up + client.spent->bytes_down);
    add(row->radio_on, row->radio_on_most, client.spent->radio_on);
    add(row->microjoules, row->microjoules_most, client.spent->microjoules);
  }
  if (freshness_ == nullptr) return;
  for (CostRow& row : costs_.rows) row.freshness = freshness_->of(row.group);
}

std::vector<Finding> CostCheck::finish(Instant end) {
  end_ = end;
  sum_up();
  std::vector<Finding> findings;
  for (const auto& expectation : fleet_.run().expectations) {
    const std::string& id = expectation.id;
    if (id == "first_message")
      findings.push_back(
          judge_percentile(expectation, costs_.first_message, "first-message", "After ",
                           " outages of a client, its next message comes through within "));
    else if (id == "staleness")
      findings.push_back(
          judge_percentile(expectation, costs_.staleness, "staleness", "",
                           " retained values are given to a new subscription at an age below "));
    else if (id == "bytes" || id == "radio" || id == "energy" || id == "reconnects" || id == "age")
      findings.push_back(judge(expectation));
  }
  return findings;
}

// The client that needed most decides.
Finding CostCheck::judge(const trace::Expectation& expectation) const {
  const bool is_of_time = expectation.id == "radio" || expectation.id == "age";
  const auto amount = [&](const Client& client) -> std::optional<std::uint64_t> {
    if (expectation.id == "reconnects") return client.accepted > 0 ? client.accepted - 1 : 0;
    if (expectation.id == "age") {
      const ClientIndex index{static_cast<std::uint32_t>(&client - clients_.data())};
      const auto age = freshness_ != nullptr ? freshness_->of(index) : std::nullopt;
      if (!age) return std::nullopt;
      return static_cast<std::uint64_t>(
          (expectation.argument == "mean" ? age->mean : age->most).count());
    }
    if (!client.spent) return std::nullopt;
    if (expectation.id == "energy") return client.spent->microjoules;
    if (expectation.id == "radio") {
      if (!client.spent->radio_on) return std::nullopt;
      return static_cast<std::uint64_t>(client.spent->radio_on->count());
    }
    return (expectation.argument != "down" ? client.spent->bytes_up : 0) +
           (expectation.argument != "up" ? client.spent->bytes_down : 0);
  };
  const auto text = [&](std::uint64_t value) {
    if (is_of_time) return duration_text(Duration(static_cast<Duration::rep>(value)));
    if (expectation.id == "energy") return energy_text(value);
    return expectation.id == "bytes" ? count_text(value) + " B" : count_text(value);
  };
  const std::uint64_t limit = is_of_time ? static_cast<std::uint64_t>(expectation.below->count())
                                         : static_cast<std::uint64_t>(*expectation.most);
  Finding finding;
  finding.id = expectation.id;
  if (expectation.argument == "up" || expectation.argument == "down" ||
      expectation.argument == "mean")
    finding.id += "-" + expectation.argument;
  if (!expectation.group.empty()) finding.id += "-" + expectation.group;
  finding.expected = true;
  finding.limit = "below " + text(limit);
  const std::string what = expectation.id == "bytes"    ? "The bytes on the air"
                           : expectation.id == "radio"  ? "The time that the radio is on"
                           : expectation.id == "energy" ? "The energy of the radio"
                           : expectation.id == "age"    ? age_words(expectation.argument)
                                                        : "The number of reconnects";
  finding.promise = what + (expectation.id == "age" ? " by " : " of ") + whose(expectation) +
                    " stays below " + text(limit) + ".";
  Tally tally;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const auto& info = fleet_.run().clients[i];
    if (!expectation.group.empty() && info.group != expectation.group) continue;
    const auto spent = amount(clients_[i]);
    if (!spent) continue;
    ++tally.tried;
    most = std::max(most, *spent);
    if (*spent < limit) continue;
    tally.blame([&] {
      return Evidence{end_,
                      info.id + " came to " + text(*spent) + ".",
                      {ClientIndex{static_cast<std::uint32_t>(i)}},
                      std::nullopt,
                      Instant{},
                      end_};
    });
  }
  tally.judge(finding);
  finding.measured = tally.tried == 0 ? "nothing measured" : "most " + text(most);
  return finding;
}

}  // namespace mq::checks
