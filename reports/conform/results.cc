#include "reports/conform/results.h"

#include <algorithm>
#include <array>

#include "reports/text/format.h"

namespace mq::report {
namespace {

using V = ConformVerdict;

// From the gravest to the least.
constexpr std::array gravity = {V::fail, V::fixed, V::error,   V::known,         V::non_strict,
                                V::info, V::pass,  V::skipped, V::not_applicable};

}  // namespace

std::string_view word_of(ConformVerdict verdict) {
  static constexpr std::string_view words[] = {"pass",  "fail",  "non-strict", "info",   "n/a",
                                               "known", "fixed", "error",      "skipped"};
  return words[static_cast<std::size_t>(verdict)];
}

std::uint64_t ConformTally::all() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : of) sum += count;
  return sum;
}

ConformTally tally_of(const ConformResults& results, std::string_view level) {
  ConformTally counts;
  for (const ConformJudged& one : results.judged)
    if (level.empty() || one.level == level) ++counts.of[static_cast<int>(one.verdict)];
  return counts;
}

std::optional<ConformVerdict> gravest(const std::vector<const ConformJudged*>& judged) {
  for (const V verdict : gravity)
    if (std::any_of(judged.begin(), judged.end(),
                    [&](const ConformJudged* one) { return one->verdict == verdict; }))
      return verdict;
  return std::nullopt;
}

bool is_trouble(ConformVerdict verdict) {
  return verdict == V::fail || verdict == V::fixed || verdict == V::error;
}

bool is_decided(ConformVerdict verdict) {
  return verdict != V::not_applicable && verdict != V::skipped && verdict != V::error;
}

std::string conform_word(const ConformResults& results) {
  const ConformTally counts = tally_of(results);
  if (!results.lost.empty() || results.is_interrupted) return "Incomplete";
  if (counts[V::fail] + counts[V::fixed] > 0) return "Deviates";
  if (counts[V::error] > 0) return "Incomplete";
  if (counts.all() == counts[V::not_applicable] + counts[V::skipped]) return "Nothing tested";
  return counts[V::known] > 0 ? "Deviates as known" : "Conforms";
}

std::string conform_sentence(const ConformResults& results) {
  const ConformTally counts = tally_of(results);
  std::string text;
  for (int at = 0; at < conform_verdicts; ++at) {
    if (counts.of[at] == 0) continue;
    text += (text.empty() ? "" : ", ") + count(counts.of[at]) + " " +
            std::string(word_of(static_cast<V>(at)));
  }
  return count(counts.all(), "case") + (text.empty() ? "" : ": " + text) +
         (results.lost.empty() ? "" : "; " + results.lost) +
         (results.is_interrupted
              ? "; interrupted with " + count(counts[V::skipped], "case") + " not played"
              : "");
}

}  // namespace mq::report
