#include "reports/judged.h"

#include <algorithm>

#include "reports/collect/latency_fold.h"

namespace mq::report {
namespace {

using checks::Judgement;

checks::Verdict verdict_of(Judgement::Verdict verdict) {
  switch (verdict) {
    case Judgement::Verdict::held:
      return checks::Verdict::held;
    case Judgement::Verdict::broken:
      return checks::Verdict::broken;
    case Judgement::Verdict::nothing_measured:
      break;
  }
  return checks::Verdict::not_tried;
}

int exit_code_of(checks::Verdict verdict) {
  switch (verdict) {
    case checks::Verdict::held:
      return 0;
    case checks::Verdict::broken:
      return 1;
    case checks::Verdict::not_tried:
      break;
  }
  return 4;
}

void take_latency(const checks::LatencyHistogram& all, Qos qos, Series& series) {
  if (all.count() == 0) return;
  auto latency = std::find_if(series.latencies.begin(), series.latencies.end(),
                              [&](const Latency& one) { return one.qos == qos; });
  if (latency == series.latencies.end())
    latency = series.latencies.insert(latency, Latency{.qos = qos});
  take_whole(all, *latency);
}

void take_ledger(const checks::LedgerTable& table, LedgerTable& into) {
  for (std::size_t i = 0; i < table.published.size(); ++i) {
    const checks::PublishCounts& c = table.published[i];
    if (c.attempted == 0) continue;
    into.published.push_back(
        {static_cast<Qos>(i), c.attempted, c.not_sent, c.refused, c.acknowledged, c.open});
  }
  for (const checks::LedgerRow& row : table.rows) {
    const checks::DeliveryCounts& c = row.counts;
    into.deliveries.push_back({row.group, row.qos, c.owed, c.delivered, c.lost, c.duplicated,
                               c.unexpected, c.reordered, c.late, c.open, c.cancelled});
  }
}

Spread spread_of(const checks::LatencyHistogram& all) {
  if (all.count() == 0) return {};
  return {all.count(), *all.percentile(50), *all.percentile(99), *all.max()};
}

CostTable costs_of(const checks::Costs& costs) {
  CostTable table{
      {}, costs.has_traffic, spread_of(costs.first_message), spread_of(costs.staleness)};
  for (const checks::CostRow& row : costs.rows) {
    table.rows.push_back({row.group,
                          row.clients,
                          row.bytes_up,
                          row.bytes_down,
                          row.bytes_most,
                          row.reconnects,
                          row.reconnects_most,
                          row.radio_on,
                          row.radio_on_most,
                          row.microjoules,
                          row.microjoules_most,
                          {},
                          {},
                          {}});
    if (!row.freshness) continue;
    table.rows.back().values = spread_of(row.freshness->latency);
    table.rows.back().age_mean = row.freshness->age.mean;
    table.rows.back().age_most = row.freshness->age.most;
  }
  return table;
}

}  // namespace

void take_judgement(const Judgement& judgement, Results& results) {
  results.verdict = verdict_of(judgement.verdict);
  results.exit_code = exit_code_of(results.verdict);
  results.findings = judgement.findings;
  results.ledger = {};
  take_ledger(judgement.ledger, results.ledger);
  results.costs = costs_of(judgement.costs);
  for (std::size_t i = 0; i < judgement.latency.size(); ++i)
    take_latency(judgement.latency[i], static_cast<Qos>(i), results.series);
  results.sometimes.clear();
  for (const Judgement::State& state : judgement.states) {
    const auto& expectations = results.run.expectations;
    const bool expected =
        std::any_of(expectations.begin(), expectations.end(), [&](const auto& expectation) {
          return expectation.id == "sometimes" && expectation.argument == state.phrase;
        });
    results.sometimes.push_back({state.phrase, state.meaning, state.reached, expected});
  }
}

}  // namespace mq::report
