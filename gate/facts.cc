#include "gate/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "reports/text/format.h"

namespace mq::gate {
namespace {

using report::Results;

// Differences below these are not worth stopping a release for; `--tolerate` says otherwise.
constexpr double tenth = 0.10;
constexpr double twentieth = 0.05;
constexpr double millisecond = 1e-3;
constexpr double one_in_thousand = 1e-3;

double ratio(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::string with_qos(const char* id, Qos qos) {
  return fmt::format("{}-qos{}", id, static_cast<int>(qos));
}

void add_latencies(const Results& results, std::vector<Figure>& figures) {
  for (const report::Latency& latency : results.series.latencies) {
    if (latency.count == 0) continue;
    const std::pair<const char*, Duration> points[] = {
        {"p50", latency.p50}, {"p90", latency.p90}, {"p99", latency.p99}, {"max", latency.max}};
    for (const auto& [point, value] : points)
      figures.push_back(
          {{.id = with_qos(fmt::format("latency-{}", point).c_str(), latency.qos),
            .name = fmt::format("{} latency of QoS {}", point, static_cast<int>(latency.qos)),
            .unit = Unit::seconds,
            .least_share = tenth,
            .least_absolute = millisecond},
           seconds(value)});
  }
}

void add_share(const char* id, const char* name, Qos qos, std::uint64_t part, std::uint64_t whole,
               std::vector<Figure>& figures, Better better = Better::lower) {
  if (whole == 0) return;
  figures.push_back({{.id = with_qos(id, qos),
                      .name = fmt::format("{}, QoS {}", name, static_cast<int>(qos)),
                      .unit = Unit::share,
                      .better = better,
                      .least_share = better == Better::lower ? tenth : 0,
                      .least_absolute = one_in_thousand},
                     ratio(part, whole)});
}

void add_ledger(const Results& results, std::vector<Figure>& figures) {
  for (const report::PublishedRow& row : results.ledger.published) {
    add_share("refused", "messages refused by client or broker", row.qos,
              row.not_sent + row.refused, row.attempted, figures);
    if (row.qos != Qos::at_most_once)
      add_share("unacknowledged", "messages without an acknowledgement", row.qos, row.open,
                row.attempted, figures);
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
    add_share("delivered", "deliveries made of those owed", qos, all.delivered, all.owed, figures,
              Better::higher);
    add_share("lost", "deliveries lost", qos, all.lost, all.owed, figures);
    add_share("duplicated", "deliveries made twice", qos, all.duplicated, all.owed, figures);
    add_share("reordered", "deliveries out of order", qos, all.reordered, all.owed, figures);
    add_share("late", "deliveries later than promised", qos, all.late, all.owed, figures);
  }
}

void add_connections(const Results& results, std::vector<Figure>& figures) {
  for (const report::PacketCount& packets : results.series.packets) {
    if (packets.kind != Kind::connect) continue;
    figures.push_back({{.id = "connects",
                        .name = "connects tried by the fleet",
                        .unit = Unit::count,
                        .least_share = tenth,
                        .least_absolute = 1},
                       static_cast<double>(packets.sent_by_clients)});
  }
  if (results.series.fleet.empty() || results.run.clients.empty()) return;
  double connected = 0;
  for (const report::FleetBin& bin : results.series.fleet) connected += bin.connected;
  figures.push_back({{.id = "connected",
                      .name = "time the fleet was connected",
                      .unit = Unit::share,
                      .better = Better::higher,
                      .least_absolute = 0.005},
                     connected / static_cast<double>(results.series.fleet.size()) /
                         static_cast<double>(results.run.clients.size())});
}

void add_silence(const Results& results, std::vector<Figure>& figures) {
  const report::SilentDrops& drops = results.series.silent_drops;
  if (drops.count == 0) return;
  figures.push_back({{.id = "silent-drop-late",
                      .name = "silent clients dropped late by",
                      .unit = Unit::seconds,
                      .least_share = tenth,
                      .least_absolute = 0.1},
                     seconds(drops.p50)});
}

void add_traffic(const Results& results, std::vector<Figure>& figures) {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  for (const report::LinkTraffic& link : results.traffic) {
    up += link.bytes_up;
    down += link.bytes_down;
  }
  if (up + down == 0) return;  // a world without packets
  const auto bytes = [&](const char* id, const char* name, std::uint64_t value) {
    figures.push_back({{.id = id, .name = name, .unit = Unit::bytes, .least_share = twentieth},
                       static_cast<double>(value)});
  };
  bytes("bytes-up", "bytes on the air, up", up);
  bytes("bytes-down", "bytes on the air, down", down);
}

void add_spread(const char* id, const char* name, const report::Spread& spread,
                std::vector<Figure>& figures) {
  if (spread.count == 0) return;
  const std::pair<const char*, Duration> points[] = {{"p50", spread.p50}, {"p99", spread.p99}};
  for (const auto& [point, value] : points)
    figures.push_back({{.id = fmt::format("{}-{}", id, point),
                        .name = fmt::format("{} {}", point, name),
                        .unit = Unit::seconds,
                        .least_share = tenth,
                        .least_absolute = millisecond},
                       seconds(value)});
}

// Bytes are those of the traffic.
void add_costs(const Results& results, std::vector<Figure>& figures) {
  std::uint64_t reconnects = 0;
  std::optional<Duration> radio_on;
  std::optional<std::uint64_t> microjoules;
  for (const report::CostRow& row : results.costs.rows) {
    reconnects += row.reconnects;
    if (row.radio_on) radio_on = radio_on.value_or(Duration{}) + *row.radio_on;
    if (row.microjoules) microjoules = microjoules.value_or(0) + *row.microjoules;
  }
  if (!results.costs.rows.empty())
    figures.push_back({{.id = "reconnects",
                        .name = "reconnects of the fleet",
                        .unit = Unit::count,
                        .least_share = tenth,
                        .least_absolute = 1},
                       static_cast<double>(reconnects)});
  if (radio_on)
    figures.push_back({{.id = "radio-on",
                        .name = "time that radios were on",
                        .unit = Unit::seconds,
                        .least_share = twentieth,
                        .least_absolute = millisecond},
                       seconds(*radio_on)});
  if (microjoules)
    figures.push_back({{.id = "energy",
                        .name = "energy of the radios",
                        .unit = Unit::joules,
                        .least_share = twentieth,
                        .least_absolute = millisecond},
                       static_cast<double>(*microjoules) / 1e6});
  add_spread("first-message", "time to the first message after an outage",
             results.costs.first_message, figures);
  add_spread("staleness", "age of retained values", results.costs.staleness, figures);
}

}  // namespace

Facts facts_of(const report::Results& results, std::string folder) {
  Facts facts;
  facts.folder = std::move(folder);
  facts.scenario = results.run.scenario;
  facts.world = results.run.world;
  facts.seed = results.run.seed;
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
  add_latencies(results, facts.figures);
  add_ledger(results, facts.figures);
  add_connections(results, facts.figures);
  add_silence(results, facts.figures);
  add_traffic(results, facts.figures);
  add_costs(results, facts.figures);
  return facts;
}

}  // namespace mq::gate
