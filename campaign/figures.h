// The figures that are kept of each run: those of `mqttlab gate` that are shares, times or bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mq::campaign {

enum class Unit : std::uint8_t { seconds, share, count, bytes };

struct Figure {
  std::string_view id;  // as gate/facts.h has it
  std::string_view name;
  Unit unit;
  bool lower_is_better = true;
};

inline constexpr std::array figures{
    Figure{"latency-p50-qos0", "median latency, QoS 0", Unit::seconds},
    Figure{"latency-p50-qos1", "median latency, QoS 1", Unit::seconds},
    Figure{"latency-p50-qos2", "median latency, QoS 2", Unit::seconds},
    Figure{"latency-p99-qos0", "p99 latency, QoS 0", Unit::seconds},
    Figure{"latency-p99-qos1", "p99 latency, QoS 1", Unit::seconds},
    Figure{"latency-p99-qos2", "p99 latency, QoS 2", Unit::seconds},
    Figure{"latency-max-qos0", "longest latency, QoS 0", Unit::seconds},
    Figure{"latency-max-qos1", "longest latency, QoS 1", Unit::seconds},
    Figure{"latency-max-qos2", "longest latency, QoS 2", Unit::seconds},
    Figure{"delivered-qos0", "deliveries made, QoS 0", Unit::share, false},
    Figure{"delivered-qos1", "deliveries made, QoS 1", Unit::share, false},
    Figure{"delivered-qos2", "deliveries made, QoS 2", Unit::share, false},
    Figure{"lost-qos0", "deliveries lost, QoS 0", Unit::share},
    Figure{"lost-qos1", "deliveries lost, QoS 1", Unit::share},
    Figure{"lost-qos2", "deliveries lost, QoS 2", Unit::share},
    Figure{"duplicated-qos1", "deliveries made twice, QoS 1", Unit::share},
    Figure{"refused-qos1", "messages refused, QoS 1", Unit::share},
    Figure{"unacknowledged-qos1", "messages not acknowledged, QoS 1", Unit::share},
    Figure{"unacknowledged-qos2", "messages not acknowledged, QoS 2", Unit::share},
    Figure{"connected", "time the fleet was connected", Unit::share, false},
    Figure{"connects", "connects tried by the fleet", Unit::count},
    Figure{"bytes-up", "bytes on the air, up", Unit::bytes},
    Figure{"bytes-down", "bytes on the air, down", Unit::bytes},
};

// As a column of the results: "latency_p50_qos0".
std::string column(const Figure& figure);
// Nothing in it but the number and its unit: "12.4 ms", "99.95 %".
std::string in_words(const Figure& figure, double value);

}  // namespace mq::campaign
