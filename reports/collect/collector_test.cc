#include "reports/collect/collector.h"

#include <gtest/gtest.h>

#include <numeric>

#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using trace::ClientIndex;

Series collect(const testing::DemoRun& demo, const CollectorLimits& limits = {}) {
  Collector collector(demo.run(), limits);
  demo.play(collector);
  return collector.finish(demo.events().back().at, {});
}

TEST(Timeline, TellsStatesAndTheirTimes) {
  const testing::DemoRun demo({.sensors = 3, .duration = 30min});
  const Series series = collect(demo);
  ASSERT_EQ(series.timelines.size(), 4U);
  const ClientTimeline& first = series.timelines[0];
  EXPECT_EQ(first.segments[0].state, ClientState::away);
  EXPECT_EQ(first.segments[1].state, ClientState::connecting);
  EXPECT_EQ(first.segments[2].state, ClientState::fresh);
  EXPECT_EQ(first.connections, 6U) << "once at the start and once after each of five tunnels";
  EXPECT_LT(first.connected, 35min);
  EXPECT_GT(first.connected, 30min);
  for (std::size_t i = 1; i < first.segments.size(); ++i) {
    EXPECT_LT(first.segments[i - 1].from, first.segments[i].from);
    EXPECT_NE(first.segments[i - 1].state, first.segments[i].state);
  }
}

TEST(Timeline, HasNoneOfWhoDoesNotSpeakMqtt) {
  const testing::DemoRun demo({.sensors = 3, .duration = 30min});
  trace::RunInfo run = demo.run();
  run.clients[1].speaks = trace::Speaks::http;
  Collector collector(run, {.timelines_max = 2});
  demo.play(collector);
  checks::Finding finding;
  finding.evidence.push_back({.clients = {ClientIndex{1}}});
  const Series series = collector.finish(demo.events().back().at, {&finding, 1});
  ASSERT_EQ(series.timelines.size(), 2U);
  for (const ClientTimeline& line : series.timelines) EXPECT_NE(line.client, ClientIndex{1});
  EXPECT_EQ(series.clients_left_out, 1U);
}

TEST(Timeline, TheFleetAddsUpToTheClients) {
  const testing::DemoRun demo({.sensors = 20, .duration = 1h});
  const Series series = collect(demo);
  double of_bins = 0;
  for (std::size_t i = 0; i < series.fleet.size(); ++i) {
    const Instant end = i + 1 < series.fleet.size() ? series.fleet[i + 1].from : series.end;
    of_bins += series.fleet[i].connected * seconds(end - series.fleet[i].from);
    EXPECT_LE(series.fleet[i].connected_min, series.fleet[i].connected + 1e-9);
  }
  double of_clients = 0;
  for (const ClientTimeline& line : series.timelines) of_clients += seconds(line.connected);
  EXPECT_NEAR(of_bins, of_clients, 1e-3 * of_clients);
}

TEST(Timeline, IsBoundedAndKeepsTheOnesThatMatter) {
  const testing::DemoRun demo({.sensors = 60, .duration = 2h});
  Collector collector(demo.run(), {.timelines_max = 10, .segments_max = 480});
  demo.play(collector);
  checks::Finding finding;
  finding.evidence.push_back({.clients = {ClientIndex{37}}});
  const Series series = collector.finish(demo.events().back().at, {&finding, 1});
  EXPECT_EQ(series.timelines.size(), 10U);
  EXPECT_EQ(series.clients_left_out, 51U);
  EXPECT_TRUE(std::any_of(series.timelines.begin(), series.timelines.end(),
                          [](auto& line) { return line.client == ClientIndex{37}; }));
  for (const ClientTimeline& line : series.timelines) EXPECT_LE(line.segments.size(), 49U);
}

TEST(ThinOut, JoinsOnlyWhatIsShorterThanASlot) {
  std::vector<Segment> segments{{Instant(0s), ClientState::away}};
  for (int i = 0; i < 10; ++i) {
    segments.push_back({Instant(25s + i * 100ms), ClientState::connecting});
    segments.push_back({Instant(25s + i * 100ms + 50ms), ClientState::away});
  }
  segments.push_back({Instant(30s), ClientState::fresh});
  thin_out(segments, Instant(100s), 100s, 10);
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[1].state, ClientState::mixed);
  EXPECT_EQ(segments[1].from, Instant(25s));
  EXPECT_EQ(segments[2].from, Instant(30s));
}

TEST(Bands, AreMergedBySmallestGapPerFault) {
  std::vector<Band> bands;
  for (int i = 0; i < 10; ++i) {
    const Instant from(i * 10s + (i >= 5 ? 100s : 0s));
    bands.push_back({0, from, from + 1s});
    bands.push_back({1, from, from + 1s});
  }
  merge_bands(bands, 4);
  ASSERT_EQ(bands.size(), 4U);
  EXPECT_EQ(bands[0].times, 5U);
  EXPECT_EQ(bands[0].until, Instant(41s));
  EXPECT_EQ(bands[1].from, Instant(150s));
  merge_bands(bands, 1);
  EXPECT_EQ(bands.size(), 2U) << "one per fault at least";
}

TEST(Bands, OfAFaultThatNeverEndsLastToTheEnd) {
  trace::RunInfo run;
  run.duration = 10s;
  run.faults.resize(1);
  Collector collector(run);
  collector.observe({Instant(2s), trace::FaultBegan{0}});
  collector.observe({Instant(3s), trace::BrokerDown{}});
  const Series series = collector.finish(Instant(9s), {});
  ASSERT_EQ(series.bands.size(), 1U);
  EXPECT_EQ(series.bands[0].until, Instant(9s));
  ASSERT_EQ(series.broker_down.size(), 1U);
  EXPECT_EQ(series.broker_down[0].from, Instant(3s));
}

TEST(Latency, IsCountedWhereTheMessageWasPublished) {
  const testing::DemoRun demo({.sensors = 3, .duration = 30min, .broken = false});
  const Series series = collect(demo);
  ASSERT_EQ(series.latencies.size(), 3U);
  for (const Latency& latency : series.latencies) {
    const std::uint64_t in_bins =
        std::accumulate(latency.bins.begin(), latency.bins.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const LatencyBin& bin) { return sum + bin.count; });
    EXPECT_EQ(in_bins, latency.count);
    EXPECT_EQ(latency.unmeasured, 0U);
    EXPECT_LE(latency.p50, latency.p99);
    EXPECT_LE(latency.p99, latency.max);
    EXPECT_EQ(latency.curve.back().latency, latency.max);
  }
}

TEST(Latency, WhatCameTooLateToBeRememberedIsCountedSo) {
  const testing::DemoRun demo({.sensors = 1, .duration = 12h, .broken = false});
  trace::RunInfo run = demo.run();
  Collector collector(run, {.attempts_remembered_max = 1});
  for (const trace::Event& event : demo.events())
    if (std::holds_alternative<trace::Attempted>(event.what)) collector.observe(event);
  for (const trace::Event& event : demo.events())
    if (std::holds_alternative<trace::Delivered>(event.what)) collector.observe(event);
  const Series series = collector.finish(demo.events().back().at, {});
  ASSERT_EQ(series.latencies.size(), 1U);
  EXPECT_LE(series.latencies[0].count, 256U);
  EXPECT_GT(series.latencies[0].unmeasured, 1000U);
}

}  // namespace
}  // namespace mq::report
