#include "campaign/export.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "reports/text/escape.h"

namespace mq::campaign {
namespace {

namespace json = boost::json;

constexpr int export_schema_version = 1;

json::object place_of(const Summary& summary, std::uint32_t point, std::uint32_t broker) {
  const Plan& plan = summary.plan();
  const Cell& cell = summary.cell(point, broker);
  json::object settings;
  for (const Setting* setting : plan.settings(point))
    settings[setting->path] = report::well_formed(setting->text);
  json::object promises;
  for (const auto& [id, runs] : cell.promises) promises[id] = runs;
  json::object figures_of_it;
  const auto middle = medians(cell);
  for (std::size_t i = 0; i < figures.size(); ++i)
    if (!std::isnan(middle[i])) figures_of_it[figures[i].id] = middle[i];
  json::object place{{"settings", std::move(settings)}};
  if (!plan.campaign().brokers.empty())
    place["broker"] = report::well_formed(plan.campaign().brokers[broker]);
  place["runs"] = cell.runs;
  place["held"] = cell.held;
  place["broken"] = cell.broken;
  place["nothing_measured"] = cell.nothing;
  place["without_verdict"] = cell.unjudged;
  place["promises_broken"] = std::move(promises);
  place["medians"] = std::move(figures_of_it);
  return place;
}

// As RFC 4180 has it; a text that a spreadsheet would take for a formula is kept from being one.
std::string csv_field(std::string_view text) {
  std::string field = report::well_formed(text);
  if (!field.empty() && std::string_view("=+-@\t\r").find(field.front()) != std::string_view::npos)
    field.insert(0, "'");
  if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string to_json(const Summary& summary) {
  const Plan& plan = summary.plan();
  json::object ends;
  for (int i = 0; i <= static_cast<int>(End::crashed); ++i)
    ends[name(static_cast<End>(i))] = summary.ended(static_cast<End>(i));
  json::object promises;
  for (const auto& [id, runs] : summary.promises()) promises[id] = runs;
  json::object head{{"schema_version", export_schema_version},
                    {"campaign", report::well_formed(plan.campaign().name)},
                    {"world", plan.campaign().world == World::ns3 ? "ns3" : "memory"},
                    {"runs_planned", plan.runs()},
                    {"runs_done", summary.all().runs},
                    {"held", summary.all().held},
                    {"broken", summary.all().broken},
                    {"nothing_measured", summary.all().nothing},
                    {"ended", std::move(ends)},
                    {"promises_broken", std::move(promises)}};
  // As a text from here on: as values, a million places would take gigabytes.
  std::string out = json::serialize(head);
  out.back() = ',';
  out += "\"places\":[";
  for (std::uint32_t point = 0; point < plan.points(); ++point)
    for (std::uint32_t broker = 0; broker < plan.brokers(); ++broker)
      out +=
          (out.ends_with('[') ? "\n" : ",\n") + json::serialize(place_of(summary, point, broker));
  return out + "\n]}\n";
}

std::string to_csv(const Summary& summary) {
  const Plan& plan = summary.plan();
  std::string out;
  const auto put = [&](std::string_view field) {
    out += (out.empty() || out.ends_with('\n') ? "" : ",") + csv_field(field);
  };
  const bool brokers = !plan.campaign().brokers.empty();
  const auto promises = summary.promises();
  for (const Axis& axis : plan.campaign().axes)
    for (const std::string& path : axis.paths) put(path);
  if (brokers) put("broker");
  for (const char* name : {"runs", "held", "broken", "nothing_measured", "without_verdict"})
    put(name);
  for (const auto& [id, runs] : promises) put("broken_" + id);
  for (const Figure& figure : figures) put(column(figure));
  out += "\n";
  for (std::uint32_t point = 0; point < plan.points(); ++point)
    for (std::uint32_t broker = 0; broker < plan.brokers(); ++broker) {
      const Cell& cell = summary.cell(point, broker);
      for (const Setting* setting : plan.settings(point)) put(setting->text);
      if (brokers) put(plan.campaign().brokers[broker]);
      for (const std::uint64_t count :
           {cell.runs, cell.held, cell.broken, cell.nothing, cell.unjudged})
        put(std::to_string(count));
      for (const auto& [id, runs] : promises) {
        const auto found = cell.promises.find(id);
        put(std::to_string(found == cell.promises.end() ? 0 : found->second));
      }
      for (const double middle : medians(cell))
        put(std::isnan(middle) ? "" : fmt::format("{:.9g}", middle));
      out += "\n";
    }
  return out;
}

}  // namespace mq::campaign
