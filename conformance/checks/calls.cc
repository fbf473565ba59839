#include "conformance/checks/calls.h"

#include <algorithm>
#include <string>

#include "conformance/checks/words.h"

namespace mq::checks {

void CallCheck::observe(const trace::Event& event) {
  if (const auto* called = std::get_if<trace::Called>(&event.what))
    add(called->answered ? answered_ : given_up_, *called, event.at);
}

void CallCheck::add(Sum& sum, const trace::Called& called, Instant at) const {
  ++sum.calls;
  sum.longest = std::max(sum.longest, called.took);
  if (sum.evidence.size() == evidence_max) return;
  const Instant began = at - called.took;
  sum.evidence.push_back(
      {at,
       "Somebody outside called " + name_of(fleet_.run(), called.client) + " at " +
           time_text(began) +
           (called.answered ? " and was answered after " : " and gave up after ") +
           duration_text(called.took) + '.',
       {called.client},
       {},
       began,
       at});
}

std::vector<Finding> CallCheck::finish(Instant) {
  const auto& expected = fleet_.run().expectations;
  const auto found = std::find_if(expected.begin(), expected.end(),
                                  [](const auto& one) { return one.id == "calls"; });
  if (found == expected.end()) return {};
  const bool wants_answers = found->argument == "answered";
  const Sum& wrong = wants_answers ? given_up_ : answered_;
  Finding finding;
  finding.id = "calls";
  finding.promise = wants_answers
                        ? "A connection that somebody outside begins to a device is answered."
                        : "Nobody outside can begin a connection to a device.";
  finding.tried = answered_.calls + given_up_.calls;
  finding.broken = wrong.calls;
  finding.evidence = wrong.evidence;
  finding.verdict = finding.broken > 0  ? Verdict::broken
                    : finding.tried > 0 ? Verdict::held
                                        : Verdict::not_tried;
  finding.limit = wants_answers ? "all answered" : "0 answered";
  finding.measured = count_text(answered_.calls) + " of " + count_text(finding.tried) + " answered";
  if (given_up_.calls > 0)
    finding.measured += ", given up after " + duration_text(given_up_.longest);
  return {finding};
}

}  // namespace mq::checks
