#include "reports/collect/latency_fold.h"

#include <algorithm>

namespace mq::report {
namespace {

constexpr std::uint32_t steps_over_time = 16;
constexpr double curve_percentiles[] = {1,  5,  10,   20,   30,   40,    50,    60,
                                        70, 75, 80,   85,   90,   93,    95,    97,
                                        98, 99, 99.5, 99.8, 99.9, 99.95, 99.99, 100};

Duration at(const checks::LatencyHistogram& all, double percentile) {
  return all.percentile(percentile).value_or(Duration{});
}

}  // namespace

void take_whole(const checks::LatencyHistogram& all, Latency& into) {
  into.count = all.count();
  into.p50 = at(all, 50);
  into.p90 = at(all, 90);
  into.p99 = at(all, 99);
  into.p999 = at(all, 99.9);
  into.max = at(all, 100);
  into.curve.clear();
  for (const double percentile : curve_percentiles)
    into.curve.push_back({percentile, at(all, percentile)});
}

LatencyFold::LatencyFold(const trace::RunInfo& run, Duration whole, std::size_t bins,
                         std::size_t attempts_max)
    : attempts_(run.clients.size(), attempts_max),
      keeps_retain_flag_(run.clients.size()),
      slots_(whole, bins) {
  for (std::size_t i = 0; i < run.clients.size(); ++i) {
    const auto& subscriptions = run.clients[i].subscriptions;
    keeps_retain_flag_[i] = std::any_of(subscriptions.begin(), subscriptions.end(),
                                        [](auto& s) { return s.options.retain_as_published; });
  }
  for (PerQos& qos : per_qos_) qos.bins.assign(bins, checks::LatencyHistogram(steps_over_time));
}

void LatencyFold::observe(const trace::Event& event) {
  if (const auto* attempt = std::get_if<trace::Attempted>(&event.what))
    attempts_.add(attempt->stamp, event.at);
  else if (const auto* delivery = std::get_if<trace::Delivered>(&event.what))
    delivered(*delivery, event.at);
}

void LatencyFold::delivered(const trace::Delivered& delivery, Instant at) {
  // What a new subscription brings from before it is old by design.
  const auto subscriber = static_cast<std::size_t>(delivery.connection.client);
  if (delivery.publish->retain && !keeps_retain_flag_[subscriber]) return;
  const auto stamp = trace::stamp_of(delivery.publish->payload.text());
  if (!stamp) return;
  if (attempts_.is_forgotten(*stamp))
    ++per_qos_[static_cast<std::size_t>(delivery.publish->qos)].unmeasured;
  const auto since = attempts_.of(*stamp);
  if (!since) return;
  PerQos& qos = per_qos_[static_cast<std::size_t>(delivery.publish->qos)];
  qos.all.record(at - *since);
  qos.bins[slots_.slot_of(*since)].record(at - *since);
}

void LatencyFold::finish(Series& into) const {
  for (std::size_t i = 0; i < per_qos_.size(); ++i) {
    const PerQos& qos = per_qos_[i];
    if (qos.all.count() == 0 && qos.unmeasured == 0) continue;
    Latency latency{.qos = static_cast<Qos>(i), .unmeasured = qos.unmeasured};
    take_whole(qos.all, latency);
    for (std::size_t slot = 0; slot < qos.bins.size(); ++slot) {
      const checks::LatencyHistogram& bin = qos.bins[slot];
      if (bin.count() == 0) continue;
      latency.bins.push_back(
          {slots_.begin_of(slot), bin.count(), at(bin, 0), at(bin, 50), at(bin, 99), at(bin, 100)});
    }
    into.latencies.push_back(std::move(latency));
  }
}

}  // namespace mq::report
