#include "conformance/checks/check_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/ensure.h"

namespace mq::checks {

CheckSet::CheckSet(trace::RunInfo run)
    : run_(std::move(run)),
      fleet_(run_),
      transit_(fleet_),
      ledger_(fleet_, transit_),
      sessions_(fleet_),
      wills_(fleet_),
      retained_(fleet_),
      redelivery_(fleet_),
      sharing_(fleet_),
      expiry_(fleet_),
      access_(fleet_),
      calls_(fleet_),
      costs_(fleet_),
      freshness_(run_),
      sometimes_(fleet_, ledger_, sessions_, wills_) {}

void CheckSet::observe(const trace::Event& event) {
  ensure(event.at >= now_, "the events of a trace are in the order of time");
  now_ = event.at;
  fleet_.observe(event);
  transit_.observe(event);
  ledger_.observe(event);
  sessions_.observe(event);
  wills_.observe(event);
  retained_.observe(event);
  redelivery_.observe(event);
  sharing_.observe(event);
  expiry_.observe(event);
  access_.observe(event);
  calls_.observe(event);
  costs_.observe(event);
  freshness_.observe(event);
  sometimes_.observe(event);
}

void CheckSet::observe_all(std::span<const trace::Event> events) {
  constexpr std::size_t ahead = 4;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i + ahead < events.size()) fetch(events[i + ahead]);
    observe(events[i]);
  }
}

void CheckSet::fetch(const trace::Event& event) const {
  const auto client = trace::client_of(event);
  if (!client || !fleet_.knows(*client)) return;
  fleet_.fetch(*client);
  ledger_.fetch(*client);
  wills_.fetch(*client);
  retained_.fetch(*client);
  redelivery_.fetch(*client);
}

Judgement CheckSet::finish() {
  Judgement judgement;
  auto& findings = judgement.findings;
  const auto append = [&](std::vector<Finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  };
  append(ledger_.finish(now_));
  Finding acknowledged = std::move(findings.back());
  findings.pop_back();
  sessions_.add_empty(ledger_.empty_sessions());
  append(sessions_.finish(now_));
  append(wills_.finish(now_));
  append(retained_.finish(now_));
  findings.push_back(std::move(acknowledged));
  append(redelivery_.finish(now_));
  // Most scenarios have nothing of the kind.
  const auto append_if_tried = [&](std::vector<Finding> more) {
    if (more.front().verdict != Verdict::not_tried || is_expected(more.front().id))
      append(std::move(more));
  };
  append_if_tried(sharing_.finish(now_));
  append_if_tried(expiry_.finish(now_));
  append_if_tried(access_.finish(now_));
  append(calls_.finish(now_));
  judgement.ledger = ledger_.table();
  for (std::size_t qos = 0; qos < 3; ++qos) judgement.latency[qos] = ledger_.latency()[qos];
  for (const auto& expectation : run_.expectations)
    if (expectation.id == "latency")
      findings.push_back(judge_latency(expectation, ledger_.latency()));
  costs_.staleness(retained_.staleness());
  freshness_.finish(now_);
  costs_.freshness(freshness_);
  append(costs_.finish(now_));
  judgement.costs = costs_.costs();
  append(sometimes_.finish(now_));
  for (std::size_t i = 0; i < trace::sometimes_states.size(); ++i) {
    const auto& state = trace::sometimes_states[i];
    judgement.states.push_back(
        {std::string(state.phrase), std::string(state.meaning), sometimes_.reached()[i]});
  }
  mark_expected(judgement);
  bool saw_a_message = freshness_.values() > 0;
  for (const auto& published : judgement.ledger.published)
    saw_a_message = saw_a_message || published.attempted > 0;
  for (const auto& totals : judgement.ledger.totals)
    saw_a_message = saw_a_message || totals != DeliveryCounts{};
  judgement.verdict = verdict(judgement, saw_a_message);
  return judgement;
}

bool CheckSet::is_expected(const std::string& id) const {
  return std::any_of(run_.expectations.begin(), run_.expectations.end(),
                     [&](const auto& expectation) { return expectation.id == id; });
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
