#include "conformance/checks/latency.h"

#include <algorithm>
#include <boost/histogram.hpp>
#include <cmath>

#include "conformance/checks/words.h"

namespace mq::checks {
namespace {

namespace bh = boost::histogram;

// 1 us to 10^7 s in bins 1 % wide; what is shorter or longer lands in a bin of its own.
using Axis = bh::axis::regular<double, bh::axis::transform::log>;
constexpr double shortest = 1e-6;
constexpr double longest = 1e7;
constexpr unsigned bins_per_decade = 232;
constexpr unsigned bin_count = 13 * bins_per_decade;

}  // namespace

struct LatencyHistogram::Bins {
  decltype(bh::make_histogram_with(bh::dense_storage<std::uint64_t>(),
                                   Axis(bin_count, shortest, longest))) histogram =
      bh::make_histogram_with(bh::dense_storage<std::uint64_t>(),
                              Axis(bin_count, shortest, longest));
  std::uint64_t count = 0;
  Duration min = Duration::max();
  Duration max = Duration::min();
};

LatencyHistogram::LatencyHistogram() : bins_(std::make_unique<Bins>()) {}
LatencyHistogram::LatencyHistogram(const LatencyHistogram& other)
    : bins_(std::make_unique<Bins>(*other.bins_)) {}
LatencyHistogram::LatencyHistogram(LatencyHistogram&&) noexcept = default;
LatencyHistogram& LatencyHistogram::operator=(LatencyHistogram other) noexcept {
  std::swap(bins_, other.bins_);
  return *this;
}
LatencyHistogram::~LatencyHistogram() = default;

void LatencyHistogram::record(Duration latency) {
  bins_->histogram(seconds(latency));
  ++bins_->count;
  bins_->min = std::min(bins_->min, latency);
  bins_->max = std::max(bins_->max, latency);
}

void LatencyHistogram::merge(const LatencyHistogram& other) {
  bins_->histogram += other.bins_->histogram;
  bins_->count += other.bins_->count;
  bins_->min = std::min(bins_->min, other.bins_->min);
  bins_->max = std::max(bins_->max, other.bins_->max);
}

std::uint64_t LatencyHistogram::count() const { return bins_->count; }

std::optional<Duration> LatencyHistogram::max() const {
  return bins_->count == 0 ? std::nullopt : std::optional(bins_->max);
}

std::optional<Duration> LatencyHistogram::percentile(double percent) const {
  if (bins_->count == 0) return std::nullopt;
  const double share = std::clamp(percent / 100, 0.0, 1.0);
  const auto exact = static_cast<double>(bins_->count) * share;
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(exact - 1e-9)));
  const auto& axis = bins_->histogram.axis();
  std::uint64_t below = bins_->histogram.at(-1);
  if (below >= rank) return bins_->min;
  for (int i = 0; i < axis.size(); ++i) {
    below += bins_->histogram.at(i);
    if (below < rank) continue;
    const auto upper =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(axis.bin(i).upper()));
    return std::clamp(upper, bins_->min, bins_->max);
  }
  return bins_->max;
}

Finding judge_latency(const trace::Expectation& expectation, const LatencyHistogram (&all)[3]) {
  const Duration below = expectation.below.value_or(Duration::max());
  const std::string percent = number_text(expectation.percentile);
  Finding finding;
  finding.expected = true;
  finding.id = "latency-p" + percent;
  finding.promise = percent + " % of all messages";
  LatencyHistogram chosen;
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once, Qos::exactly_once})
    if (expectation.qos.value_or(qos) == qos) chosen.merge(all[static_cast<std::size_t>(qos)]);
  if (expectation.qos) {
    const auto qos = std::to_string(static_cast<int>(*expectation.qos));
    finding.id += "-qos" + qos;
    finding.promise += " of QoS " + qos;
  }
  finding.promise += " arrive within " + duration_text(below) + " of being published.";
  finding.limit = "p" + percent + " below " + duration_text(below);
  finding.tried = chosen.count();
  const auto measured = chosen.percentile(expectation.percentile);
  if (!measured) {
    finding.measured = "no message arrived";
    return finding;
  }
  finding.measured = "p" + percent + " " + duration_text(*measured);
  finding.verdict = *measured < below ? Verdict::held : Verdict::broken;
  finding.broken = finding.verdict == Verdict::broken ? 1 : 0;
  return finding;
}

}  // namespace mq::checks
