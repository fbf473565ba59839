#include "gate/words.h"

#include <fmt/format.h>

#include <cmath>

#include "gate/render.h"
#include "reports/text/format.h"

namespace mq::gate {
namespace {

std::string difference_text(const MetricChange& change) {
  if (change.metric.unit == Unit::share)
    return fmt::format("{:+.2f} points", (change.now - change.base) * 100);
  if (change.base == 0) return change.now == 0 ? "no difference" : "from nothing";
  return fmt::format("{:+.0f} %", (change.now - change.base) / change.base * 100);
}

std::string p_text(double p) { return p < 0.0001 ? "p < 0.0001" : fmt::format("p {:.4f}", p); }

void add(std::string& list, std::size_t number, const char* what) {
  if (number == 0) return;
  if (!list.empty()) list += ", ";
  list += report::count(number, what);
}

}  // namespace

std::string_view word(Change change) {
  switch (change) {
    case Change::worse:
      return "worse";
    case Change::better:
      return "better";
    case Change::same:
      return "same";
    case Change::not_compared:
      break;
  }
  return "not compared";
}

std::string value_text(double value, Unit unit) {
  switch (unit) {
    case Unit::seconds:
      return report::short_duration(
          std::chrono::round<Duration>(std::chrono::duration<double>(value)));
    case Unit::share:
      return report::percent(value);
    case Unit::bytes:
      return report::bytes(static_cast<std::uint64_t>(std::llround(value)));
    case Unit::joules:
      return report::energy(static_cast<std::uint64_t>(std::llround(value * 1e6)));
    case Unit::count:
      break;
  }
  return fmt::format("{:.4g}", value);
}

std::string change_text(const MetricChange& change) {
  if (change.change == Change::not_compared) return change.why;
  return fmt::format("{} -> {} ({}), {}, effect {:+.2f}",
                     value_text(change.base, change.metric.unit),
                     value_text(change.now, change.metric.unit), difference_text(change),
                     p_text(change.test.p), change.test.effect);
}

std::string metric_text(const MetricChange& change) {
  return change.metric.name + ": " + change_text(change);
}

std::string runs_text(const ScenarioChange& scenario) {
  return fmt::format("{} against {} of BASE", report::count(scenario.now_runs, "run"),
                     scenario.base_runs);
}

std::string headline(const Comparison& comparison) {
  if (!comparison.problems.empty())
    return fmt::format("NEW cannot be compared with BASE: {}",
                       report::count(comparison.problems.size(), "problem"));
  if (!comparison.compared()) return "Nothing was compared: no scenario has runs on both sides";
  std::string worse;
  add(worse, comparison.promises(Change::worse), "promise");
  add(worse, comparison.metrics(Change::worse), "figure");
  std::size_t missing = 0;
  for (const ScenarioChange& scenario : comparison.scenarios) missing += scenario.missing;
  if (!worse.empty()) worse += " worse";
  if (missing > 0) add(worse, missing, "scenario");
  if (missing > 0) worse += " missing";
  if (!worse.empty()) return "NEW is worse than BASE: " + worse;
  std::string better;
  add(better, comparison.promises(Change::better), "promise");
  add(better, comparison.metrics(Change::better), "figure");
  return better.empty() ? "NEW is not worse than BASE"
                        : "NEW is not worse than BASE: " + better + " better";
}

}  // namespace mq::gate
