// The comparison as a JSON document.
#include <sys/utsname.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "bench/figures.h"

namespace mq::bench {
namespace {

namespace json = boost::json;

void put(json::object& object, const char* key, std::optional<double> value) {
  if (value) object[key] = *value;
}

json::object document_of(const Figures& figures) {
  json::object object;
  put(object, "cpu_us_per_unit", figures.cpu_us);
  put(object, "units_per_second", figures.per_second);
  put(object, "p50_us", figures.p50_us);
  put(object, "p99_us", figures.p99_us);
  put(object, "bytes_per_connection", figures.bytes_per_connection);
  return object;
}

json::object ratios(const Figures& own, const Figures& reference) {
  json::object object;
  const auto ratio = [&](const char* key, std::optional<double> a, std::optional<double> b) {
    if (a && b && *b > 0) object[key] = *a / *b;
  };
  ratio("cpu_us_per_unit", own.cpu_us, reference.cpu_us);
  ratio("units_per_second", own.per_second, reference.per_second);
  ratio("p50_us", own.p50_us, reference.p50_us);
  ratio("p99_us", own.p99_us, reference.p99_us);
  ratio("bytes_per_connection", own.bytes_per_connection, reference.bytes_per_connection);
  return object;
}

json::object document_of(const Outcome& outcome) {
  json::object object{{"units", outcome.units},
                      {"seconds", outcome.seconds},
                      {"cpu_seconds", outcome.cpu_seconds},
                      {"lost", outcome.lost},
                      {"duplicated", outcome.duplicated},
                      {"disordered", outcome.disordered},
                      {"altered", outcome.altered},
                      {"astray", outcome.astray}};
  put(object, "p50_us", outcome.p50_us);
  put(object, "p99_us", outcome.p99_us);
  put(object, "bytes_per_connection", outcome.bytes_per_connection);
  if (!outcome.fault.empty()) object["fault"] = outcome.fault;
  return object;
}

json::object document_of(const RowResult::Entry& entry, const RowResult::Entry* reference) {
  json::object object{{"broker", entry.broker}};
  if (!entry.not_measured.empty()) object["not_measured"] = entry.not_measured;
  if (entry.rounds.empty()) return object;
  const Figures own = figures_of(entry);
  object["medians"] = document_of(own);
  if (reference != nullptr) object["ratios"] = ratios(own, figures_of(*reference));
  json::array rounds;
  for (const Outcome& round : entry.rounds) rounds.push_back(document_of(round));
  object["rounds"] = std::move(rounds);
  if (const std::string faults = faults_of(entry); !faults.empty()) object["faults"] = faults;
  return object;
}

json::object document_of(const RowResult& row) {
  json::object object{
      {"name", row.row->name}, {"description", row.row->what}, {"unit", row.row->unit}};
  if (row.row->cpu_goal) object["goal_cpu_ratio"] = *row.row->cpu_goal;
  if (row.row->latency_goal) object["goal_p50_ratio"] = *row.row->latency_goal;
  json::array entries;
  for (const RowResult::Entry& entry : row.entries)
    entries.push_back(document_of(entry, reference_of(row)));
  object["brokers"] = std::move(entries);
  return object;
}

json::object machine() {
  utsname about{};
  ::uname(&about);
  return {{"system", about.sysname},
          {"release", about.release},
          {"machine", about.machine},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}};
}

}  // namespace

std::string to_json(const Contest& contest, const ContestOptions& options) {
  json::array contestants, absent, rows;
  for (const Contestant& each : contest.contestants)
    contestants.push_back(
        json::object{{"name", each.name}, {"title", each.title}, {"release", each.release}});
  for (const std::string& each : contest.absent) absent.push_back(json::value(each));
  for (const RowResult& row : contest.rows) rows.push_back(document_of(row));
  const json::object document{{"schema_version", 1},
                              {"machine", machine()},
                              {"rounds", options.rounds},
                              {"size", options.scale.size},
                              {"reference", reference_name},
                              {"interrupted", contest.was_interrupted},
                              {"brokers", std::move(contestants)},
                              {"absent", std::move(absent)},
                              {"rows", std::move(rows)}};
  return json::serialize(document) + "\n";
}

}  // namespace mq::bench
