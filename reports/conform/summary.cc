#include "reports/conform/summary.h"

#include <fmt/format.h>

#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

using V = ConformVerdict;

constexpr std::size_t shown_max = 50;

std::string_view mark(const ConformResults& results) {
  const ConformTally counts = tally_of(results);
  if (counts[V::fail] + counts[V::fixed] > 0) return "\xE2\x9D\x8C";  // a red cross
  const bool is_whole = results.lost.empty() && !results.is_interrupted && results.exit_code == 0;
  return is_whole ? "\xE2\x9C\x85" : "\xE2\x9A\xAA";  // a check mark, a white circle
}

// A line for each of these, as many as fit.
std::string list_of(const ConformResults& results, std::string_view heading, const auto& is_one) {
  std::string out;
  std::size_t found = 0;
  for (const ConformJudged& one : results.judged) {
    if (!is_one(one) || ++found > shown_max) continue;
    std::string ids;
    for (const std::string& id : one.statements) ids += (ids.empty() ? "" : " ") + id;
    out += fmt::format("| {} | {} | {} | {} | {} |\n", word_of(one.verdict), markdown(one.id),
                       markdown(ids), markdown(one.miss ? one.miss->expected : one.title),
                       markdown(one.miss ? one.miss->got : one.reason));
  }
  if (found == 0) return {};
  out = fmt::format(
            "\n### {}\n\n| Verdict | Case | Statement | Expected | Got |\n"
            "| --- | --- | --- | --- | --- |\n",
            heading) +
        out;
  if (found > shown_max)
    out += fmt::format("\nand {} more, in report.html\n", count(found - shown_max));
  return out;
}

}  // namespace

std::string conform_summary_markdown(const ConformResults& results) {
  std::string out =
      fmt::format("## {} {}: {}\n\n{}\n\n", mark(results), conform_word(results),
                  markdown(results.release.empty() ? results.target : results.release),
                  markdown(conform_sentence(results)));
  out += "| |";
  for (int at = 0; at < conform_verdicts; ++at)
    out += fmt::format(" {} |", word_of(static_cast<V>(at)));
  out += "\n| --- |";
  for (int at = 0; at < conform_verdicts; ++at) out += " ---: |";
  out += "\n";
  for (const std::string_view level : {"must", "should", "may"}) {
    const ConformTally counts = tally_of(results, level);
    if (counts.all() == 0) continue;
    out += fmt::format("| {} |", level == "must" ? "MUST" : level == "should" ? "SHOULD" : "MAY");
    for (const std::uint64_t number : counts.of) out += fmt::format(" {} |", count(number));
    out += "\n";
  }
  for (const ConformCoverage& coverage : results.coverage)
    if (coverage.checked > 0)
      out += fmt::format(
          "\n{} of the {} statements of MQTT {} that can be checked against a {} were "
          "checked.\n",
          coverage.checked, coverage.checkable, coverage.version,
          coverage.of == ConformJudged::Of::broker ? "broker" : "client");
  out += list_of(results, "What fails the run",
                 [](const ConformJudged& one) { return is_trouble(one.verdict); });
  out += list_of(results, "What differs from one time to the next",
                 [](const ConformJudged& one) { return one.is_flaky(); });
  out += list_of(results, "What is recommended, and not done",
                 [](const ConformJudged& one) { return one.verdict == V::non_strict; });
  for (const std::string& note : results.notes) out += "\n" + markdown(note) + "\n";
  out += fmt::format("\nSeed {}, {:.1f} s. Repeat it:\n\n    {}\n", results.seed,
                     results.wall_seconds, visible(results.command, 4000));
  return out;
}

}  // namespace mq::report
