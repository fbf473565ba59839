#include "sim/link/fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

// How much of each second is out of service.
std::vector<double> share_out(const std::vector<RateTrace::Gap>& gaps, std::size_t count) {
  std::vector<double> out(count);
  for (const RateTrace::Gap& gap : gaps) {
    const Duration end = gap.at + gap.length;
    for (Duration at = gap.at; at < end;) {
      const Duration next = std::min(end, Duration((at / 1s + 1) * 1s));
      const auto second = static_cast<std::size_t>(at / 1s);
      if (second < count) out[second] += seconds(next - at);
      at = next;
    }
  }
  return out;
}

double mean_of(const std::vector<double>& values) {
  return values.empty() ? 0
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

// Of neighbours; seconds out of service are negative and part the others.
double correlation_of(const std::vector<double>& in_order, double mean) {
  double product = 0, square = 0;
  for (std::size_t i = 0; i < in_order.size(); ++i) {
    if (in_order[i] < 0) continue;
    square += std::pow(in_order[i] - mean, 2);
    if (i > 0 && in_order[i - 1] >= 0) product += (in_order[i] - mean) * (in_order[i - 1] - mean);
  }
  return square > 0 ? std::clamp(product / square, 0.0, 0.999) : 0;
}

Distribution table_of(const std::vector<double>& ascending) {
  std::vector<Distribution::Quantile> table;
  for (const double share : fitted_shares) table.emplace_back(share, quantile(ascending, share));
  return Distribution::quantiles(std::move(table));
}

}  // namespace

double quantile(const std::vector<double>& ascending, double share) {
  if (ascending.empty()) return 0;
  const double place = share * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] +
         (place - static_cast<double>(below)) * (ascending[above] - ascending[below]);
}

TraceFigures figures_of(const RateTrace& trace, Duration shortest_outage) {
  TraceFigures figures;
  figures.mean_bits_per_second = trace.mean_bits_per_second();
  const auto gaps = trace.gaps(shortest_outage);
  Duration served_from{};
  for (const RateTrace::Gap& gap : gaps) {
    figures.outages.push_back(seconds(gap.length));
    if (gap.at > served_from) figures.services.push_back(seconds(gap.at - served_from));
    served_from = gap.at + gap.length;
  }
  const std::vector<double> bits = trace.per_second();
  const std::vector<double> out = share_out(gaps, bits.size());
  std::vector<double> in_order(bits.size(), -1);
  for (std::size_t i = 0; i < bits.size(); ++i) {
    if (out[i] > 0.5) continue;
    in_order[i] = bits[i] / (1 - out[i]);
    figures.rates.push_back(in_order[i]);
  }
  figures.correlation = correlation_of(in_order, mean_of(figures.rates));
  for (auto* values : {&figures.rates, &figures.outages, &figures.services})
    std::sort(values->begin(), values->end());
  return figures;
}

BurstModel bursts_of(const RateTrace& trace, Duration slot) {
  const auto count = static_cast<std::size_t>(trace.period / slot);
  std::vector<bool> served(count);
  const auto serve = [&](Duration from, Duration to) {
    for (Duration at = from; at <= to; at += slot)
      if (const auto place = static_cast<std::size_t>(at / slot); place < count)
        served[place] = true;
  };
  for (const Duration at : trace.opportunities) serve(at, at);
  for (std::size_t i = 0; i < trace.steps.size(); ++i)
    if (trace.steps[i].bits_per_second >= 1)
      serve(trace.steps[i].at,
            (i + 1 < trace.steps.size() ? trace.steps[i + 1].at : trace.period) - Duration(1));
  std::size_t good = 0, bad = 0, to_bad = 0, to_good = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    ++(served[i] ? good : bad);
    if (served[i] != served[i + 1]) ++(served[i] ? to_bad : to_good);
  }
  const auto share = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  return {.to_bad = share(to_bad, good), .to_good = bad == 0 ? 1 : share(to_good, bad)};
}

FittedLink fit(const TraceFigures& figures) {
  FittedLink fitted;
  fitted.rate = {table_of(figures.rates), 1s, figures.correlation};
  if (!figures.outages.empty() && !figures.services.empty())
    fitted.outages =
        OutageModel{.between = table_of(figures.services), .length = table_of(figures.outages)};
  return fitted;
}

RateTrace saturate(const RateModel& model, const OutageModel* outages, Duration length, Rng rng) {
  Chance chance;
  Rate rate(model, rng.child("rate"));
  std::optional<Outages> times;
  std::optional<Outages::Outage> outage;
  if (outages != nullptr) {
    times.emplace(*outages, rng.child("outages"));
    outage = times->next({});
  }
  RateTrace delivered;
  delivered.period = length;
  for (Instant now{};;) {
    now = rate.finish(now, opportunity_bytes, chance);
    if (now > Instant{} + length) return delivered;
    while (outage && outage->end <= now) outage = times->next(outage->end);
    if (!outage || now < outage->begin) delivered.opportunities.push_back(now.time_since_epoch());
  }
}

double ks_distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty() ? 0 : 1;
  double distance = 0;
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const double value = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= value) ++i;
    while (j < b.size() && b[j] <= value) ++j;
    distance = std::max(distance, std::abs(static_cast<double>(i) / static_cast<double>(a.size()) -
                                           static_cast<double>(j) / static_cast<double>(b.size())));
  }
  return distance;
}

}  // namespace mq::sim::link
