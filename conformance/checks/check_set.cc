#include "conformance/checks/check_set.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace mq::checks {

CheckSet::CheckSet(trace::RunInfo run) : run_(std::move(run)), fleet_(run_), ledger_(fleet_) {}

CheckSet::~CheckSet() = default;

void CheckSet::observe(const trace::Event& event) {
  ensure(event.at >= now_, "the events of a trace are in the order of time");
  now_ = event.at;
  fleet_.observe(event);
  ledger_.observe(event);
}

Judgement CheckSet::finish() {
  Judgement judgement;
  judgement.findings = ledger_.finish(now_);
  judgement.ledger = ledger_.table();
  for (std::size_t qos = 0; qos < 3; ++qos) judgement.latency[qos] = ledger_.latency()[qos];
  for (const auto& expectation : run_.expectations)
    if (expectation.id == "latency")
      judgement.findings.push_back(judge_latency(expectation, ledger_.latency()));
  mark_expected(judgement);
  bool saw_a_message = false;
  for (const auto& published : judgement.ledger.published)
    saw_a_message = saw_a_message || published.attempted > 0;
  for (const auto& totals : judgement.ledger.totals)
    saw_a_message = saw_a_message || totals != DeliveryCounts{};
  judgement.verdict = verdict(judgement, saw_a_message);
  return judgement;
}

void CheckSet::mark_expected(Judgement& judgement) const {
  for (auto& finding : judgement.findings)
    for (const auto& expectation : run_.expectations)
      if (expectation.id == finding.id) finding.expected = true;
}

Judgement::Verdict CheckSet::verdict(const Judgement& judgement, bool saw_a_message) {
  const auto any = [&](auto&& which) {
    return std::any_of(judgement.findings.begin(), judgement.findings.end(), which);
  };
  if (any([](const Finding& finding) { return finding.verdict == Verdict::broken; }))
    return Judgement::Verdict::broken;
  const bool missed = any([](const Finding& finding) {
    return finding.expected && finding.verdict == Verdict::not_tried &&
           !finding.id.starts_with("sometimes");
  });
  return saw_a_message && !missed ? Judgement::Verdict::held : Judgement::Verdict::nothing_measured;
}

}  // namespace mq::checks
