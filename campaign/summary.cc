#include "campaign/summary.h"

#include <algorithm>
#include <cmath>

namespace mq::campaign {

void Cell::add(const Outcome& outcome) {
  ++runs;
  if (outcome.end != End::judged) {
    ++unjudged;
    return;
  }
  ++(outcome.verdict == Verdict::held     ? held
     : outcome.verdict == Verdict::broken ? broken
                                          : nothing);
  for (const std::string& id : outcome.broken) ++promises[id];
  for (std::size_t i = 0; i < outcome.figures.size(); ++i)
    if (!std::isnan(outcome.figures[i]))
      values.emplace_back(static_cast<std::uint8_t>(i), static_cast<float>(outcome.figures[i]));
}

void Cell::add(const Cell& other) {
  runs += other.runs;
  held += other.held;
  broken += other.broken;
  nothing += other.nothing;
  unjudged += other.unjudged;
  for (const auto& [id, count] : other.promises) promises[id] += count;
  values.insert(values.end(), other.values.begin(), other.values.end());
}

std::array<double, figures.size()> medians(const Cell& cell) {
  std::array<double, figures.size()> all;
  all.fill(no_figure);
  auto values = cell.values;
  std::sort(values.begin(), values.end());
  for (auto from = values.begin(); from != values.end();) {
    const auto until = std::find_if(from, values.end(),
                                    [&](const auto& value) { return value.first != from->first; });
    const auto count = until - from;
    all[from->first] = (static_cast<double>((from + (count - 1) / 2)->second) +
                        static_cast<double>((from + count / 2)->second)) /
                       2;
    from = until;
  }
  return all;
}

Summary::Summary(const Plan& plan)
    : plan_(plan), runs_(keyed_runs(plan)), cells_(plan.points() * plan.brokers()) {}

void Summary::take(const Outcome& outcome) {
  const auto found = std::lower_bound(runs_.begin(), runs_.end(), outcome.key,
                                      [](const KeyedRun& run, Key key) { return run.key < key; });
  if (found == runs_.end() || found->key != outcome.key) {
    ++strangers_;
    return;
  }
  const Run run = plan_.at(found->index);
  cells_[run.point * plan_.brokers() + run.broker].add(outcome);
  ++all_.runs;
  ++ends_[static_cast<std::size_t>(outcome.end)];
  cpu_us_ += outcome.cpu_us;
  wall_us_ += outcome.wall_us;
  if (outcome.end != End::judged) {
    ++all_.unjudged;
    if (unjudged_.size() < unjudged_listed_max)
      unjudged_.push_back({run.index, outcome.key, outcome.end, outcome.evidence});
    return;
  }
  ++(outcome.verdict == Verdict::held     ? all_.held
     : outcome.verdict == Verdict::broken ? all_.broken
                                          : all_.nothing);
  for (const std::string& id : outcome.broken) {
    ++all_.promises[id];
    // The sentence is of the first promise that the run broke.
    if (id == outcome.broken.front() && !evidence_.contains(id))
      evidence_[id] = {run.index, outcome.evidence};
  }
}

std::vector<std::pair<std::string, std::uint64_t>> Summary::promises() const {
  std::vector<std::pair<std::string, std::uint64_t>> all(all_.promises.begin(),
                                                         all_.promises.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  return all;
}

}  // namespace mq::campaign
