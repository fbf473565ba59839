// The rounds of a broker in one row as one set of figures, and how they compare with another's.
#pragma once

#include <optional>
#include <string>

#include "bench/contest.h"

namespace mq::bench {

// Medians over the rounds. What a row does not measure is not there.
struct Figures {
  std::optional<double> cpu_us;  // of the broker, per unit
  std::optional<double> per_second;
  std::optional<double> p50_us, p99_us;
  std::optional<double> bytes_per_connection;
};

Figures figures_of(const RowResult::Entry& entry);

// What is wrong with the rounds of an entry, in a few words; empty if nothing is.
std::string faults_of(const RowResult::Entry& entry);
bool is_sound(const Contest& contest);      // no row of any broker has a fault
bool has_measured(const Contest& contest);  // anything at all

inline constexpr const char* reference_name = "mosquitto";
// Of the broker that the others are compared with; nullptr if it was not measured in this row.
const RowResult::Entry* reference_of(const RowResult& row);

std::string to_table(const Contest& contest);
std::string to_json(const Contest& contest, const ContestOptions& options);

}  // namespace mq::bench
