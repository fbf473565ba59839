#include <fmt/format.h>

#include <string>
#include <vector>

#include "gate/render.h"
#include "gate/words.h"
#include "reports/html/markup.h"

namespace mq::gate {
namespace {

using report::Literal;
using report::Markup;

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t skipped = 0;
  void add(Change change) {
    ++tests;
    failures += change == Change::worse;
    skipped += change == Change::not_compared;
  }
};

// What is shown in a list, and what below it once it is opened.
struct Words {
  std::string headline;
  std::vector<std::string> details = {};
};

void put_case(Markup& out, const std::string& suite, const std::string& name, Change change,
              const Words& words) {
  out << "    <testcase classname=\"" << suite << "\" name=\"" << name << "\" time=\"0\">";
  if (change == Change::worse) {
    out << "<failure type=\"worse\" message=\"" << words.headline << "\">" << words.headline;
    for (const std::string& line : words.details) out << "\n" << line;
    out << "</failure>";
  }
  if (change == Change::not_compared) out << "<skipped message=\"" << words.headline << "\"/>";
  out << "</testcase>\n";
}

// The one case that every suite has: both sides were there.
Change presence(const ScenarioChange& scenario) {
  if (scenario.missing) return Change::worse;
  return scenario.base_runs == 0 ? Change::not_compared : Change::same;
}

Counts count(const ScenarioChange& scenario) {
  Counts counts;
  counts.add(presence(scenario));
  for (const PromiseChange& promise : scenario.promises) counts.add(promise.change);
  for (const MetricChange& metric : scenario.metrics) counts.add(metric.change);
  return counts;
}

void put_counts(Markup& out, const Counts& counts) {
  out << " tests=\"" << counts.tests << "\" failures=\"" << counts.failures
      << "\" errors=\"0\" skipped=\"" << counts.skipped << "\" time=\"0\"";
}

void put_suite(Markup& out, const ScenarioChange& scenario) {
  const std::string name = fmt::format("{} ({})", scenario.scenario, scenario.world);
  out << "  <testsuite name=\"" << name << "\"";
  put_counts(out, count(scenario));
  out << ">\n";
  put_case(out, name, "NEW and BASE have runs", presence(scenario),
           {scenario.missing ? "NEW has no run of it" : "BASE has no run of it"});
  for (const PromiseChange& p : scenario.promises) {
    Words words{.headline = p.why};
    if (!p.evidence.empty()) words.details.push_back(p.evidence);
    for (const std::string& folder : p.folders) words.details.push_back(folder + "/report.html");
    put_case(out, name, p.id + ": " + p.promise, p.change, words);
  }
  for (const MetricChange& m : scenario.metrics)
    put_case(out, name, m.metric.id + ": " + m.metric.name, m.change, {change_text(m)});
  out << "  </testsuite>\n";
}

}  // namespace

std::string junit_xml(const Comparison& comparison) {
  Counts all;
  for (const ScenarioChange& scenario : comparison.scenarios) {
    const Counts counts = count(scenario);
    all.tests += counts.tests;
    all.failures += counts.failures;
    all.skipped += counts.skipped;
  }
  // A comparison that could not be made must not look green.
  for (std::size_t i = 0; i < comparison.problems.size(); ++i) all.add(Change::worse);
  Markup out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mqttlab gate\"";
  put_counts(out, all);
  out << ">\n";
  if (!comparison.problems.empty()) {
    const std::size_t problems = comparison.problems.size();
    out << "  <testsuite name=\"the results\"";
    put_counts(out, {.tests = problems, .failures = problems});
    out << ">\n";
    for (const std::string& problem : comparison.problems)
      put_case(out, "the results", problem, Change::worse, {problem});
    out << "  </testsuite>\n";
  }
  for (const ScenarioChange& scenario : comparison.scenarios) put_suite(out, scenario);
  out << "</testsuites>\n";
  return out.take();
}

}  // namespace mq::gate
