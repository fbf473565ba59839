#include "compare/side.h"

#include <algorithm>
#include <iterator>

#include "compare/sentences.h"

namespace mq::compare {
namespace {

using report::Results;

void add_about(Side& side, const Results& results) {
  // Those of the simulator are the same for all.
  static const char* const common[] = {"mqttlab", "compiler", "ns-3"};
  for (const report::Setting& row : results.configuration.versions) {
    const auto is_row = [&](const report::Setting& other) {
      return other.name == row.name && other.value == row.value;
    };
    if (std::find(std::begin(common), std::end(common), row.name) == std::end(common) &&
        std::none_of(side.about.begin(), side.about.end(), is_row))
      side.about.push_back(row);
  }
}

void add_ledger(Side& side, const report::LedgerTable& ledger) {
  for (const report::PublishedRow& row : ledger.published) {
    auto sum = std::find_if(side.ledger.published.begin(), side.ledger.published.end(),
                            [&](const auto& other) { return other.qos == row.qos; });
    if (sum == side.ledger.published.end()) {
      side.ledger.published.push_back(row);
      continue;
    }
    sum->attempted += row.attempted;
    sum->not_sent += row.not_sent;
    sum->refused += row.refused;
    sum->acknowledged += row.acknowledged;
    sum->open += row.open;
  }
  for (const report::DeliveryRow& row : ledger.deliveries) {
    auto sum = std::find_if(
        side.ledger.deliveries.begin(), side.ledger.deliveries.end(),
        [&](const auto& other) { return other.qos == row.qos && other.group == row.group; });
    if (sum == side.ledger.deliveries.end()) {
      side.ledger.deliveries.push_back(row);
      continue;
    }
    for (const auto part :
         {&report::DeliveryRow::owed, &report::DeliveryRow::delivered, &report::DeliveryRow::lost,
          &report::DeliveryRow::duplicated, &report::DeliveryRow::unexpected,
          &report::DeliveryRow::reordered, &report::DeliveryRow::late, &report::DeliveryRow::open,
          &report::DeliveryRow::cancelled})
      (*sum).*part += row.*part;
  }
}

void add_latencies(Side& side, const Results& results) {
  for (const report::Latency& latency : results.series.latencies) {
    if (latency.count == 0) continue;
    auto all = std::find_if(side.latencies.begin(), side.latencies.end(),
                            [&](const auto& other) { return other.qos == latency.qos; });
    if (all == side.latencies.end())
      all = side.latencies.insert(side.latencies.end(), {.qos = latency.qos});
    all->count += latency.count;
    for (const report::LatencyPoint& point : latency.curve)
      all->percentiles[point.percentile].push_back(seconds(point.latency));
  }
}

// The rules that its end was watched for, as promises of their own.
void add_rules(gate::Facts& facts, const Results& results) {
  for (const checks::Finding& finding : results.standard) {
    if (!finding.id.starts_with("broker/")) continue;
    facts.promises.push_back(
        {.id = id_of_standard(finding.id),
         .promise = finding.promise,
         .verdict = finding.verdict,
         .measured = finding.measured,
         .evidence = finding.evidence.empty() ? std::string() : finding.evidence.front().text});
  }
}

bool is_linked(const Results& results) {
  const auto& rows = results.configuration.versions;
  return std::none_of(rows.begin(), rows.end(),
                      [](const report::Setting& row) { return row.name == "back end"; });
}

// Of the broker, for each PUBLISH that it took or gave. One that is linked into the simulator pays
// no system calls: that is another figure, which is not compared with that of a program.
void add_cpu(gate::Facts& facts, const Results& results) {
  if (results.not_reproducible.broker_cpu_seconds <= 0) return;
  const bool no_calls = is_linked(results);
  for (const report::PacketCount& packets : results.series.packets) {
    const std::uint64_t moved = packets.received_by_broker + packets.sent_by_broker;
    if (packets.kind != Kind::publish || moved == 0) continue;
    facts.figures.push_back(
        {{.id = no_calls ? "broker-cpu-linked" : "broker-cpu",
          .name = std::string("broker's processor time per PUBLISH") +
                  (no_calls ? ", no system calls" : ""),
          .unit = gate::Unit::seconds,
          .least_share = 0.25,
          .least_absolute = 1e-6},
         results.not_reproducible.broker_cpu_seconds / static_cast<double>(moved)});
  }
}

}  // namespace

void add_run(Side& side, const Results& results, const std::string& folder) {
  gate::Facts facts = gate::facts_of(results, folder);
  add_cpu(facts, results);
  add_rules(facts, results);
  side.kept.push_back({results.run.seed, folder, results.hash, results.command});
  side.runs.push_back(std::move(facts));
  add_about(side, results);
  if (!results.complete) return;
  add_ledger(side, results.ledger);
  add_latencies(side, results);
}

}  // namespace mq::compare
