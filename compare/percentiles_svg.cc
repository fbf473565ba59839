// Latency by percentile: both axes logarithmic, so that tail and middle can both be read. A line is
// the median over seeds, the band around it its interval of confidence.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "compare/page.h"
#include "reports/text/format.h"

namespace mq::compare {
namespace {

constexpr double left = 70, right = 690, top = 16, bottom = 300, width = 820, height = 340;
constexpr double percentile_max = 99.9;
constexpr double label_gap = 15;

struct Point {
  double percentile = 0;
  double middle = 0;
  gate::Interval interval;
};

struct Line {
  std::size_t side = 0;
  std::vector<Point> points;
  double label_y = 0;
};

std::vector<Line> lines_of(const Comparison& all, Qos qos) {
  std::vector<Line> lines;
  for (std::size_t side = 0; side < all.sides.size(); ++side)
    for (const LatencyOverSeeds& latency : all.sides[side].latencies) {
      if (latency.qos != qos) continue;
      Line line{.side = side, .points = {}};
      for (const auto& [percentile, values] : latency.percentiles)
        if (percentile <= percentile_max)
          line.points.push_back({percentile, gate::median(values), gate::median_interval(values)});
      lines.push_back(std::move(line));
    }
  return lines;
}

double x_of(double percentile) {
  const auto nines = [](double p) { return -std::log10(1 - p / 100); };
  return left + (right - left) * nines(percentile) / nines(percentile_max);
}

class Scale {
 public:
  explicit Scale(const std::vector<Line>& lines) {
    double low = std::numeric_limits<double>::max();
    double high = 0;
    for (const Line& line : lines)
      for (const Point& point : line.points) {
        low = std::min({low, std::max(point.interval.low, 1e-6), std::max(point.middle, 1e-6)});
        high = std::max({high, point.interval.high, point.middle});
      }
    from_ = std::floor(std::log10(low));
    to_ = std::max(from_ + 1, std::ceil(std::log10(std::max(high, 1e-6))));
  }
  double y(double seconds) const {
    const double at = (std::log10(std::max(seconds, 1e-6)) - from_) / (to_ - from_);
    return bottom - (bottom - top) * std::clamp(at, 0.0, 1.0);
  }
  int from() const { return static_cast<int>(from_); }
  int to() const { return static_cast<int>(to_); }

 private:
  double from_ = 0;
  double to_ = 1;
};

std::string number(double value) { return fmt::format("{:.1f}", value); }

void put_grid(report::Markup& out, const Scale& scale) {
  const auto horizontal = [&](int power) {
    const double y = scale.y(std::pow(10, power));
    const auto whole =
        std::chrono::round<Duration>(std::chrono::duration<double>(std::pow(10.0, power)));
    out << "<line class=\"grid\" x1=\"" << number(left) << "\" x2=\"" << number(right) << "\" y1=\""
        << number(y) << "\" y2=\"" << number(y) << "\"/><text text-anchor=\"end\" x=\""
        << number(left - 8) << "\" y=\"" << number(y + 4) << "\">" << report::short_duration(whole)
        << "</text>";
  };
  for (int power = scale.from(); power <= scale.to(); ++power) horizontal(power);
  static constexpr std::array marks{10.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9};
  for (const double mark : marks) {
    const std::string x = number(x_of(mark));
    out << "<line class=\"grid\" y1=\"" << number(top) << "\" y2=\"" << number(bottom) << "\" x1=\""
        << x << "\" x2=\"" << x << "\"/><text text-anchor=\"middle\" x=\"" << x << "\" y=\""
        << number(bottom + 18) << "\">p" << fmt::format("{:g}", mark) << "</text>";
  }
}

void put_line(report::Markup& out, const Line& line, const Scale& scale, const std::string& name) {
  std::string path;
  std::string band;
  for (const Point& point : line.points) {
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : " L", x_of(point.percentile),
                        scale.y(point.middle));
    band += fmt::format("{}{:.1f} {:.1f}", band.empty() ? "M" : " L", x_of(point.percentile),
                        scale.y(point.interval.high));
  }
  for (auto point = line.points.rbegin(); point != line.points.rend(); ++point)
    band += fmt::format(" L{:.1f} {:.1f}", x_of(point->percentile), scale.y(point->interval.low));
  // Numbers and letters of ours, longer than a text of a run may be.
  out << "<g class=\"s" << line.side % 6 << "\"><path class=\"band\" d=\"";
  out.trusted(band) << " Z\"/><path class=\"line\" d=\"";
  out.trusted(path) << "\"><title>" << name << "</title></path><text class=\"label\" x=\""
                    << number(right + 10) << "\" y=\"" << number(line.label_y + 4) << "\">" << name
                    << "</text></g>";
}

// Names stand at the ends of their lines, and do not cover each other.
void place_labels(std::vector<Line>& lines, const Scale& scale) {
  std::vector<Line*> order;
  for (Line& line : lines) {
    if (line.points.empty()) continue;
    line.label_y = scale.y(line.points.back().middle);
    order.push_back(&line);
  }
  std::sort(order.begin(), order.end(),
            [](const Line* a, const Line* b) { return a->label_y > b->label_y; });
  for (std::size_t i = 1; i < order.size(); ++i)
    order[i]->label_y = std::min(order[i]->label_y, order[i - 1]->label_y - label_gap);
}

}  // namespace

report::Markup percentiles_svg(const Comparison& all, Qos qos) {
  std::vector<Line> lines = lines_of(all, qos);
  std::erase_if(lines, [](const Line& line) { return line.points.empty(); });
  report::Markup out;
  if (lines.empty()) return out;
  const Scale scale(lines);
  place_labels(lines, scale);
  out << "<svg class=\"percentiles\" role=\"img\" aria-label=\"Latency by percentile\" viewBox=\"0 "
         "0 "
      << number(width) << " " << number(height) << "\">";
  put_grid(out, scale);
  for (const Line& line : lines) put_line(out, line, scale, all.sides[line.side].name);
  out << "</svg>";
  return out;
}

}  // namespace mq::compare
