#include "campaign/page/heat_map.h"

#include <algorithm>
#include <utility>

#include "scenarios/language/problem.h"

namespace mq::campaign {
namespace {

// Takes the dimension out of `from`.
std::optional<Dimension> taken(std::vector<Dimension>& from, const std::string& name,
                               std::string& why) {
  const auto found = std::find_if(from.begin(), from.end(),
                                  [&](const Dimension& one) { return one.name == name; });
  if (found == from.end()) {
    std::vector<std::string_view> names;
    for (const Dimension& one : from) names.push_back(one.name);
    why = scenario::in_quotes(name) + " is not swept" + scenario::suggestion(name, names);
    return std::nullopt;
  }
  Dimension dimension = std::move(*found);
  from.erase(found);
  return dimension;
}

}  // namespace

bool is_frontier(const Cell& a, const Cell& b) {
  return a.judged() > 0 && b.judged() > 0 && (a.broken > 0) != (b.broken > 0);
}

std::optional<HeatMaps> heat_maps(const Summary& summary, const std::string& x,
                                  const std::string& y, std::string& why) {
  const Plan& plan = summary.plan();
  std::vector<Dimension> others = dimensions(plan);
  HeatMaps all;
  for (const auto& [name, into] : {std::pair(&x, &all.x), std::pair(&y, &all.y)}) {
    if (name->empty()) continue;
    *into = taken(others, *name, why);
    if (!*into) return std::nullopt;
  }
  for (auto* into : {&all.x, &all.y}) {
    if (*into || others.empty()) continue;
    *into = std::move(others.front());
    others.erase(others.begin());
  }
  // What is compared with most interest has its maps side by side as long as there is room.
  std::stable_partition(others.begin(), others.end(),
                        [](const Dimension& one) { return one.is_broker; });
  const std::size_t size = all.columns() * all.rows();
  std::size_t maps = 1;
  std::vector<Dimension> apart;
  for (Dimension& one : others) {
    const std::size_t more = maps * one.labels.size();
    if (more > maps_max || more * size > cells_max) {
      all.together.push_back(one.name);
      continue;
    }
    maps = more;
    apart.push_back(std::move(one));
  }
  all.maps.resize(maps);
  for (std::size_t i = 0; i < maps; ++i) {
    all.maps[i].cells.resize(size);
    std::size_t rest = i;
    for (std::size_t d = apart.size(); d-- > 0;) {
      const auto& labels = apart[d].labels;
      all.maps[i].where.insert(all.maps[i].where.begin(),
                               apart[d].name + " = " + labels[rest % labels.size()]);
      rest /= labels.size();
    }
  }
  for (std::uint32_t point = 0; point < plan.points(); ++point)
    for (std::uint32_t broker = 0; broker < plan.brokers(); ++broker) {
      std::size_t map = 0;
      for (const Dimension& one : apart) map = map * one.labels.size() + one.label(point, broker);
      const std::size_t column = all.x ? all.x->label(point, broker) : 0;
      const std::size_t row = all.y ? all.y->label(point, broker) : 0;
      all.maps[map].cells[row * all.columns() + column].add(summary.cell(point, broker));
    }
  return all;
}

}  // namespace mq::campaign
