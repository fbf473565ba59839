// What a comparison needs of one run, of `run` or of `conform`: its promises and its figures.
// Small, so that thousands of runs fit in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gate/metrics.h"
#include "reports/conform/results.h"
#include "reports/results.h"

namespace mq::gate {

// A figure of runs: one of metrics.h, or one that somebody adds.
struct Metric {
  std::string id;
  std::string name;  // "p99 latency of QoS 1"
  Unit unit = Unit::count;
  Better better = Better::lower;
  // The least difference that matters: by default both must be exceeded.
  double least_share = 0;     // of the value in BASE
  double least_absolute = 0;  // in its unit: seconds, 0 ... 1, a number, bytes
};

struct Figure {
  Metric metric;
  double value = 0;
};

struct Promise {
  std::string id;
  std::string promise;
  checks::Verdict verdict = checks::Verdict::not_tried;
  std::string measured;
  std::string evidence;  // the first; empty if there is none
  // What of it is broken, if that has names: of a statement, the cases that fail.
  std::vector<std::string> broken_parts = {};
};

struct Facts {
  std::string folder;  // where its results lie
  std::string scenario;
  std::string world;
  std::uint64_t seed = 0;
  std::string shape;     // what must be equal in BASE and NEW: "50 clients, 2 h, 5 min of calm"
  std::string made_by;   // "mosquitto, by mqttlab 0.2.0": should be the same in all runs of a side
  std::string unjudged;  // why the run says nothing: "interrupted"; empty if it does
  std::vector<Promise> promises;
  std::vector<Figure> figures;
};

Facts facts_of(const report::Results& results, std::string folder);
// Of `conform`: a promise for each statement of the standard, no figures. A statement is broken if
// a case of it fails, known or not, or if a rule was seen to break.
Facts facts_of(const report::ConformResults& results, std::string folder);

}  // namespace mq::gate
