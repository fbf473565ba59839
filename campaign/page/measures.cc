#include "campaign/page/measures.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>

#include "reports/text/escape.h"

namespace mq::campaign {
namespace {

namespace json = boost::json;

constexpr std::size_t promises_max = 12;
// Values of all cells: a page of 1 MB holds so many beside everything else.
constexpr std::size_t values_max = 40'000;

json::array words(const std::vector<std::string>& texts) {
  json::array all;
  for (const std::string& text : texts) all.emplace_back(report::visible(text));
  return all;
}

json::object edge(const std::optional<Dimension>& dimension) {
  if (!dimension) return {{"name", ""}, {"labels", json::array{""}}};
  return {{"name", report::visible(dimension->name)}, {"labels", words(dimension->labels)}};
}

// Four digits are more than a colour or a glance can tell.
double rounded(double value) { return std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr); }

const char* kind(Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return "seconds";
    case Unit::share:
      return "share";
    case Unit::bytes:
      return "bytes";
    case Unit::joules:
      return "joules";
    case Unit::count:
      break;
  }
  return "count";
}

struct Measures {
  std::vector<std::string> promises;
  std::vector<std::size_t> figures;  // positions in campaign::figures
};

Measures measures_of(const Summary& summary, const HeatMaps& maps) {
  Measures measures;
  for (const auto& [id, runs] : summary.promises())
    if (measures.promises.size() < promises_max) measures.promises.push_back(id);
  std::size_t cells = 0;
  std::array<bool, figures.size()> has{};
  for (const HeatMap& map : maps.maps)
    for (const Cell& cell : map.cells) {
      ++cells;
      for (const auto& [figure, value] : cell.values) has[figure] = true;
    }
  for (std::size_t i = 0; i < figures.size(); ++i)
    if (has[i] && (measures.figures.size() + 6) * cells < values_max) measures.figures.push_back(i);
  return measures;
}

json::array values_of(const Cell& cell, const Measures& measures) {
  json::array values{cell.judged(), cell.broken, cell.nothing, cell.unjudged};
  for (const std::string& id : measures.promises) {
    const auto found = cell.promises.find(id);
    values.emplace_back(found == cell.promises.end() ? 0 : found->second);
  }
  const auto middle = medians(cell);
  for (const std::size_t i : measures.figures) {
    if (std::isnan(middle[i]))
      values.emplace_back(nullptr);
    else
      values.emplace_back(rounded(middle[i]));
  }
  return values;
}

}  // namespace

std::string measures_json(const Summary& summary, const HeatMaps& maps) {
  const Measures measures = measures_of(summary, maps);
  json::array named;
  const auto name = [&](std::string_view text, const char* is, bool lower_is_better) {
    named.push_back({{"name", report::visible(text)}, {"kind", is}, {"lower", lower_is_better}});
  };
  name("runs judged", "runs", false);
  name("broke a promise", "promise", true);
  name("measured nothing", "promise", true);
  name("without a verdict", "runs", true);
  for (const std::string& id : measures.promises) name("broke " + id, "promise", true);
  for (const std::size_t i : measures.figures)
    name(fmt::format("{} (median of the runs)", figures[i].name), kind(figures[i].unit),
         figures[i].better == gate::Better::lower);
  json::array all;
  for (const HeatMap& map : maps.maps) {
    json::array cells;
    for (const Cell& cell : map.cells) cells.emplace_back(values_of(cell, measures));
    all.push_back({{"where", words(map.where)}, {"cells", std::move(cells)}});
  }
  return json::serialize(json::object{{"name", report::visible(summary.plan().campaign().name)},
                                      {"x", edge(maps.x)},
                                      {"y", edge(maps.y)},
                                      {"measures", std::move(named)},
                                      {"maps", std::move(all)}});
}

}  // namespace mq::campaign
