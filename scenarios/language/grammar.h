// The tables of the scenario language.
#pragma once

#include <array>

#include "scenarios/language/shape.h"

namespace mq::scenario {

extern const Shape scenario_shape;      // a scenario file
extern const Shape profile_file_shape;  // a file of scenarios/profiles

// Parts that parse.cc and its neighbours read by name.
extern const Shape link_shape;
extern const Shape direction_shape;
extern const Shape rate_shape;
extern const Shape delay_shape;
extern const Shape time_shape;  // as delay_shape, without a correlation
extern const Shape bursts_shape;
extern const Shape radio_shape;
extern const Shape sleep_shape;
extern const Shape handovers_shape;
extern const Shape nat_shape;
extern const Shape roaming_shape;
extern const Shape power_shape;
extern const Shape outages_shape;
extern const Shape lte_shape;
extern const Shape wifi_shape;
extern const Shape window_shape;
extern const Shape group_shape;
extern const Shape will_shape;
extern const Shape publish_shape;
extern const Shape subscribe_shape;
extern const Shape program_shape;
extern const Shape rest_shape;
extern const Shape put_shape;
extern const Shape get_shape;
extern const Shape store_shape;
extern const Shape fault_shape;
extern const Shape expectation_shape;
extern const Shape latency_shape;
extern const Shape bytes_shape;
extern const Shape radio_limit_shape;
extern const Shape energy_shape;
extern const Shape reconnects_shape;
extern const Shape first_message_shape;  // and staleness
extern const Shape age_shape;
extern const Shape user_shape;
extern const Shape broker_shape;

// A quantity written as a mapping: its `value`, an `item`, and its `source`.
std::array<Key, 2> sourced_keys(const Shape& item);

}  // namespace mq::scenario
