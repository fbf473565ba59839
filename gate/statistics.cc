#include "gate/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace mq::gate {
namespace {

// Ranks of `before` and then of `after` in one order, doubled: the middle of a tie is then whole.
std::vector<std::size_t> doubled_ranks(std::span<const double> before,
                                       std::span<const double> after) {
  std::vector<double> all(before.begin(), before.end());
  all.insert(all.end(), after.begin(), after.end());
  std::vector<std::size_t> order(all.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return all[a] < all[b]; });
  std::vector<std::size_t> ranks(all.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t past = first + 1;
    while (past < order.size() && all[order[past]] == all[order[first]]) ++past;
    for (std::size_t i = first; i < past; ++i) ranks[order[i]] = first + past + 1;
    first = past;
  }
  return ranks;
}

std::size_t sum(std::span<const std::size_t> values) {
  return std::accumulate(values.begin(), values.end(), std::size_t{0});
}

// Of all ways to draw `drawn` of the ranks, the share whose sum is at least as far from the middle
// as `observed`. Numbers of ways grow to 10^17 at most: doubles count them well enough.
double exact_p(std::span<const std::size_t> ranks, std::size_t drawn, std::size_t observed) {
  const std::size_t most = sum(ranks);
  std::vector<std::vector<double>> ways(drawn + 1, std::vector<double>(most + 1, 0.0));
  ways[0][0] = 1;
  for (const std::size_t rank : ranks)
    for (std::size_t k = drawn; k-- > 0;)
      for (std::size_t s = most + 1 - rank; s-- > 0;) ways[k + 1][s + rank] += ways[k][s];
  const double middle =
      static_cast<double>(most) * static_cast<double>(drawn) / static_cast<double>(ranks.size());
  const double distance = std::abs(static_cast<double>(observed) - middle);
  double as_far = 0;
  double all = 0;
  for (std::size_t s = 0; s <= most; ++s) {
    all += ways[drawn][s];
    if (std::abs(static_cast<double>(s) - middle) >= distance - 1e-9) as_far += ways[drawn][s];
  }
  return as_far / all;
}

// The sum of doubled ranks is nearly normal when there are many.
double approximate_p(std::vector<std::size_t> ranks, std::size_t drawn, std::size_t observed) {
  const auto n = static_cast<double>(ranks.size());
  const auto k = static_cast<double>(drawn);
  std::sort(ranks.begin(), ranks.end());
  double ties = 0;
  for (std::size_t first = 0; first < ranks.size();) {
    std::size_t past = first + 1;
    while (past < ranks.size() && ranks[past] == ranks[first]) ++past;
    const auto t = static_cast<double>(past - first);
    ties += t * t * t - t;
    first = past;
  }
  const double variance = k * (n - k) / 12 * ((n + 1) - ties / (n * (n - 1)));
  if (variance <= 0) return 1;  // all values are one
  const double distance = std::abs(static_cast<double>(observed) / 2 - k * (n + 1) / 2);
  const double z = std::max(0.0, distance - 0.5) / std::sqrt(variance);
  return std::erfc(z / std::sqrt(2.0));
}

double log_choose(std::uint64_t n, std::uint64_t k) {
  const auto gamma = [](std::uint64_t x) { return std::lgamma(static_cast<double>(x) + 1); };
  return gamma(n) - gamma(k) - gamma(n - k);
}

}  // namespace

RankTest rank_test(std::span<const double> before, std::span<const double> after) {
  if (before.empty() || after.empty()) return {};
  const std::vector<std::size_t> ranks = doubled_ranks(before, after);
  const std::size_t observed = sum(std::span(ranks).subspan(before.size()));
  const auto n = static_cast<double>(before.size());
  const auto m = static_cast<double>(after.size());
  const double u = static_cast<double>(observed) / 2 - m * (m + 1) / 2;
  const double p = ranks.size() <= exact_values_max ? exact_p(ranks, after.size(), observed)
                                                    : approximate_p(ranks, after.size(), observed);
  return {.p = std::min(p, 1.0), .effect = 2 * u / (n * m) - 1};
}

double more_often(Share before, Share after) {
  const std::uint64_t hits = before.hits + after.hits;
  const std::uint64_t all = before.of + after.of;
  double p = 0;
  for (std::uint64_t there = after.hits; there <= std::min(hits, after.of); ++there) {
    if (hits - there > before.of) continue;
    p += std::exp(log_choose(after.of, there) + log_choose(before.of, hits - there) -
                  log_choose(all, hits));
  }
  return std::min(p, 1.0);
}

Interval median_interval(std::span<const double> values, double wanted) {
  if (values.empty()) return {};
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  // Each value is below the median with a chance of one half: how many are is binomial.
  Interval interval{sorted.front(), sorted.back(), 0};
  double tail = 0;  // P(at most `left_out` values are below the median)
  for (std::size_t left_out = 0; 2 * left_out + 1 < n; ++left_out) {
    tail += std::exp(log_choose(n, left_out) - static_cast<double>(n) * std::log(2.0));
    const double confidence = 1 - 2 * tail;
    if (left_out > 0 && confidence < wanted) break;
    interval = {sorted[left_out], sorted[n - 1 - left_out], confidence};
  }
  return interval;
}

double mean(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::span<const double> values) {
  if (values.empty()) return 0;
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

}  // namespace mq::gate
