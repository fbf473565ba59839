#include <fmt/format.h>

#include <map>
#include <utility>

#include "gate/facts.h"

namespace mq::gate {
namespace {

using checks::Verdict;
using report::ConformJudged;
using report::ConformVerdict;

// What a case says of its statements. That its failure is known, or argued, changes nothing of it;
// what is only recommended breaks nothing.
Verdict verdict_of(const ConformJudged& one) {
  if (!report::is_decided(one.verdict)) return Verdict::not_tried;
  return one.verdict == ConformVerdict::fail || one.verdict == ConformVerdict::known
             ? Verdict::broken
             : Verdict::held;
}

void add(Promise& promise, const ConformJudged& one) {
  const Verdict verdict = verdict_of(one);
  if (verdict == Verdict::not_tried) return;
  if (verdict == Verdict::broken) {
    promise.broken_parts.push_back(one.id);
    if (promise.evidence.empty())
      promise.evidence =
          one.id + ": " +
          (one.miss ? fmt::format("expected {}, got {}", one.miss->expected, one.miss->got)
                    : one.reason);
  }
  promise.verdict = promise.broken_parts.empty() ? Verdict::held : Verdict::broken;
}

void add(Promise& promise, const report::ConformWatched& watched) {
  if (watched.broken == 0) return;
  for (const report::ConformBreach& breach : watched.breaches) {
    promise.broken_parts.push_back("the rule " + breach.rule);
    if (promise.evidence.empty())
      promise.evidence =
          fmt::format("{}, connection {}: {}", breach.in_case, breach.link, breach.seen);
  }
  promise.verdict = Verdict::broken;
}

}  // namespace

Facts facts_of(const report::ConformResults& results, std::string folder) {
  Facts facts;
  facts.folder = std::move(folder);
  facts.scenario = "conform " + results.target;
  facts.world = results.is_virtual ? "virtual time" : "sockets";
  facts.seed = results.seed;
  facts.shape = results.selection.empty() ? "all cases" : results.selection;
  if (!results.lost.empty()) facts.unjudged = results.lost;
  if (results.is_interrupted) facts.unjudged = "it was interrupted";
  std::map<std::string, std::size_t, std::less<>> at;
  for (const report::ConformStatement& statement : results.statements) {
    at.emplace(statement.id, facts.promises.size());
    facts.promises.push_back({.id = statement.id, .promise = statement.says});
  }
  const auto promise_of = [&](const std::string& id) {
    const auto found = at.find(id);
    return found == at.end() ? nullptr : &facts.promises[found->second];
  };
  for (const ConformJudged& one : results.judged)
    for (const std::string& id : one.statements)
      if (Promise* const promise = promise_of(id)) add(*promise, one);
  for (const report::ConformWatched& one : results.watched)
    if (Promise* const promise = promise_of(one.statement)) add(*promise, one);
  return facts;
}

}  // namespace mq::gate
