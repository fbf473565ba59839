// A made-up comparison: ours, a broker that is late and loses, and one that is much the same.
#pragma once

#include <string>

#include "compare/comparison.h"

namespace mq::compare::testing {

inline gate::Figure figure(const char* id, const char* name, gate::Unit unit, double value) {
  return {{.id = id, .name = name, .unit = unit, .least_share = 0.1}, value};
}

inline report::Results results_of(std::uint64_t seed, double late_by, bool loses) {
  report::Results results;
  results.complete = true;
  results.run.scenario = "a commuter train";
  results.run.world = "ns3";
  results.run.seed = seed;
  results.run.duration = std::chrono::hours(2);
  results.run.calm = std::chrono::minutes(5);
  results.run.clients.resize(50);
  results.hash = "abcd" + std::to_string(seed);
  results.command = "./mqttlab run train.yaml --seed " + std::to_string(seed);
  const auto wobble = static_cast<std::int64_t>(seed * 7 % 5);
  checks::Finding finding;
  finding.id = "qos1";
  finding.promise = "every QoS 1 message arrives at least once";
  finding.verdict = loses ? checks::Verdict::broken : checks::Verdict::held;
  finding.tried = 100;
  if (loses) finding.evidence.push_back({.text = "message 41 of tickets-3 never arrived"});
  results.findings.push_back(finding);
  results.series.silent_drops = {.count = 3};
  results.series.silent_drops.p50 =
      std::chrono::round<Duration>(std::chrono::duration<double>(late_by)) +
      std::chrono::milliseconds(wobble);
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once}) {
    report::Latency latency{.qos = qos, .count = 1000};
    for (const double percentile : {1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0})
      latency.curve.push_back(
          {percentile, std::chrono::round<Duration>(std::chrono::duration<double>(
                           (0.05 + late_by / 50) * (1 + percentile * percentile / 200) *
                           (1 + static_cast<double>(wobble) / 40)))});
    latency.p50 = latency.curve[2].latency;
    latency.p90 = latency.curve[3].latency;
    latency.p99 = latency.curve[4].latency;
    latency.max = latency.curve[6].latency;
    results.series.latencies.push_back(latency);
  }
  report::DeliveryRow row{.group = "centre", .qos = Qos::at_least_once, .owed = 1000};
  row.lost = loses ? 7 : 0;
  row.delivered = row.owed - row.lost;
  results.ledger.deliveries.push_back(row);
  report::PacketCount packets{.kind = Kind::publish, .received_by_broker = 1000};
  packets.sent_by_broker = 1000;
  results.series.packets.push_back(packets);
  results.not_reproducible.broker_cpu_seconds = loses ? 0.08 : 0.01;
  results.traffic.push_back({.link = "train", .bytes_up = 100'000, .bytes_down = 200'000});
  results.configuration.versions.push_back({"broker", loses ? "late 2.0" : "another", ""});
  return results;
}

struct Wanted {
  std::string late_name = "late";
  std::uint64_t seeds = 10;
  bool loses_always = true;
  bool with_conformance = false;
};

inline Comparison demo(const Wanted& wanted = {}) {
  Comparison all{.command = "./mqttlab compare train.yaml", .program_version = "0.1"};
  all.sides = {{.name = "ours"}, {.name = wanted.late_name}, {.name = "twin"}};
  for (std::uint64_t seed = 1; seed <= wanted.seeds; ++seed) {
    const auto folder = [&](const char* name) { return name + ("/seed-" + std::to_string(seed)); };
    add_run(all.sides[0], results_of(seed, 0, false), folder("ours"));
    add_run(all.sides[1], results_of(seed, 6, wanted.loses_always || seed == 3), folder("late"));
    add_run(all.sides[2], results_of(seed, 0, false), folder("twin"));
  }
  if (wanted.with_conformance) {
    for (Side& side : all.sides) {
      const bool is_late = side.name == wanted.late_name;
      side.conform.emplace();
      side.conform->target = side.name;
      side.conform->statements.push_back({.id = "v5/MQTT-4.3.2-4",
                                          .section = "4.3.2",
                                          .title = "QoS 1",
                                          .level = "must",
                                          .obliges = "both",
                                          .says = "A PUBLISH of QoS 1 is answered by PUBACK.",
                                          .can_check_broker = true});
      side.conform->judged.push_back(
          {.id = "v5/qos1-is-acknowledged",
           .title = "QoS 1 is acknowledged",
           .level = "must",
           .statements = {"v5/MQTT-4.3.2-4"},
           .verdict = is_late ? report::ConformVerdict::fail : report::ConformVerdict::pass});
      side.conform->judged.push_back(
          {.id = "v5/takeover-is-told",
           .title = "A takeover is told",
           .level = "must",
           .statements = {"v5/MQTT-3.1.4-3"},
           .verdict = is_late ? report::ConformVerdict::known : report::ConformVerdict::pass,
           .advice = {{"a step", "DISCONNECT", "nothing"}}});
    }
  }
  return compare(std::move(all));
}

}  // namespace mq::compare::testing
