#include "reports/github/annotations.h"

#include <fmt/format.h>

#include <string>

namespace mq::report::github {

std::vector<Annotation> annotations_of(const Results& results) {
  std::vector<Annotation> all;
  const std::string& scenario = results.run.scenario;
  if (!results.complete)
    all.push_back({.title = scenario, .message = "the run did not reach its end"});
  for (const checks::Finding& finding : results.findings) {
    if (finding.verdict != checks::Verdict::broken) continue;
    std::string message = fmt::format("{} {}", finding.promise, finding.measured);
    if (!finding.limit.empty()) message += fmt::format(" (limit: {})", finding.limit);
    if (!finding.evidence.empty()) message += ": " + finding.evidence.front().text;
    all.push_back({.title = scenario + ": " + finding.id, .message = std::move(message)});
  }
  return all;
}

std::vector<Annotation> annotations_of(const ConformResults& results) {
  std::vector<Annotation> all;
  if (!results.lost.empty())
    all.push_back({.title = results.target, .message = results.lost});
  else if (results.is_interrupted)
    all.push_back({.title = results.target, .message = conform_sentence(results)});
  for (const ConformJudged& one : results.judged) {
    if (!is_trouble(one.verdict)) continue;
    const std::string statement = one.statements.empty() ? one.id : one.statements.front();
    all.push_back({.title = fmt::format("{}: {}", results.target, statement),
                   .message = fmt::format("{} {}: {}", one.id, word_of(one.verdict),
                                          one.miss ? fmt::format("expected {}, got {}",
                                                                 one.miss->expected, one.miss->got)
                                                   : one.reason)});
  }
  return all;
}

}  // namespace mq::report::github
