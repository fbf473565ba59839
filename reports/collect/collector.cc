#include "reports/collect/collector.h"

#include <algorithm>

namespace mq::report {

Collector::Collector(const trace::RunInfo& run, const CollectorLimits& limits)
    : limits_(limits),
      timeline_(run, limits.fleet_bins, limits.segments_remembered_max),
      latency_(run, run.duration + run.calm, limits.latency_bins, limits.attempts_remembered_max),
      bands_(limits.bands_max),
      silence_(run) {}

void Collector::observe(const trace::Event& event) {
  ++events_;
  timeline_.observe(event);
  latency_.observe(event);
  bands_.observe(event);
  silence_.observe(event);
  if (const auto* packet = std::get_if<trace::PacketSeen>(&event.what)) count_packet(*packet);
}

void Collector::count_packet(const trace::PacketSeen& packet) {
  PacketCount& count = packets_[static_cast<std::size_t>(kind(*packet.packet))];
  const bool at_client = packet.end == trace::End::client;
  if (packet.sent)
    ++(at_client ? count.sent_by_clients : count.sent_by_broker);
  else
    ++(at_client ? count.received_by_clients : count.received_by_broker);
}

Series Collector::finish(Instant end, std::span<const checks::Finding> findings) {
  Series series;
  series.events = events_;
  series.end = end;
  std::vector<trace::ClientIndex> wanted;
  for (const checks::Finding& finding : findings)
    for (const checks::Evidence& evidence : finding.evidence)
      wanted.insert(wanted.end(), evidence.clients.begin(), evidence.clients.end());
  timeline_.finish(end, wanted, limits_.timelines_max, limits_.segments_max, series);
  latency_.finish(series);
  bands_.finish(end, series);
  silence_.finish(series);
  for (std::size_t i = 1; i < packets_.size(); ++i) {
    PacketCount count = packets_[i];
    count.kind = static_cast<Kind>(i);
    if (count.sent_by_clients + count.received_by_broker + count.sent_by_broker +
            count.received_by_clients >
        0)
      series.packets.push_back(count);
  }
  return series;
}

}  // namespace mq::report
