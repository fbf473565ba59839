#include "gate/compare.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "reports/text/format.h"

namespace mq::gate {
namespace {

using checks::Verdict;

bool like(const std::string& id, const std::string& pattern) {
  return fnmatch(pattern.c_str(), id.c_str(), 0) == 0;
}

// The runs of one scenario on both sides.
struct Pair {
  std::vector<const Facts*> base;
  std::vector<const Facts*> now;
};

using Key = std::pair<std::string, std::string>;  // scenario, world

// The promises of both sides, in the order in which they first appear.
std::vector<const Promise*> promises_of(const Pair& pair) {
  std::vector<const Promise*> all;
  for (const auto* side : {&pair.now, &pair.base})
    for (const Facts* run : *side)
      for (const Promise& promise : run->promises)
        if (std::none_of(all.begin(), all.end(), [&](auto* p) { return p->id == promise.id; }))
          all.push_back(&promise);
  return all;
}

const Promise* find(const Facts& run, const std::string& id) {
  const auto found = std::find_if(run.promises.begin(), run.promises.end(),
                                  [&](const Promise& p) { return p.id == id; });
  return found == run.promises.end() ? nullptr : &*found;
}

Kept kept(const std::vector<const Facts*>& runs, const std::string& id) {
  Kept kept{.runs = runs.size()};
  for (const Facts* run : runs) {
    const Promise* promise = find(*run, id);
    if (promise == nullptr || promise->verdict == Verdict::not_tried) continue;
    ++kept.tried;
    if (promise->verdict == Verdict::broken) ++kept.broken;
  }
  return kept;
}

std::set<std::string> broken_parts(const std::vector<const Facts*>& runs, const std::string& id) {
  std::set<std::string> all;
  for (const Facts* run : runs)
    if (const Promise* promise = find(*run, id))
      all.insert(promise->broken_parts.begin(), promise->broken_parts.end());
  return all;
}

std::string list_of(const std::vector<std::string>& parts) {
  constexpr std::size_t shown_max = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(parts.size(), shown_max); ++i)
    text += (i == 0 ? "" : ", ") + parts[i];
  if (parts.size() > shown_max) text += fmt::format(" and {} more", parts.size() - shown_max);
  return text;
}

void judge(PromiseChange& c, const Rules& rules) {
  const auto in = [](const Kept& k) {
    return fmt::format("{} of {}", k.broken, report::count(k.tried, "run"));
  };
  if (c.now.broken > 0 && c.base.broken == 0) {
    c.change = Change::worse;
    c.why = c.base.tried == 0
                ? fmt::format("broken in {}; BASE never tried it", in(c.now))
                : fmt::format("broken in {}, in BASE in none of {}", in(c.now), c.base.tried);
  } else if (c.now.broken > 0) {
    const bool more =
        more_often({c.base.broken, c.base.tried}, {c.now.broken, c.now.tried}) < rules.p_max;
    const bool less =
        more_often({c.now.broken, c.now.tried}, {c.base.broken, c.base.tried}) < rules.p_max;
    const bool is_worse = more || !c.newly.empty();
    c.change = is_worse ? Change::worse : less ? Change::better : Change::same;
    c.why = fmt::format("broken in {}, in BASE in {}", in(c.now), in(c.base));
  } else if (c.base.broken > 0 && c.now.tried > 0) {
    c.change = Change::better;
    c.why = fmt::format("kept in all {}, in BASE broken in {}", c.now.tried, in(c.base));
  } else if (c.base.tried > 0 && c.now.tried == 0) {
    // Not tried is not kept: the change took away what would have shown a fault.
    c.change = Change::worse;
    c.why = fmt::format("no run tries it any more; BASE did in {}", c.base.tried);
  } else {
    c.why = c.now.tried == 0 ? "never tried" : fmt::format("kept in all {}", c.now.tried);
  }
}

PromiseChange compare_promise(const Pair& pair, const Promise& promise, const Rules& rules) {
  PromiseChange c{.id = promise.id, .promise = promise.promise};
  c.base = kept(pair.base, promise.id);
  c.now = kept(pair.now, promise.id);
  const std::set<std::string> now_parts = broken_parts(pair.now, promise.id);
  const std::set<std::string> base_parts = broken_parts(pair.base, promise.id);
  std::set_difference(now_parts.begin(), now_parts.end(), base_parts.begin(), base_parts.end(),
                      std::back_inserter(c.newly));
  judge(c, rules);
  if (!c.newly.empty()) c.why += "; newly broken: " + list_of(c.newly);
  for (const Facts* run : pair.now) {
    const Promise* here = find(*run, promise.id);
    if (here == nullptr || here->verdict != Verdict::broken) continue;
    if (c.folders.empty()) c.evidence = here->evidence.empty() ? here->measured : here->evidence;
    if (c.folders.size() < folders_shown_max) c.folders.push_back(run->folder);
  }
  return c;
}

std::vector<double> values(const std::vector<const Facts*>& runs, const std::string& id) {
  std::vector<double> all;
  for (const Facts* run : runs)
    for (const Figure& figure : run->figures)
      if (figure.metric.id == id) all.push_back(figure.value);
  return all;
}

std::vector<const Metric*> metrics_of(const Pair& pair) {
  std::vector<const Metric*> all;
  for (const auto* side : {&pair.now, &pair.base})
    for (const Facts* run : *side)
      for (const Figure& figure : run->figures)
        if (std::none_of(all.begin(), all.end(),
                         [&](auto* m) { return m->id == figure.metric.id; }))
          all.push_back(&figure.metric);
  return all;
}

// A tolerance replaces what matters by default; the last that fits counts.
void tolerate(Metric& metric, const Rules& rules) {
  for (const Tolerance& tolerance : rules.tolerances) {
    if (!like(metric.id, tolerance.metric)) continue;
    metric.least_share = tolerance.share;
    metric.least_absolute = 0;
  }
}

MetricChange compare_metric(const Pair& pair, const Metric& metric, const Rules& rules) {
  MetricChange c{.metric = metric};
  tolerate(c.metric, rules);
  const std::vector<double> base = values(pair.base, metric.id);
  const std::vector<double> now = values(pair.now, metric.id);
  const auto middle = metric.unit == Unit::seconds ? median : mean;
  c.base_runs = base.size();
  c.now_runs = now.size();
  c.base = middle(base);
  c.now = middle(now);
  if (std::min(base.size(), now.size()) < rules.runs_min) {
    c.change = Change::not_compared;
    c.why = fmt::format("measured in {} of BASE and {} of NEW; {} of each are needed",
                        report::count(base.size(), "run"), now.size(), rules.runs_min);
    return c;
  }
  c.test = rank_test(base, now);
  const double difference = c.now - c.base;
  // The ranks and the middle must agree on the direction.
  const bool clear = c.test.p < rules.p_max && std::abs(c.test.effect) >= rules.effect_min &&
                     difference * c.test.effect > 0;
  if (matters(c.metric, c.base, c.now) && clear)
    c.change =
        (difference > 0) == (metric.better == Better::lower) ? Change::worse : Change::better;
  return c;
}

// Runs that say nothing are named and left out.
void take(std::vector<Facts>& runs, const char* side, std::map<Key, Pair>& pairs,
          std::vector<const Facts*> Pair::*into, std::vector<std::string>& problems) {
  std::sort(runs.begin(), runs.end(), [](const Facts& a, const Facts& b) {
    return std::tie(a.scenario, a.world, a.seed, a.folder) <
           std::tie(b.scenario, b.world, b.seed, b.folder);
  });
  const Facts* previous = nullptr;
  for (const Facts& run : runs) {
    auto& list = pairs[{run.scenario, run.world}].*into;
    if (!run.unjudged.empty()) {
      problems.push_back(fmt::format("{}: the run of seed {} says nothing: {}", run.folder,
                                     run.seed, run.unjudged));
    } else if (previous != nullptr && previous->scenario == run.scenario &&
               previous->world == run.world && previous->seed == run.seed) {
      problems.push_back(fmt::format("{} and {}: two runs of seed {} of `{}` in {}",
                                     previous->folder, run.folder, run.seed, run.scenario, side));
    } else {
      list.push_back(&run);
      previous = &run;
    }
  }
}

// Results that an earlier run left in the folder are easily taken for those of the last one.
std::string mixture(const std::vector<const Facts*>& runs, const char* side) {
  std::set<std::string> makers;
  for (const Facts* run : runs) makers.insert(run->made_by);
  if (makers.size() < 2) return {};
  return fmt::format("the runs of {} are not of one kind: {}", side,
                     list_of({makers.begin(), makers.end()}));
}

ScenarioChange compare_scenario(const Key& key, const Pair& pair, const Rules& rules,
                                std::vector<std::string>& problems) {
  ScenarioChange c{.scenario = key.first, .world = key.second};
  c.base_runs = pair.base.size();
  c.now_runs = pair.now.size();
  c.missing = pair.now.empty();
  if (pair.base.empty() || pair.now.empty()) {
    c.remarks.push_back(c.missing ? "NEW has no run of it" : "BASE has no run of it");
    return c;
  }
  for (const std::string& mixed : {mixture(pair.base, "BASE"), mixture(pair.now, "NEW")})
    if (!mixed.empty()) c.remarks.push_back(mixed);
  for (const auto* side : {&pair.base, &pair.now})
    for (const Facts* run : *side)
      if (run->shape != pair.base.front()->shape) {
        problems.push_back(fmt::format("{}: another scenario than {}, by the same name: {}, not {}",
                                       run->folder, pair.base.front()->folder, run->shape,
                                       pair.base.front()->shape));
        return c;
      }
  for (const Promise* promise : promises_of(pair))
    c.promises.push_back(compare_promise(pair, *promise, rules));
  const std::vector<const Metric*> metrics = metrics_of(pair);
  if (metrics.empty()) return c;
  if (std::min(pair.base.size(), pair.now.size()) < rules.runs_min) {
    c.remarks.push_back(fmt::format("only promises are compared: figures need {} runs on each side",
                                    rules.runs_min));
    return c;
  }
  for (const Metric* metric : metrics)
    if (std::none_of(rules.skip.begin(), rules.skip.end(),
                     [&](const std::string& pattern) { return like(metric->id, pattern); }))
      c.metrics.push_back(compare_metric(pair, *metric, rules));
  return c;
}

}  // namespace

bool fits_a_metric(const std::string& pattern) {
  return std::any_of(known_metrics.begin(), known_metrics.end(), [&](const KnownMetric& metric) {
    return like(std::string(metric.id), pattern);
  });
}

bool matters(const Metric& metric, double base, double now) {
  const double difference = std::abs(now - base);
  return difference >= metric.least_absolute && difference >= metric.least_share * std::abs(base);
}

std::size_t Comparison::promises(Change change) const {
  std::size_t number = 0;
  for (const ScenarioChange& scenario : scenarios)
    for (const PromiseChange& promise : scenario.promises) number += promise.change == change;
  return number;
}

std::size_t Comparison::metrics(Change change) const {
  std::size_t number = 0;
  for (const ScenarioChange& scenario : scenarios)
    for (const MetricChange& metric : scenario.metrics) number += metric.change == change;
  return number;
}

bool Comparison::worse() const {
  return promises(Change::worse) + metrics(Change::worse) > 0 ||
         std::any_of(scenarios.begin(), scenarios.end(), [](auto& s) { return s.missing; });
}

bool Comparison::compared() const {
  return std::any_of(scenarios.begin(), scenarios.end(), [](const ScenarioChange& s) {
    return s.base_runs > 0 && s.now_runs > 0 && !s.promises.empty();
  });
}

Comparison compare(std::vector<Facts> base, std::vector<Facts> now, const Rules& rules) {
  Comparison comparison{.rules = rules};
  std::map<Key, Pair> pairs;
  take(base, "BASE", pairs, &Pair::base, comparison.problems);
  take(now, "NEW", pairs, &Pair::now, comparison.problems);
  for (const auto& [key, pair] : pairs)
    comparison.scenarios.push_back(compare_scenario(key, pair, rules, comparison.problems));
  return comparison;
}

}  // namespace mq::gate
