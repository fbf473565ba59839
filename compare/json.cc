#include "compare/render.h"
#include "compare/sentences.h"
#include "gate/fields.h"
#include "reports/archive.h"

namespace mq::compare {

template <class Io>
void fields(Io& io, Difference& v) {
  io("text", v.text);
  io("evidence", v.evidence);
  io("shown_by", v.shown_by);
  io("folders", v.folders);
}
template <class Io>
void fields(Io& io, Spread& v) {
  io("measured", v.measured);
  io("median", v.middle);
  io("low", v.interval.low);
  io("high", v.interval.high);
  io("confidence", v.interval.confidence);
}
template <class Io>
void fields(Io& io, FigureRow& v) {
  io("metric", v.metric);
  io("brokers", v.sides);
  io("changes", v.changes);
}
template <class Io>
void fields(Io& io, PromiseRow& v) {
  io("id", v.id);
  io("promise", v.promise);
  io("brokers", v.sides);
}
template <class Io>
void fields(Io& io, RunKept& v) {
  io("seed", v.seed);
  io("folder", v.folder);
  io("hash", v.hash);
  io("command", v.command);
}

namespace {

struct Percentile {
  double percentile = 0;
  Spread latency;
};
template <class Io>
void fields(Io& io, Percentile& v) {
  io("percentile", v.percentile);
  io("seconds", v.latency);
}

boost::json::array latencies_of(const Side& side) {
  boost::json::array all;
  for (const LatencyOverSeeds& latency : side.latencies) {
    std::vector<Percentile> percentiles;
    for (const auto& [percentile, values] : latency.percentiles)
      percentiles.push_back(
          {percentile, {true, gate::median(values), gate::median_interval(values)}});
    boost::json::object one;
    report::WriteFields io(one);
    io("qos", static_cast<int>(latency.qos));
    io("count", latency.count);
    io("percentiles", percentiles);
    all.push_back(std::move(one));
  }
  return all;
}

boost::json::object deliveries_of(const report::LedgerTable& ledger) {
  boost::json::object all;
  for (const report::DeliveryRow& row : ledger.deliveries) {
    boost::json::object one;
    report::WriteFields io(one);
    io("owed", row.owed);
    io("delivered", row.delivered);
    io("lost", row.lost);
    io("duplicated", row.duplicated);
    io("unexpected", row.unexpected);
    io("reordered", row.reordered);
    io("late", row.late);
    io("open", row.open);
    io("cancelled", row.cancelled);
    all.emplace(row.group + "-qos" + std::to_string(static_cast<int>(row.qos)), std::move(one));
  }
  return all;
}

// What a side's cases of the standard came to, by id.
boost::json::object cases_of(const report::ConformResults& results) {
  boost::json::object all;
  for (const report::ConformJudged& one : results.judged)
    all.emplace(one.id, report::word_of(one.verdict));
  return all;
}

boost::json::object object_of(const Side& side) {
  boost::json::object object;
  report::WriteFields io(object);
  io("name", side.name);
  boost::json::object about;
  for (const report::Setting& row : side.about) about[row.name] = row.value;
  object.emplace("about", std::move(about));
  io("runs", side.kept);
  object.emplace("deliveries", deliveries_of(side.ledger));
  object.emplace("latency", latencies_of(side));
  if (side.conform) object.emplace("conformance", cases_of(*side.conform));
  return object;
}

}  // namespace

std::string to_json(const Comparison& all) {
  boost::json::object object;
  object.emplace("schema_version", schema_version);
  report::WriteFields io(object);
  io("headline", headline(all));
  io("scenario", all.scenario);
  io("world", all.world);
  io("shape", all.shape);
  io("command", all.command);
  io("program_version", all.program_version);
  io("notes", all.notes);
  io("problems", all.problems);
  io("rules", all.rules);
  io("differences", all.differences);
  io("seldom", all.seldom);
  io("promises", all.promises);
  io("figures", all.figures);
  boost::json::array sides;
  for (const Side& side : all.sides) sides.push_back(object_of(side));
  object.emplace("brokers", std::move(sides));
  return boost::json::serialize(object) + "\n";
}

}  // namespace mq::compare
