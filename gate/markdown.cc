// A comparison as Markdown, for the page of a pull request.
#include <fmt/format.h>

#include "gate/render.h"
#include "gate/words.h"
#include "reports/text/escape.h"

namespace mq::gate {
namespace {

using report::markdown;

std::string_view mark(Change change) {
  switch (change) {
    case Change::worse:
      return "\xE2\x9D\x8C";  // a red cross
    case Change::better:
      return "\xE2\x9C\x85";  // a white check mark on green
    default:
      return "\xE2\x9A\xAA";  // a white circle
  }
}

void put(std::string& out, const ScenarioChange& scenario) {
  out += fmt::format("\n### {} ({})\n\n{}.\n", markdown(scenario.scenario),
                     markdown(scenario.world), runs_text(scenario));
  for (const std::string& remark : scenario.remarks) out += "\n- " + markdown(remark) + "\n";
  std::string rows;
  for (const Change change : {Change::worse, Change::better, Change::not_compared}) {
    for (const PromiseChange& p : scenario.promises)
      if (p.change == change)
        rows += fmt::format("| {} {} | {} | {} |\n", mark(change), word(change),
                            markdown(p.promise), markdown(p.why));
    for (const MetricChange& m : scenario.metrics)
      if (m.change == change)
        rows += fmt::format("| {} {} | {} | {} |\n", mark(change), word(change),
                            markdown(m.metric.name), markdown(change_text(m)));
  }
  out += rows.empty() ? "\nNothing differs that matters.\n"
                      : "\n| | What | Change |\n| --- | --- | --- |\n" + rows;
}

}  // namespace

std::string summary_markdown(const Comparison& comparison) {
  const bool bad = comparison.worse() || !comparison.problems.empty();
  std::string out = fmt::format("## {} {}\n", mark(bad ? Change::worse : Change::better),
                                markdown(headline(comparison)));
  for (const std::string& problem : comparison.problems) out += "\n- " + markdown(problem) + "\n";
  for (const ScenarioChange& scenario : comparison.scenarios) put(out, scenario);
  return out;
}

}  // namespace mq::gate
