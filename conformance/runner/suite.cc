#include "conformance/runner/suite.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace mq::conformance {

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*') {
      ++p, ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

namespace {

bool is_in_section(const Case& one, std::string_view section,
                   const std::vector<Statement>& statements) {
  return std::any_of(one.asserts.begin(), one.asserts.end(), [&](const StatementId& id) {
    const Statement* const statement = find(statements, id);
    if (statement == nullptr) return false;
    return statement->section == section ||
           statement->section.starts_with(std::string(section) + ".");
  });
}

}  // namespace

bool is_selected_by(const Case& one, std::string_view pattern,
                    const std::vector<Statement>& statements) {
  if (pattern.starts_with("tag:"))
    return std::any_of(one.tags.begin(), one.tags.end(),
                       [&](const std::string& tag) { return fits(pattern.substr(4), tag); });
  if (pattern.starts_with("section:")) return is_in_section(one, pattern.substr(8), statements);
  if (pattern.starts_with("version:")) {
    const std::string_view version = pattern.substr(8);
    return version == (one.version == Version::v5 ? "5" : "3.1.1") ||
           version == (one.version == Version::v5 ? "v5" : "v3.1.1");
  }
  if (pattern.starts_with("kind:")) return fits(pattern.substr(5), name(one.kind));
  if (pattern.starts_with("file:")) {
    const std::string_view file = one.file;
    return fits(pattern.substr(5), file.substr(file.rfind('/') + 1));
  }
  if (const auto id = statement_named(pattern))
    return std::any_of(one.asserts.begin(), one.asserts.end(), [&](const StatementId& asserted) {
      return asserted.version == id->version && fits(id->clause, asserted.clause);
    });
  if (pattern.starts_with("v3/")) return fits("v3.1.1/" + std::string(pattern.substr(3)), one.id);
  return fits(pattern, one.id) ||
         fits(pattern, std::string_view(one.id).substr(one.id.find('/') + 1));
}

std::vector<const Case*> selected(const Library& library, const Selection& selection) {
  std::vector<const Case*> cases;
  for (const Case& one : library.cases) {
    if (one.role != selection.role) continue;
    const auto chosen = [&](const std::string& pattern) {
      return is_selected_by(one, pattern, library.statements);
    };
    if (!selection.only.empty() &&
        std::none_of(selection.only.begin(), selection.only.end(), chosen))
      continue;
    if (std::any_of(selection.skip.begin(), selection.skip.end(), chosen)) continue;
    if (!selection.also.empty() &&
        std::find(selection.also.begin(), selection.also.end(), one.id) == selection.also.end())
      continue;
    const bool any_level = selection.level.empty() || selection.level == "all";
    if (!any_level && selection.level != name(level_of(one, library.statements))) continue;
    cases.push_back(&one);
  }
  return cases;
}

std::optional<Shard> shard_named(std::string_view text) {
  Shard shard;
  const char* const end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '/') return std::nullopt;
  const auto of = std::from_chars(number.ptr + 1, end, shard.of);
  if (of.ec != std::errc() || of.ptr != end || shard.number < 1 || shard.number > shard.of)
    return std::nullopt;
  return shard;
}

std::vector<const Case*> part(const std::vector<const Case*>& cases, const Shard& shard) {
  std::vector<const Case*> some;
  for (std::size_t i = shard.number - 1; i < cases.size(); i += shard.of) some.push_back(cases[i]);
  return some;
}

void leave_out(CaseResult& result, std::string why) {
  result.outcome = {};
  result.outcome.verdict = Verdict::skipped;
  result.outcome.reason = std::move(why);
}

std::vector<CaseResult> gravest_of(std::vector<std::vector<CaseResult>> rounds) {
  // From the gravest to the least.
  static constexpr Verdict gravity[] = {
      Verdict::fail, Verdict::fixed, Verdict::error,   Verdict::known,         Verdict::non_strict,
      Verdict::info, Verdict::pass,  Verdict::skipped, Verdict::not_applicable};
  const auto weight = [](const CaseResult& one) {
    return std::find(std::begin(gravity), std::end(gravity), one.outcome.verdict);
  };
  std::vector<CaseResult> all = std::move(rounds.at(0));
  std::vector<std::vector<Verdict>> verdicts(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) verdicts[i].push_back(all[i].outcome.verdict);
  for (std::size_t round = 1; round < rounds.size(); ++round)
    for (std::size_t i = 0; i < all.size(); ++i) {
      CaseResult& one = rounds[round].at(i);
      verdicts[i].push_back(one.outcome.verdict);
      if (weight(one) < weight(all[i])) all[i] = std::move(one);
    }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto is_other = [&](Verdict verdict) { return verdict != verdicts[i][0]; };
    if (std::any_of(verdicts[i].begin(), verdicts[i].end(), is_other)) all[i].rounds = verdicts[i];
  }
  return all;
}

void soften(CaseResult& result) {
  if (result.outcome.verdict != Verdict::fail || result.level == Level::must) return;
  result.outcome.verdict = result.level == Level::should ? Verdict::non_strict : Verdict::info;
}

std::size_t Tally::all() const {
  std::size_t sum = 0;
  for (std::size_t count : of) sum += count;
  return sum;
}

Tally tally(const std::vector<CaseResult>& results) {
  Tally counts;
  for (const CaseResult& result : results)
    ++counts.of[static_cast<std::size_t>(result.outcome.verdict)];
  return counts;
}

int exit_code(const std::vector<CaseResult>& results) {
  const Tally counts = tally(results);
  const bool unreachable = std::any_of(results.begin(), results.end(), [](const CaseResult& one) {
    return one.outcome.is_unreachable;
  });
  if (counts.all() == counts[Verdict::skipped] + counts[Verdict::not_applicable]) return 4;
  if (unreachable) return 3;
  if (counts[Verdict::error] > 0) return 5;
  return counts[Verdict::fail] + counts[Verdict::fixed] > 0 ? 1 : 0;
}

}  // namespace mq::conformance
