#include "reports/junit/junit.h"

#include <algorithm>

#include "reports/html/markup.h"
#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

using checks::Finding;
using checks::Verdict;

enum class Outcome : std::uint8_t { passed, failed, skipped };

Outcome outcome_of(const Finding& finding, const Results& results) {
  if (finding.verdict == Verdict::held) return Outcome::passed;
  if (finding.verdict == Verdict::broken) return Outcome::failed;
  const bool fails_the_run = finding.expected && results.verdict == Verdict::not_tried;
  return fails_the_run ? Outcome::failed : Outcome::skipped;
}

void put_failure(Markup& out, const Finding& finding) {
  const bool untried = finding.verdict == Verdict::not_tried;
  out << "<failure type=\"" << (untried ? Literal("not tried") : Literal("broken promise"))
      << "\" message=\"" << (untried ? Literal("not tried: ") : Literal("")) << finding.measured
      << "\">limit: " << finding.limit << "\nmeasured: " << finding.measured << "\n";
  for (const std::string& clause : finding.clauses) out << "clause: " << clause << "\n";
  for (const checks::Evidence& evidence : finding.evidence)
    out << clock(evidence.at) << " " << evidence.text << "\n";
  out << "</failure>";
}

void put_case(Markup& out, const Finding& finding, const Results& results) {
  out << "    <testcase classname=\"" << results.run.scenario << "\" name=\"" << finding.id << ": "
      << finding.promise << "\" time=\"0\">";
  switch (outcome_of(finding, results)) {
    case Outcome::passed:
      break;
    case Outcome::failed:
      put_failure(out, finding);
      break;
    case Outcome::skipped:
      out << "<skipped message=\"not tried: " << finding.measured << "\"/>";
      break;
  }
  out << "</testcase>\n";
}

void put_property(Markup& out, Literal name, const std::string& value) {
  out << "      <property name=\"" << name << "\" value=\"" << value << "\"/>\n";
}

// What no promise says: a run that measured nothing, or was cut short, must not look green.
std::string trouble_of_run(const Results& results) {
  if (!results.complete) return verdict_sentence(results);
  const bool said = std::any_of(results.findings.begin(), results.findings.end(),
                                [&](auto& f) { return outcome_of(f, results) == Outcome::failed; });
  return results.verdict == Verdict::held || said ? std::string() : verdict_sentence(results);
}

}  // namespace

std::string junit_xml(const Results& results) {
  const std::string trouble = trouble_of_run(results);
  std::size_t failures = trouble.empty() ? 0 : 1;
  std::size_t skipped = 0;
  for (const Finding& finding : results.findings) {
    failures += outcome_of(finding, results) == Outcome::failed ? 1 : 0;
    skipped += outcome_of(finding, results) == Outcome::skipped ? 1 : 0;
  }
  Markup counts;
  counts << "tests=\"" << results.findings.size() + 1 << "\" failures=\"" << failures
         << "\" errors=\"0\" skipped=\"" << skipped << "\" time=\""
         << fmt::format("{:.3f}", results.not_reproducible.wall_seconds) << "\"";
  Markup out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mqttlab\" " << counts
      << ">\n  <testsuite name=\"" << results.run.scenario << "\" " << counts;
  if (!results.not_reproducible.started.empty())
    out << " timestamp=\"" << results.not_reproducible.started << "\"";
  out << ">\n    <properties>\n";
  put_property(out, "seed", std::to_string(results.run.seed));
  put_property(out, "hash", results.hash);
  put_property(out, "command", results.command);
  put_property(out, "broker", results.run.broker);
  put_property(out, "world", results.run.world);
  put_property(out, "mqttlab", results.program_version);
  out << "    </properties>\n    <testcase classname=\"" << results.run.scenario
      << "\" name=\"the run reached its end and measured something\" time=\"0\">";
  if (!trouble.empty()) out << "<failure type=\"run\" message=\"" << trouble << "\"/>";
  out << "</testcase>\n";
  for (const Finding* finding : by_importance(results)) put_case(out, *finding, results);
  out << "    <system-out>" << verdict_word(results) << ". " << verdict_sentence(results)
      << "\nRepeat: " << results.command << "\nHash: " << results.hash
      << "</system-out>\n  </testsuite>\n</testsuites>\n";
  return out.take();
}

}  // namespace mq::report
