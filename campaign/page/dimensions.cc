#include "campaign/page/dimensions.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/time.h"
#include "scenarios/language/units.h"

namespace mq::campaign {
namespace {

// A quantity as a number, for the order of values; whatever its unit, the unit is the same for all.
std::optional<double> number(const std::string& text) {
  if (const auto value = scenario::parse_decimal(text)) return value;
  if (const auto value = scenario::parse_duration(text)) return seconds(*value);
  if (const auto value = scenario::parse_rate(text)) return value;
  if (const auto value = scenario::parse_percentage(text)) return value;
  if (const auto value = scenario::parse_size(text)) return static_cast<double>(*value);
  return std::nullopt;
}

// One label per level, as they are written; or, of many that are numbers, ranges of like size.
struct Labelled {
  std::vector<std::string> labels;
  std::vector<std::uint32_t> of_level;
};
Labelled labelled(const std::vector<std::string>& texts) {
  Labelled result;
  result.of_level.resize(texts.size());
  std::vector<double> numbers;
  for (const std::string& text : texts)
    if (const auto value = number(text)) numbers.push_back(*value);
  const bool keep = texts.size() <= labels_max;
  if (keep) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto found = std::find(result.labels.begin(), result.labels.end(), texts[i]);
      result.of_level[i] = static_cast<std::uint32_t>(found - result.labels.begin());
      if (found == result.labels.end()) result.labels.push_back(texts[i]);
    }
    return result;
  }
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (numbers.size() == texts.size())
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return numbers[a] < numbers[b]; });
  const std::size_t ranges = std::min<std::size_t>(8, texts.size());
  for (std::size_t range = 0; range < ranges; ++range) {
    const std::size_t from = range * texts.size() / ranges;
    const std::size_t until = (range + 1) * texts.size() / ranges;
    result.labels.push_back(texts[order[from]] + " \xE2\x80\x93 " + texts[order[until - 1]]);
    for (std::size_t i = from; i < until; ++i)
      result.of_level[order[i]] = static_cast<std::uint32_t>(range);
  }
  return result;
}

Dimension dimension(const Plan& plan, std::size_t axis, const std::string& name,
                    const std::vector<std::string>& texts) {
  Labelled by_level = labelled(texts);
  Dimension made{.name = name, .labels = std::move(by_level.labels)};
  made.label_of_point.resize(plan.points());
  for (std::uint32_t point = 0; point < plan.points(); ++point)
    made.label_of_point[point] = by_level.of_level[plan.levels(point)[axis]];
  return made;
}

// The rows of a list belong together; the parameters of a hypercube stand for themselves.
void add(const Plan& plan, std::size_t at, std::vector<Dimension>& all) {
  const Axis& axis = plan.campaign().axes[at];
  if (axis.kind == Axis::Kind::latin) {
    for (std::size_t which = 0; which < axis.paths.size(); ++which) {
      std::vector<std::string> texts;
      for (const Level& level : axis.levels) texts.push_back(level.settings[which].text);
      all.push_back(dimension(plan, at, axis.paths[which], texts));
    }
    return;
  }
  std::string name;
  for (const std::string& path : axis.paths) name += (name.empty() ? "" : " & ") + path;
  std::vector<std::string> texts;
  for (const Level& level : axis.levels) {
    std::string& text = texts.emplace_back();
    for (const Setting& setting : level.settings)
      text += (text.empty() ? "" : " & ") + setting.text;
  }
  all.push_back(dimension(plan, at, name, texts));
}

}  // namespace

std::vector<Dimension> dimensions(const Plan& plan) {
  std::vector<Dimension> all;
  for (std::size_t axis = 0; axis < plan.campaign().axes.size(); ++axis) add(plan, axis, all);
  if (plan.brokers() > 1)
    all.push_back({.name = "broker", .labels = plan.campaign().brokers, .is_broker = true});
  std::erase_if(all, [](const Dimension& one) { return one.labels.size() < 2; });
  return all;
}

}  // namespace mq::campaign
