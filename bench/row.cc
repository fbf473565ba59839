#include "bench/row.h"

#include <algorithm>

#include "bench/arrivals.h"
#include "bench/flow.h"
#include "bench/retained_storm.h"

namespace mq::bench {
namespace {

constexpr std::size_t spare_descriptors = 64;
constexpr double small_cpu_goal = 0.4;
constexpr double latency_goal = 1.3;

std::uint64_t scaled(double number, const RowScale& scale) {
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(number * scale.size));
}

std::string digit(int qos) { return std::to_string(qos); }

Qos qos_of(int qos) { return static_cast<Qos>(qos); }

struct FlowNumbers {
  double messages;
  std::uint64_t window;
  std::size_t payload_bytes = 64;
};

Outcome run_flow(FlowPlan plan, const Row& row, const FlowNumbers& numbers, const Target& target,
                 const RowScale& scale) {
  plan.qos = qos_of(row.qos);
  plan.payload_bytes = numbers.payload_bytes;
  plan.keeps_sessions = !row.settings.empty();
  plan.window = numbers.window;
  plan.messages = scaled(numbers.messages, scale);
  plan.warm_up = std::max<std::uint64_t>(1, plan.messages / 20);
  return Flow(std::move(plan), target, scale.patience).run();
}

// The row must be whole but for its function.
Row with_flow(Row row, FlowPlan (*plan)(std::size_t), std::size_t many, FlowNumbers numbers) {
  const Row traits = row;
  row.connections = many + 10;
  row.run = [traits, plan, many, numbers](const Target& target, const RowScale& scale) {
    return run_flow(plan(many), traits, numbers, target, scale);
  };
  return row;
}

FlowPlan one_to_one(std::size_t) { return fan_in_plan(1); }

void add_fans(std::vector<Row>& rows) {
  const double fan_in_messages[] = {200e3, 100e3, 50e3};
  for (const int qos : {0, 1, 2})
    rows.push_back(with_flow({.name = "fan-in-q" + digit(qos),
                              .what = "100 publishers to 1 subscriber, 64 B, QoS " + digit(qos),
                              .qos = qos,
                              .cpu_goal = small_cpu_goal},
                             fan_in_plan, 100, {fan_in_messages[qos], 20}));
  const double fan_out_messages[] = {400, 100, 50};
  for (const int qos : {0, 1, 2})
    rows.push_back(with_flow({.name = "fan-out-q" + digit(qos),
                              .what = "1 publisher to 1,000 subscribers, 64 B, QoS " + digit(qos),
                              .qos = qos,
                              .cpu_goal = small_cpu_goal},
                             fan_out_plan, 1000, {fan_out_messages[qos], 4}));
  rows.push_back(with_flow({.name = "match",
                            .what = "10,000 topics in 10,000 filters with wildcards, 64 B, QoS 0",
                            .cpu_goal = small_cpu_goal},
                           matching_plan, 10'000, {200e3, 100}));
}

void add_pairs(std::vector<Row>& rows) {
  for (const int qos : {0, 1, 2})
    rows.push_back(with_flow({.name = "one-q" + digit(qos),
                              .what = "1 to 1, one message at a time, 64 B, QoS " + digit(qos),
                              .qos = qos,
                              .latency_goal = latency_goal},
                             one_to_one, 1, {10e3, 1}));
  for (const int qos : {0, 1, 2})
    rows.push_back(with_flow({.name = "large-q" + digit(qos),
                              .what = "1 to 1, 64 KB, 16 under way, QoS " + digit(qos),
                              .qos = qos},
                             one_to_one, 1, {4000, 16, 64 * 1024}));
}

void add_durable(std::vector<Row>& rows) {
  for (const int qos : {1, 2}) {
    rows.push_back(with_flow({.name = "durable-fan-in-q" + digit(qos),
                              .what = "100 publishers to 1 subscriber with a session that is kept "
                                      "on disk, 64 B, QoS " +
                                      digit(qos),
                              .settings = {"durable"},
                              .qos = qos},
                             fan_in_plan, 100, {50e3, 20}));
    rows.push_back(with_flow({.name = "durable-one-q" + digit(qos),
                              .what = "1 to 1 with a session that is kept on disk, one at a time, "
                                      "64 B, QoS " +
                                      digit(qos),
                              .settings = {"durable"},
                              .qos = qos},
                             one_to_one, 1, {1000, 1}));
  }
}

Row retained(std::string name, std::string what, std::string unit, RetainedPlan::Measured which) {
  return {.name = std::move(name),
          .what = std::move(what),
          .unit = std::move(unit),
          .connections = 20,
          .run = [which](const Target& target, const RowScale& scale) {
            return RetainedStorm({.measured = which, .topics = scaled(10e3, scale)}, target,
                                 scale.patience)
                .run();
          }};
}

Row arrivals(Row row, ArrivalsPlan plan, double clients) {
  row.connections = plan.stay ? static_cast<std::size_t>(clients) : plan.at_once;
  row.scales_connections = plan.stay;
  row.tls = plan.tls;
  row.run = [plan, clients](const Target& target, const RowScale& scale) {
    ArrivalsPlan scaled_plan = plan;
    scaled_plan.clients = scaled(clients, scale);
    return Arrivals(scaled_plan, target, scale.patience).run();
  };
  return row;
}

std::vector<Row> make_rows() {
  std::vector<Row> rows;
  add_fans(rows);
  add_pairs(rows);
  add_durable(rows);
  rows.push_back(retained("retained-set", "10,000 retained messages are set, 64 B", "message",
                          RetainedPlan::Measured::setting));
  rows.push_back(retained("retained-give", "10 subscribers are given 10,000 retained messages each",
                          "delivery", RetainedPlan::Measured::giving));
  rows.push_back(arrivals({.name = "idle",
                           .what = "10,000 connections that stay and say nothing",
                           .unit = "connection",
                           .is_fresh = true},
                          {.stay = true}, 10e3));
  rows.push_back(arrivals(
      {.name = "connect", .what = "connections come and go, 200 at once", .unit = "connection"}, {},
      20e3));
  rows.push_back(arrivals(
      {.name = "tls", .what = "TLS handshakes with CONNECT, 20 at once", .unit = "handshake"},
      {.at_once = 20, .tls = true}, 2e3));
  return rows;
}

}  // namespace

std::size_t Row::descriptors(const RowScale& scale) const {
  return (scales_connections ? scaled(static_cast<double>(connections), scale) : connections) +
         spare_descriptors;
}

std::span<const Row> all_rows() {
  static const std::vector<Row> rows = make_rows();
  return rows;
}

}  // namespace mq::bench
