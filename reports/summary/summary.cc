#include "reports/summary/summary.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "reports/text/escape.h"
#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::report {
namespace {

using checks::Finding;
using checks::Verdict;

constexpr std::size_t evidence_shown_max = 3;

std::string_view mark(Verdict verdict) {
  switch (verdict) {
    case Verdict::held:
      return "\xE2\x9C\x85";  // a white check mark on green
    case Verdict::broken:
      return "\xE2\x9D\x8C";  // a red cross
    case Verdict::not_tried:
      break;
  }
  return "\xE2\x9A\xAA";  // a white circle
}

void append_evidence(std::string& out, const Finding& finding) {
  if (finding.evidence.empty()) return;
  out += fmt::format("\n**{}**\n\n", markdown(finding.promise));
  for (std::size_t i = 0; i < std::min(finding.evidence.size(), evidence_shown_max); ++i)
    out +=
        fmt::format("- {} {}\n", clock(finding.evidence[i].at), markdown(finding.evidence[i].text));
  if (finding.evidence.size() > evidence_shown_max) out += "- and more in report.html\n";
}

// What ways to come by a value cost, side by side; only where that was measured.
std::vector<std::array<std::string, 8>> cost_rows(const Results& results) {
  std::vector<std::array<std::string, 8>> rows = {
      {"group", "up", "down", "radio on", "energy", "new values", "came within", "age"}};
  bool is_measured = false;
  for (const CostRow& row : results.costs.rows) {
    const bool reads = row.values.count > 0;
    is_measured = is_measured || reads;
    rows.push_back(
        {row.group, bytes(row.bytes_up), bytes(row.bytes_down),
         row.radio_on ? long_duration(*row.radio_on) : "",
         row.microjoules ? energy(*row.microjoules) : "", reads ? count(row.values.count) : "",
         reads ? short_duration(row.values.p50) : "", reads ? short_duration(row.age_mean) : ""});
  }
  if (!is_measured) rows.clear();
  return rows;
}

std::string costs_markdown(const Results& results) {
  std::string out;
  for (const auto& row : cost_rows(results)) {
    const bool is_head = out.empty();
    if (is_head) out += "\n";
    for (const std::string& cell : row) out += fmt::format("| {} ", markdown(cell));
    out += is_head ? "|\n| --- | --- | --- | --- | --- | --- | --- | --- |\n" : "|\n";
  }
  return out;
}

std::string costs_text(const Results& results) {
  std::string out;
  for (const auto& row : cost_rows(results)) {
    out += fmt::format("  {:<20}", visible(row.front(), 20));
    for (std::size_t i = 1; i < row.size(); ++i) out += fmt::format(" {:>12}", row[i]);
    out += "\n";
  }
  return out;
}

std::string_view colour_of(const Results& results) {
  if (results.verdict == Verdict::broken) return "\x1b[1;31m";
  return results.verdict == Verdict::held && results.complete ? "\x1b[1;32m" : "\x1b[1;33m";
}

}  // namespace

std::string summary_markdown(const Results& results) {
  const Verdict shown =
      results.complete || results.verdict == Verdict::broken ? results.verdict : Verdict::not_tried;
  std::string out =
      fmt::format("## {} {}: {}\n\n{}\n\n", mark(shown), verdict_word(results),
                  markdown(results.run.scenario), markdown(verdict_sentence(results)));
  out += "| | Promise | Limit | Measured |\n| --- | --- | --- | --- |\n";
  for (const Finding* finding : by_importance(results))
    out += fmt::format("| {} {} | {} | {} | {} |\n", mark(finding->verdict), word(finding->verdict),
                       markdown(finding->promise), markdown(finding->limit),
                       markdown(finding->measured));
  for (const Finding* finding : by_importance(results)) append_evidence(out, *finding);
  out += costs_markdown(results);
  out +=
      fmt::format("\n{} simulated, {}, {}, seed {}, broker {}.\n\nRepeat it (hash {}):\n\n    {}\n",
                  long_duration(results.reached.time_since_epoch()),
                  count(results.run.clients.size(), "client"),
                  count(messages_attempted(results), "message"), results.run.seed,
                  markdown(results.run.broker), markdown(results.hash), visible(results.command));
  return out;
}

std::string terminal_text(const Results& results, Colour colour) {
  const bool coloured = colour == Colour::on;
  std::string out =
      fmt::format("{}{}{}: {}\n", coloured ? colour_of(results) : "", verdict_word(results),
                  coloured ? "\x1b[0m" : "", visible(verdict_sentence(results), 2000));
  for (const Finding* finding : by_importance(results)) {
    if (finding->verdict == Verdict::held) continue;
    if (finding->verdict == Verdict::not_tried && !finding->expected) continue;
    out += fmt::format("  {:<9}  {}: {} (limit: {})\n", word(finding->verdict),
                       visible(without_full_stop(finding->promise)), visible(finding->measured),
                       visible(finding->limit));
    if (!finding->evidence.empty())
      out += fmt::format("             {} {}\n", clock(finding->evidence.front().at),
                         visible(finding->evidence.front().text));
  }
  out += costs_text(results);
  out +=
      fmt::format("hash    {}\nrepeat  {}\n",
                  results.hash.empty() ? "none: real time does not repeat" : visible(results.hash),
                  visible(results.command));
  return out;
}

}  // namespace mq::report
