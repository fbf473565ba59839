// Is NEW worse than BASE? Promises are counted, figures are tested over seeds. Knows facts of runs
// and nothing of files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gate/facts.h"
#include "gate/statistics.h"

namespace mq::gate {

// `--tolerate latency-p99-qos1=20%`: a difference of this size does not matter.
struct Tolerance {
  std::string metric;  // * and ? are wildcards
  double share = 0;    // of the value in BASE
};

struct Rules {
  // A figure is worse if all three hold: a difference of this size is hardly chance, NEW's runs
  // lie on the worse side of BASE's by this much (Cliff's delta; 0.474 is called large), and the
  // difference matters (Metric::least_share, or a tolerance).
  double p_max = 0.01;
  double effect_min = 0.474;
  // With less than five runs on each side no p below 0.01 can come out: promises only.
  std::size_t runs_min = 5;
  std::vector<Tolerance> tolerances;
  std::vector<std::string> skip;  // metrics; wildcards
};

enum class Change : std::uint8_t { worse, better, same, not_compared };

// Over the runs of one side.
struct Kept {
  std::uint64_t runs = 0;
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
};

struct PromiseChange {
  std::string id;
  std::string promise;
  Kept base;
  Kept now;
  Change change = Change::same;
  std::string why;                   // one sentence
  std::vector<std::string> folders;  // of NEW, where it is broken: the first few
  std::string evidence;              // of the first of them
  std::vector<std::string> newly;    // parts that NEW breaks and BASE did not
};
inline constexpr std::size_t folders_shown_max = 3;

struct MetricChange {
  Metric metric;
  std::size_t base_runs = 0;
  std::size_t now_runs = 0;
  double base = 0;  // the middle: the median of times, the mean of everything else
  double now = 0;
  RankTest test;
  Change change = Change::same;
  std::string why;  // when it was not compared
};

struct ScenarioChange {
  std::string scenario;
  std::string world;
  std::size_t base_runs = 0;
  std::size_t now_runs = 0;
  std::vector<std::string> remarks;  // "seed 4 of NEW was interrupted"
  bool missing = false;              // in NEW
  std::vector<PromiseChange> promises;
  std::vector<MetricChange> metrics;
};

struct Comparison {
  Rules rules;
  std::vector<ScenarioChange> scenarios;
  // What makes the two incomparable, or a run unjudged, whatever else there is.
  std::vector<std::string> problems;

  std::size_t promises(Change change) const;
  std::size_t metrics(Change change) const;
  bool worse() const;     // NEW is worse than BASE, or lacks what BASE has
  bool compared() const;  // something was there on both sides
};

// Whether there is a figure of this name: a pattern with * and ? that fits none is a slip of the
// pen.
bool fits_a_metric(const std::string& pattern);

// Whether this difference would matter, if it is no chance.
bool matters(const Metric& metric, double base, double now);

// Runs belong together by scenario and world; the order of either list does not matter.
Comparison compare(std::vector<Facts> base, std::vector<Facts> now, const Rules& rules);

}  // namespace mq::gate
