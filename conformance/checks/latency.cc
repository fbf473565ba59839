#include "conformance/checks/latency.h"

#include <utility>

#include "conformance/checks/words.h"

namespace mq::checks {

namespace {

std::string share_text(double percentile) {
  return percentile == 100 ? "all" : number_text(percentile) + " % of all";
}

std::string sentence(std::string text) {
  if (text.starts_with("all")) text.front() = 'A';
  return text + ".";
}

// Fills in what was measured against the limit, and the verdict.
void judge(const trace::Expectation& expectation, const LatencyHistogram& all,
           const char* nothing_measured, Finding& finding) {
  const Duration below = expectation.below.value_or(Duration::max());
  const std::string percentile = expectation.percentile == 100
                                     ? std::string("longest")
                                     : "p" + number_text(expectation.percentile);
  finding.expected = true;
  finding.limit = percentile + " below " + duration_text(below);
  finding.tried = all.count();
  const auto measured = all.percentile(expectation.percentile);
  if (!measured) {
    finding.measured = nothing_measured;
    return;
  }
  finding.measured = percentile + " " + duration_text(*measured);
  finding.verdict = *measured < below ? Verdict::held : Verdict::broken;
  finding.broken = finding.verdict == Verdict::broken ? 1 : 0;
}

}  // namespace

Finding judge_percentile(const trace::Expectation& expectation, const LatencyHistogram& all,
                         std::string id, const std::string& before, const std::string& within) {
  const std::string percent = number_text(expectation.percentile);
  Finding finding;
  finding.id = std::move(id) + "-p" + percent;
  finding.promise = sentence(before + share_text(expectation.percentile) + within +
                             duration_text(expectation.below.value_or(Duration::max())));
  judge(expectation, all, "nothing measured", finding);
  return finding;
}

Finding judge_latency(const trace::Expectation& expectation, const LatencyHistogram (&all)[3]) {
  const Duration below = expectation.below.value_or(Duration::max());
  const std::string percent = number_text(expectation.percentile);
  Finding finding;
  finding.id = "latency-p" + percent;
  finding.promise = share_text(expectation.percentile) + " messages";
  LatencyHistogram chosen;
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once})
    if (expectation.qos.value_or(qos) == qos) chosen.merge(all[static_cast<std::size_t>(qos)]);
  if (expectation.qos) {
    const auto qos = std::to_string(static_cast<int>(*expectation.qos));
    finding.id += "-qos" + qos;
    finding.promise += " of QoS " + qos;
  }
  finding.promise =
      sentence(finding.promise + " arrive within " + duration_text(below) + " of being published");
  judge(expectation, chosen, "no message arrived", finding);
  return finding;
}

}  // namespace mq::checks
