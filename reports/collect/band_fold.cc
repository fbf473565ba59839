#include "reports/collect/band_fold.h"

#include <algorithm>

namespace mq::report {
namespace {

// The gaps to the next band of the same fault, for bands in the order of (fault, from).
std::vector<Duration> gaps_of(const std::vector<Band>& bands) {
  std::vector<Duration> gaps;
  for (std::size_t i = 1; i < bands.size(); ++i)
    if (bands[i].fault == bands[i - 1].fault) gaps.push_back(bands[i].from - bands[i - 1].until);
  return gaps;
}

}  // namespace

void merge_bands(std::vector<Band>& bands, std::size_t max) {
  if (bands.size() <= max) return;
  std::stable_sort(bands.begin(), bands.end(), [](const Band& a, const Band& b) {
    return a.fault != b.fault ? a.fault < b.fault : a.from < b.from;
  });
  std::vector<Duration> gaps = gaps_of(bands);
  if (gaps.empty()) return;
  const std::size_t surplus = std::min(bands.size() - max, gaps.size());
  std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(surplus - 1),
                   gaps.end());
  const Duration limit = gaps[surplus - 1];
  std::vector<Band> merged;
  for (const Band& band : bands) {
    const bool joins = !merged.empty() && merged.back().fault == band.fault &&
                       band.from - merged.back().until <= limit;
    if (!joins) {
      merged.push_back(band);
      continue;
    }
    merged.back().until = std::max(merged.back().until, band.until);
    merged.back().times += band.times;
  }
  bands = std::move(merged);
}

void BandFold::observe(const trace::Event& event) {
  using namespace trace;
  if (const auto* began = std::get_if<FaultBegan>(&event.what)) {
    ++open_.try_emplace(began->fault, Open{event.at, 0}).first->second.times;
  } else if (const auto* ended = std::get_if<FaultEnded>(&event.what)) {
    const auto open = open_.find(ended->fault);
    if (open == open_.end() || --open->second.times > 0) return;
    bands_.push_back({ended->fault, open->second.from, event.at});
    open_.erase(open);
    if (bands_.size() > 8 * bands_max_) merge_bands(bands_, 4 * bands_max_);
  } else if (std::holds_alternative<BrokerDown>(event.what)) {
    if (!down_since_) down_since_ = event.at;
  } else if (std::holds_alternative<BrokerUp>(event.what)) {
    if (down_since_) broker_down_.push_back({0, *down_since_, event.at});
    down_since_.reset();
    if (broker_down_.size() > 8 * bands_max_) merge_bands(broker_down_, 4 * bands_max_);
  } else if (std::holds_alternative<CalmBegan>(event.what)) {
    calm_from_ = event.at;
  }
}

void BandFold::finish(Instant end, Series& into) {
  for (const auto& [fault, open] : open_) bands_.push_back({fault, open.from, end});
  if (down_since_) broker_down_.push_back({0, *down_since_, end});
  merge_bands(bands_, bands_max_);
  merge_bands(broker_down_, bands_max_);
  std::stable_sort(bands_.begin(), bands_.end(),
                   [](const Band& a, const Band& b) { return a.from < b.from; });
  into.bands = std::move(bands_);
  into.broker_down = std::move(broker_down_);
  into.calm_from = calm_from_;
}

}  // namespace mq::report
