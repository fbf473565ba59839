// The figures that runs have, each once: what it is called, which way is better, and the least
// difference that matters. `gate` and `compare` test them, `campaign` keeps them of every run.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace mq::gate {

enum class Better : std::uint8_t { lower, higher };
enum class Unit : std::uint8_t { seconds, share, count, bytes, joules };

struct KnownMetric {
  std::string_view id;  // "latency-p99-qos1"
  std::string_view name;
  Unit unit;
  // Differences below these are not worth stopping a release for; `--tolerate` says otherwise. By
  // default both must be exceeded.
  double least_share;     // of the value in BASE
  double least_absolute;  // in its unit: seconds, 0 ... 1, a number, bytes
  Better better = Better::lower;
};

inline constexpr double a_tenth = 0.10;
inline constexpr double a_twentieth = 0.05;
inline constexpr double a_millisecond = 1e-3;
inline constexpr double one_in_a_thousand = 1e-3;

constexpr KnownMetric time_of(std::string_view id, std::string_view name,
                              double least = a_millisecond) {
  return {id, name, Unit::seconds, a_tenth, least};
}
constexpr KnownMetric share_of(std::string_view id, std::string_view name) {
  return {id, name, Unit::share, a_tenth, one_in_a_thousand};
}
constexpr KnownMetric count_of(std::string_view id, std::string_view name) {
  return {id, name, Unit::count, a_tenth, 1};
}
constexpr KnownMetric cost_of(std::string_view id, std::string_view name, Unit unit,
                              double least = a_millisecond) {
  return {id, name, unit, a_twentieth, least};
}
constexpr KnownMetric delivered_of(std::string_view id, std::string_view name) {
  return {id, name, Unit::share, 0, one_in_a_thousand, Better::higher};
}

// In the order of their weight: a page that has no room for all shows the first ones.
inline constexpr std::array known_metrics{
    time_of("latency-p50-qos0", "p50 latency of QoS 0"),
    time_of("latency-p50-qos1", "p50 latency of QoS 1"),
    time_of("latency-p50-qos2", "p50 latency of QoS 2"),
    time_of("latency-p99-qos0", "p99 latency of QoS 0"),
    time_of("latency-p99-qos1", "p99 latency of QoS 1"),
    time_of("latency-p99-qos2", "p99 latency of QoS 2"),
    time_of("latency-max-qos0", "max latency of QoS 0"),
    time_of("latency-max-qos1", "max latency of QoS 1"),
    time_of("latency-max-qos2", "max latency of QoS 2"),
    delivered_of("delivered-qos0", "deliveries made of those owed, QoS 0"),
    delivered_of("delivered-qos1", "deliveries made of those owed, QoS 1"),
    delivered_of("delivered-qos2", "deliveries made of those owed, QoS 2"),
    share_of("lost-qos0", "deliveries lost, QoS 0"),
    share_of("lost-qos1", "deliveries lost, QoS 1"),
    share_of("lost-qos2", "deliveries lost, QoS 2"),
    share_of("duplicated-qos0", "deliveries made twice, QoS 0"),
    share_of("duplicated-qos1", "deliveries made twice, QoS 1"),
    share_of("duplicated-qos2", "deliveries made twice, QoS 2"),
    KnownMetric{"connected", "time the fleet was connected", Unit::share, 0, 0.005, Better::higher},
    count_of("reconnects", "reconnects of the fleet"),
    cost_of("bytes-up", "bytes on the air, up", Unit::bytes, 0),
    cost_of("bytes-down", "bytes on the air, down", Unit::bytes, 0),
    cost_of("radio-on", "time that radios were on", Unit::seconds),
    cost_of("energy", "energy of the radios", Unit::joules),
    time_of("first-message-p50", "p50 time to the first message after an outage"),
    time_of("first-message-p99", "p99 time to the first message after an outage"),
    time_of("staleness-p50", "p50 age of retained values"),
    time_of("staleness-p99", "p99 age of retained values"),
    time_of("silent-drop-late", "silent clients dropped late by", 0.1),
    share_of("late-qos0", "deliveries later than promised, QoS 0"),
    share_of("late-qos1", "deliveries later than promised, QoS 1"),
    share_of("late-qos2", "deliveries later than promised, QoS 2"),
    share_of("reordered-qos0", "deliveries out of order, QoS 0"),
    share_of("reordered-qos1", "deliveries out of order, QoS 1"),
    share_of("reordered-qos2", "deliveries out of order, QoS 2"),
    share_of("refused-qos0", "messages refused by client or broker, QoS 0"),
    share_of("refused-qos1", "messages refused by client or broker, QoS 1"),
    share_of("refused-qos2", "messages refused by client or broker, QoS 2"),
    share_of("unacknowledged-qos1", "messages without an acknowledgement, QoS 1"),
    share_of("unacknowledged-qos2", "messages without an acknowledgement, QoS 2"),
    count_of("connects", "connects tried by the fleet"),
    time_of("latency-p90-qos0", "p90 latency of QoS 0"),
    time_of("latency-p90-qos1", "p90 latency of QoS 1"),
    time_of("latency-p90-qos2", "p90 latency of QoS 2"),
};

}  // namespace mq::gate
