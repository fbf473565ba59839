#include "scenarios/language/problem.h"

#include <algorithm>
#include <numeric>

namespace mq::scenario {
namespace {

constexpr std::size_t quoted_bytes_max = 60;
constexpr std::size_t compared_bytes_max = 80;
constexpr std::size_t candidates_max = 200;  // each guess compares with all of them

bool continues_a_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Insertions, deletions and replacements; a swap of neighbours counts as one as well.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string to_text(std::string_view file_name, const Problem& problem) {
  return std::string(file_name) + ":" + std::to_string(problem.line) + ":" +
         std::to_string(problem.column) + ": " + problem.text;
}

std::string quoted(std::string_view text) {
  std::string result = "`";
  const bool is_long = text.size() > quoted_bytes_max;
  std::size_t end = is_long ? quoted_bytes_max : text.size();
  while (is_long && end > 0 && continues_a_character(text[end])) --end;
  for (std::size_t at = 0; at < end; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool is_c1 =
        byte == 0xc2 && at + 1 < end && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (is_c1) ++at;
    result += is_c1 || byte < 0x20 || byte == 0x7f ? '?' : text[at];
  }
  return result + (is_long ? "...`" : "`");
}

std::string suggestion(std::string_view written, const std::vector<std::string_view>& candidates) {
  if (written.size() > compared_bytes_max || candidates.size() > candidates_max) return {};
  std::string_view best;
  // How many slips a word of this length forgives, and one more.
  std::size_t best_distance =
      written.size() < 4 ? 2 : std::max<std::size_t>(2, written.size() / 4) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > compared_bytes_max) continue;
    const std::size_t distance = edit_distance(written, candidate);
    // A word that shares nothing with what was written is not a slip of the finger.
    if (distance < best_distance && distance < std::max(written.size(), candidate.size())) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? std::string() : "; did you mean " + quoted(best) + "?";
}

}  // namespace mq::scenario
