// The members of a comparison by name, for JSON. Only for .cc files that write it (it brings in
// Boost.JSON).
#pragma once

#include "gate/compare.h"
#include "reports/archive.h"

namespace mq::gate {

inline report::Words words_of(Change) {
  static constexpr const char* words[] = {"worse", "better", "same", "not_compared"};
  return {words, 0};
}
inline report::Words words_of(Unit) {
  static constexpr const char* words[] = {"seconds", "share", "count", "bytes", "joules"};
  return {words, 0};
}
inline report::Words words_of(Better) {
  static constexpr const char* words[] = {"lower", "higher"};
  return {words, 0};
}
template <class Io>
void fields(Io& io, Tolerance& v) {
  io("metric", v.metric);
  io("share", v.share);
}
template <class Io>
void fields(Io& io, Rules& v) {
  io("p_max", v.p_max);
  io("effect_min", v.effect_min);
  io("runs_min", v.runs_min);
  io("tolerances", v.tolerances);
  io("skip", v.skip);
}
template <class Io>
void fields(Io& io, Kept& v) {
  io("runs", v.runs);
  io("tried", v.tried);
  io("broken", v.broken);
}
template <class Io>
void fields(Io& io, PromiseChange& v) {
  io("id", v.id);
  io("promise", v.promise);
  io("change", v.change);
  io("why", v.why);
  io("base", v.base);
  io("new", v.now);
  io("evidence", v.evidence);
  io("folders", v.folders);
  io("newly_broken", v.newly);
}
template <class Io>
void fields(Io& io, Metric& v) {
  io("id", v.id);
  io("name", v.name);
  io("unit", v.unit);
  io("better", v.better);
  io("least_share", v.least_share);
  io("least_absolute", v.least_absolute);
}
template <class Io>
void fields(Io& io, MetricChange& v) {
  io("metric", v.metric);
  io("change", v.change);
  io("base_runs", v.base_runs);
  io("new_runs", v.now_runs);
  io("base", v.base);
  io("new", v.now);
  io("p", v.test.p);
  io("effect", v.test.effect);
  io("why", v.why);
}
template <class Io>
void fields(Io& io, ScenarioChange& v) {
  io("scenario", v.scenario);
  io("world", v.world);
  io("base_runs", v.base_runs);
  io("new_runs", v.now_runs);
  io("missing", v.missing);
  io("remarks", v.remarks);
  io("promises", v.promises);
  io("metrics", v.metrics);
}

}  // namespace mq::gate
