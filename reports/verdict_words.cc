#include "reports/verdict_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reports/text/format.h"

namespace mq::report {
namespace {

using checks::Finding;
using checks::Verdict;

std::size_t count_of(const Results& results, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(results.findings.begin(), results.findings.end(),
                    [&](const Finding& finding) { return finding.verdict == verdict; }));
}

int rank(const Finding& finding) {
  if (finding.verdict == Verdict::broken) return 0;
  if (finding.verdict == Verdict::not_tried && finding.expected) return 1;
  if (finding.verdict == Verdict::held && finding.expected) return 2;
  return finding.verdict == Verdict::held ? 3 : 4;
}

std::string broken_sentence(const Results& results) {
  const std::size_t broken = count_of(results, Verdict::broken);
  const Finding& first = *by_importance(results).front();
  return fmt::format("{} of {} promises {} broken. {}: {}.", broken, results.findings.size(),
                     broken == 1 ? "was" : "were", without_full_stop(first.promise),
                     without_full_stop(first.measured));
}

std::string held_sentence(const Results& results) {
  const std::size_t held = count_of(results, Verdict::held);
  const std::size_t not_tried = count_of(results, Verdict::not_tried);
  std::string text = held == results.findings.size() ? fmt::format("All {} promises held", held)
                                                     : fmt::format("{} promises held", held);
  if (not_tried > 0) text += fmt::format("; {} had no chance to break in this run", not_tried);
  return text + ".";
}

bool is_untried(const Finding& finding) {
  return finding.expected && finding.verdict == Verdict::not_tried;
}

// Something held, but not all that the scenario asks for was put to the test.
bool held_in_part(const Results& results) {
  return results.verdict == Verdict::not_tried && results.why.empty() &&
         count_of(results, Verdict::held) > 0 &&
         std::any_of(results.findings.begin(), results.findings.end(), is_untried);
}

std::string untried_sentence(const Results& results) {
  if (count_of(results, Verdict::held) == 0)
    return "No promise had a chance to break: this run proves nothing.";
  const auto& findings = results.findings;
  const auto first = std::find_if(findings.begin(), findings.end(), is_untried);
  if (first == findings.end()) return "No message came through: this run proves nothing.";
  const auto more = std::count_if(std::next(first), findings.end(), is_untried);
  return fmt::format("What is expected had no chance to break: {}{}",
                     without_full_stop(first->promise),
                     more == 0 ? "." : fmt::format(" (and {} more).", more));
}

}  // namespace

std::string verdict_word(const Results& results) {
  if (results.verdict == Verdict::broken) return "Broken";
  if (!results.complete) return "Interrupted";
  if (results.verdict == Verdict::held) return "Held";
  return held_in_part(results) ? "Not proven" : "Nothing proven";
}

std::string verdict_sentence(const Results& results) {
  std::string text;
  if (results.verdict == Verdict::broken && count_of(results, Verdict::broken) > 0)
    text = broken_sentence(results);
  else if (results.verdict == Verdict::held)
    text = held_sentence(results);
  else
    text = results.why.empty() ? untried_sentence(results) : "";
  if (!results.why.empty()) text += (text.empty() ? "" : " ") + results.why;
  if (!results.complete)
    text += fmt::format(" The run was interrupted after {} of {}.",
                        long_duration(results.reached.time_since_epoch()),
                        long_duration(results.run.duration + results.run.calm));
  return text;
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::held:
      return "held";
    case Verdict::broken:
      return "broken";
    case Verdict::not_tried:
      return "not tried";
  }
  return "";
}

std::string_view without_full_stop(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

std::string world_name(const trace::RunInfo& run) {
  return run.world == "ns3" ? "ns-3" : run.world;
}

std::size_t clients_of_mqtt(const trace::RunInfo& run) {
  return static_cast<std::size_t>(std::count_if(
      run.clients.begin(), run.clients.end(),
      [](const trace::ClientInfo& client) { return client.speaks == trace::Speaks::mqtt; }));
}

std::vector<const Finding*> by_importance(const Results& results) {
  std::vector<const Finding*> order;
  for (const Finding& finding : results.findings) order.push_back(&finding);
  std::stable_sort(order.begin(), order.end(),
                   [](const Finding* a, const Finding* b) { return rank(*a) < rank(*b); });
  return order;
}

std::uint64_t messages_attempted(const Results& results) {
  return std::accumulate(
      results.ledger.published.begin(), results.ledger.published.end(), std::uint64_t{0},
      [](std::uint64_t sum, const PublishedRow& row) { return sum + row.attempted; });
}

}  // namespace mq::report
