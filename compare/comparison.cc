#include "compare/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compare/sentences.h"
#include "reports/text/format.h"

namespace mq::compare {
namespace {

PromiseRow& row_of(Comparison& all, const gate::PromiseChange& change) {
  auto row = std::find_if(all.promises.begin(), all.promises.end(),
                          [&](const PromiseRow& other) { return other.id == change.id; });
  if (row != all.promises.end()) return *row;
  PromiseRow fresh{.id = change.id, .promise = change.promise};
  fresh.of_standard = is_of_standard(change.id);
  fresh.sides.resize(all.sides.size());
  all.promises.push_back(std::move(fresh));
  return all.promises.back();
}

FigureRow& row_of(Comparison& all, const gate::Metric& metric) {
  auto row = std::find_if(all.figures.begin(), all.figures.end(),
                          [&](const FigureRow& other) { return other.metric.id == metric.id; });
  if (row != all.figures.end()) return *row;
  FigureRow fresh{.metric = metric};
  for (const Side& side : all.sides) fresh.sides.push_back(spread_of(side, metric.id));
  fresh.changes.resize(all.sides.size());
  all.figures.push_back(std::move(fresh));
  return all.figures.back();
}

void take(Comparison& all, std::size_t at, gate::Comparison found) {
  for (std::string& problem : found.problems) all.problems.push_back(std::move(problem));
  for (const gate::ScenarioChange& scenario : found.scenarios) {
    const bool is_tested = std::min(scenario.base_runs, scenario.now_runs) >= all.rules.runs_min;
    // Of few runs it says that figures are not compared: here they are shown.
    for (const std::string& remark : scenario.remarks)
      if ((is_tested || scenario.promises.empty()) &&
          std::find(all.notes.begin(), all.notes.end(), remark) == all.notes.end())
        all.notes.push_back(remark);
    for (const gate::PromiseChange& change : scenario.promises) {
      PromiseRow& row = row_of(all, change);
      row.sides[0] = change.base;
      row.sides[at] = change.now;
    }
    for (const gate::MetricChange& change : scenario.metrics)
      row_of(all, change.metric).changes[at] = change;
    add_differences(all, at, scenario);
    if (!is_tested && !scenario.promises.empty()) add_seen(all, at);
  }
}

// Figures that were not tested, as too few runs have them, are shown all the same.
void show_figures(Comparison& all) {
  for (const Side& side : all.sides)
    for (const gate::Facts& run : side.runs)
      for (const gate::Figure& figure : run.figures) row_of(all, figure.metric);
}

// Rules of the standard that everybody keeps are many and say nothing here.
void tidy(Comparison& all) {
  std::erase_if(all.promises, [](const PromiseRow& row) {
    return row.of_standard && std::none_of(row.sides.begin(), row.sides.end(),
                                           [](const gate::Kept& k) { return k.broken > 0; });
  });
  std::stable_sort(
      all.promises.begin(), all.promises.end(),
      [](const PromiseRow& a, const PromiseRow& b) { return a.of_standard < b.of_standard; });
}

}  // namespace

Spread spread_of(const Side& side, const std::string& metric) {
  std::vector<double> values;
  for (const gate::Facts& run : side.runs)
    for (const gate::Figure& figure : run.figures)
      if (figure.metric.id == metric && run.unjudged.empty()) values.push_back(figure.value);
  return {.measured = !values.empty(),
          .middle = gate::median(values),
          .interval = gate::median_interval(values)};
}

Comparison compare(Comparison all) {
  for (std::size_t at = 1; at < all.sides.size(); ++at)
    take(all, at, gate::compare(all.sides[0].runs, all.sides[at].runs, all.rules));
  if (!all.sides.front().runs.empty()) {
    all.scenario = all.sides.front().runs.front().scenario;
    all.world = all.sides.front().runs.front().world;
    all.shape = all.sides.front().runs.front().shape;
  }
  show_figures(all);
  add_conformance(all);
  tidy(all);
  return all;
}

std::string headline(const Comparison& all) {
  if (!all.problems.empty())
    return fmt::format("Not everything could be compared: {}",
                       report::count(all.problems.size(), "problem"));
  if (all.differences.empty() && !all.seldom.empty())
    return fmt::format("{} seen in too few runs to be sure",
                       report::count(all.seldom.size(), "difference"));
  if (all.differences.empty()) return "No difference that matters";
  return fmt::format("{} that {}", report::count(all.differences.size(), "difference"),
                     all.differences.size() == 1 ? "matters" : "matter");
}

bool is_broken(const Comparison& all) {
  return std::any_of(all.promises.begin(), all.promises.end(), [](const PromiseRow& row) {
    return std::any_of(row.sides.begin(), row.sides.end(),
                       [](const gate::Kept& kept) { return kept.broken > 0; });
  });
}

}  // namespace mq::compare
