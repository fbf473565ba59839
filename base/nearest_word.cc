#include "base/nearest_word.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace mq {
namespace {

constexpr std::size_t compared_bytes_max = 80;
constexpr std::size_t candidates_max = 300;  // each guess compares with all of them

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

std::string_view nearest_word(std::string_view written,
                              const std::vector<std::string_view>& candidates) {
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
  return best;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& candidates) {
  const std::string_view best = nearest_word(written, {candidates.begin(), candidates.end()});
  return best.empty() ? std::string() : ", did you mean " + std::string(best) + "?";
}

}  // namespace mq
