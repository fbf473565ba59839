#include "gate/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ensure.h"
#include "reports/text/format.h"

namespace mq::gate {
namespace {

using report::Results;

double ratio(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

Metric metric(std::string_view id) {
  const auto known = std::ranges::find(known_metrics, id, &KnownMetric::id);
  ensure(known != known_metrics.end());
  return {.id = std::string(known->id),
          .name = std::string(known->name),
          .unit = known->unit,
          .better = known->better,
          .least_share = known->least_share,
          .least_absolute = known->least_absolute};
}

class Figures {
 public:
  explicit Figures(std::vector<Figure>& all) : all_(all) {}

  void add(std::string_view id, double value) { all_.push_back({metric(id), value}); }
  void add(std::string_view id, Duration value) { add(id, seconds(value)); }
  void add_share(std::string_view id, Qos qos, std::uint64_t part, std::uint64_t whole) {
    if (whole > 0) add(fmt::format("{}-qos{}", id, static_cast<int>(qos)), ratio(part, whole));
  }
  void add_spread(std::string_view id, const report::Spread& spread) {
    if (spread.count == 0) return;
    add(fmt::format("{}-p50", id), spread.p50);
    add(fmt::format("{}-p99", id), spread.p99);
  }

 private:
  std::vector<Figure>& all_;
};

void add_latencies(const Results& results, Figures& figures) {
  for (const report::Latency& latency : results.series.latencies) {
    if (latency.count == 0) continue;
    const std::pair<const char*, Duration> points[] = {
        {"p50", latency.p50}, {"p90", latency.p90}, {"p99", latency.p99}, {"max", latency.max}};
    for (const auto& [point, value] : points)
      figures.add(fmt::format("latency-{}-qos{}", point, static_cast<int>(latency.qos)), value);
  }
}

void add_ledger(const Results& results, Figures& figures) {
  for (const report::PublishedRow& row : results.ledger.published) {
    figures.add_share("refused", row.qos, row.not_sent + row.refused, row.attempted);
    if (row.qos != Qos::at_most_once)
      figures.add_share("unacknowledged", row.qos, row.open, row.attempted);
  }
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once}) {
    report::DeliveryRow all;
    for (const report::DeliveryRow& row : results.ledger.deliveries) {
      if (row.qos != qos) continue;
      all.owed += row.owed;
      all.delivered += row.delivered;
      all.lost += row.lost;
      all.duplicated += row.duplicated;
      all.reordered += row.reordered;
      all.late += row.late;
    }
    figures.add_share("delivered", qos, all.delivered, all.owed);
    figures.add_share("lost", qos, all.lost, all.owed);
    figures.add_share("duplicated", qos, all.duplicated, all.owed);
    figures.add_share("reordered", qos, all.reordered, all.owed);
    figures.add_share("late", qos, all.late, all.owed);
  }
}

void add_connections(const Results& results, Figures& figures) {
  for (const report::PacketCount& packets : results.series.packets)
    if (packets.kind == Kind::connect)
      figures.add("connects", static_cast<double>(packets.sent_by_clients));
  if (results.series.fleet.empty() || results.run.clients.empty()) return;
  double connected = 0;
  for (const report::FleetBin& bin : results.series.fleet) connected += bin.connected;
  figures.add("connected", connected / static_cast<double>(results.series.fleet.size()) /
                               static_cast<double>(results.run.clients.size()));
}

void add_traffic(const Results& results, Figures& figures) {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  for (const report::LinkTraffic& link : results.traffic) {
    up += link.bytes_up;
    down += link.bytes_down;
  }
  if (up + down == 0) return;  // a world without packets
  figures.add("bytes-up", static_cast<double>(up));
  figures.add("bytes-down", static_cast<double>(down));
}

// Bytes are those of the traffic.
void add_costs(const Results& results, Figures& figures) {
  std::uint64_t reconnects = 0;
  std::optional<Duration> radio_on;
  std::optional<std::uint64_t> microjoules;
  for (const report::CostRow& row : results.costs.rows) {
    reconnects += row.reconnects;
    if (row.radio_on) radio_on = radio_on.value_or(Duration{}) + *row.radio_on;
    if (row.microjoules) microjoules = microjoules.value_or(0) + *row.microjoules;
  }
  if (!results.costs.rows.empty()) figures.add("reconnects", static_cast<double>(reconnects));
  if (radio_on) figures.add("radio-on", *radio_on);
  if (microjoules) figures.add("energy", static_cast<double>(*microjoules) / 1e6);
  figures.add_spread("first-message", results.costs.first_message);
  figures.add_spread("staleness", results.costs.staleness);
}

}  // namespace

Facts facts_of(const report::Results& results, std::string folder) {
  Facts facts;
  facts.folder = std::move(folder);
  facts.scenario = results.run.scenario;
  facts.world = results.run.world;
  facts.seed = results.run.seed;
  facts.made_by = fmt::format("{}, by mqttlab {}", results.run.broker, results.program_version);
  facts.shape = fmt::format(
      "{}, {} and {} of calm", report::count(results.run.clients.size(), "client"),
      report::long_duration(results.run.duration), report::long_duration(results.run.calm));
  if (!results.complete) facts.unjudged = "it was interrupted";
  for (const checks::Finding& finding : results.findings)
    facts.promises.push_back(
        {.id = finding.id,
         .promise = finding.promise,
         .verdict = finding.verdict,
         .measured = finding.measured,
         .evidence = finding.evidence.empty() ? std::string() : finding.evidence.front().text});
  Figures figures(facts.figures);
  add_latencies(results, figures);
  add_ledger(results, figures);
  add_connections(results, figures);
  if (results.series.silent_drops.count > 0)
    figures.add("silent-drop-late", results.series.silent_drops.p50);
  add_traffic(results, figures);
  add_costs(results, figures);
  return facts;
}

}  // namespace mq::gate
