#include "campaign/latin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/rng.h"
#include "scenarios/language/units.h"
#include "scenarios/language/value.h"
#include "scenarios/language/walk.h"

namespace mq::campaign {
namespace {

using scenario::Choice;
using scenario::in_quotes;
using scenario::Is;
using scenario::Key;
using scenario::Node;
using scenario::Shape;

bool is_number(Is is) {
  return is == Is::whole || is == Is::decimal || is == Is::duration || is == Is::rate ||
         is == Is::size || is == Is::percentage;
}

double number_of(const scenario::Value& value, Is is) {
  if (is == Is::duration) return seconds(value.duration);
  return is == Is::whole || is == Is::size ? static_cast<double>(value.whole) : value.real;
}

constexpr std::array scales = {
    Choice{"linear", "equal differences are alike"},
    Choice{"log", "equal factors are alike"},
};
constexpr Shape scale{.is = Is::choice, .choices = scales};

double three_digits(double value) {
  if (value == 0) return 0;
  const double unit = std::pow(10.0, std::floor(std::log10(std::abs(value))) - 2);
  // Divided, not multiplied: 0.13 is not 13 * 0.01.
  return unit < 1 ? std::round(value / unit) / std::round(1 / unit)
                  : std::round(value / unit) * unit;
}

}  // namespace

std::optional<Range> read_range(const std::string& path, const Node& node, const Shape& shape,
                                scenario::Problems& problems) {
  const auto refuse = [&](const Node& at, std::string text) {
    problems.push_back({at.line, at.column, std::move(text)});
    return std::nullopt;
  };
  if (!is_number(shape.is))
    return refuse(node, in_quotes(path) + " is not a number: put its values into `grid` or `list`");
  Shape end = shape;  // a word, such as `never`, is no end of a range
  end.choices = {};
  const std::array keys = {Key{.name = "from", .shape = &end, .is_required = true},
                           Key{.name = "to", .shape = &end, .is_required = true},
                           Key{.name = "scale", .shape = &scale, .fallback = "linear"}};
  const Shape range_shape{.is = Is::map, .title = "a range", .keys = keys};
  const std::size_t before = problems.size();
  scenario::check(node, range_shape, in_quotes(path), problems);
  if (problems.size() > before) return std::nullopt;
  const scenario::Fields fields(&node, range_shape);
  Range range{.path = path,
              .is = shape.is,
              .whole_seconds = shape.is_whole_seconds,
              .low = number_of(fields.value("from"), shape.is),
              .high = number_of(fields.value("to"), shape.is),
              .is_log = fields.text("scale") == "log"};
  if (range.low >= range.high)
    return refuse(node, in_quotes(path) + ": `from` must be less than `to`");
  if (range.is_log && range.low <= 0)
    return refuse(node, in_quotes(path) + ": with `scale: log`, `from` must be more than 0");
  return range;
}

std::string written(const Range& range, double value) {
  value = std::clamp(three_digits(value), range.low, range.high);
  switch (range.is) {
    case Is::whole:
      return fmt::format("{:.0f}", value);
    case Is::size:
      return fmt::format("{:.0f}B", value);
    case Is::rate:
      return fmt::format("{:.0f} bit/s", value);
    case Is::percentage:
      return fmt::format("{:.6g}%", 100 * value);
    case Is::duration: {
      const double unit = range.whole_seconds ? 1e9 : 1e3;
      const auto duration = Duration(static_cast<Duration::rep>(std::round(value * 1e9 / unit)) *
                                     static_cast<Duration::rep>(unit));
      return scenario::to_text(duration);
    }
    default:
      return fmt::format("{:.6g}", value);
  }
}

Axis hypercube(const std::vector<Range>& ranges, std::uint64_t points, std::uint64_t seed) {
  Axis axis{Axis::Kind::latin, {}, std::vector<Level>(points)};
  for (const Range& range : ranges) {
    axis.paths.push_back(range.path);
    Rng rng = Rng(seed).child(range.path);
    std::vector<std::uint64_t> strata(points);
    std::iota(strata.begin(), strata.end(), std::uint64_t{0});
    for (std::uint64_t i = points; i > 1; --i) std::swap(strata[i - 1], strata[rng.below(i)]);
    const double low = range.is_log ? std::log(range.low) : range.low;
    const double high = range.is_log ? std::log(range.high) : range.high;
    for (std::uint64_t i = 0; i < points; ++i) {
      const double share =
          (static_cast<double>(strata[i]) + rng.unit()) / static_cast<double>(points);
      const double at = low + share * (high - low);
      const std::string text = written(range, range.is_log ? std::exp(at) : at);
      axis.levels[i].settings.push_back(
          {range.path, Node{.kind = Node::Kind::scalar, .text = text}, text});
    }
  }
  return axis;
}

}  // namespace mq::campaign
