#include "bench/figures.h"

#include <algorithm>

namespace mq::bench {
namespace {

std::optional<double> median(const std::vector<Outcome>& rounds,
                             std::optional<double> (*figure)(const Outcome&)) {
  std::vector<double> values;
  for (const Outcome& round : rounds)
    if (const auto value = figure(round)) values.push_back(*value);
  std::sort(values.begin(), values.end());
  if (values.empty()) return std::nullopt;
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void say(std::string& text, std::uint64_t count, const char* what) {
  if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
}

}  // namespace

Figures figures_of(const RowResult::Entry& entry) {
  using Figure = std::optional<double>;
  const auto& rounds = entry.rounds;
  return {.cpu_us = median(rounds,
                           [](const Outcome& each) -> Figure {
                             if (each.units == 0) return std::nullopt;
                             return each.cpu_seconds * 1e6 / static_cast<double>(each.units);
                           }),
          .per_second = median(rounds,
                               [](const Outcome& each) -> Figure {
                                 if (each.units == 0 || each.seconds <= 0) return std::nullopt;
                                 return static_cast<double>(each.units) / each.seconds;
                               }),
          .p50_us = median(rounds, [](const Outcome& each) { return each.p50_us; }),
          .p99_us = median(rounds, [](const Outcome& each) { return each.p99_us; }),
          .bytes_per_connection =
              median(rounds, [](const Outcome& each) { return each.bytes_per_connection; })};
}

std::string faults_of(const RowResult::Entry& entry) {
  Outcome sum;
  for (const Outcome& round : entry.rounds) {
    sum.lost += round.lost;
    sum.duplicated += round.duplicated;
    sum.disordered += round.disordered;
    sum.altered += round.altered;
    sum.astray += round.astray;
    if (sum.fault.empty()) sum.fault = round.fault;
    if (round.is_sound() || !round.fault.empty()) continue;
    if (round.units == 0) sum.fault = "nothing was delivered";
  }
  std::string text;
  say(text, sum.lost, "lost");
  say(text, sum.duplicated, "duplicated");
  say(text, sum.disordered, "out of order");
  say(text, sum.altered, "altered");
  say(text, sum.astray, "astray");
  if (!sum.fault.empty()) text += (text.empty() ? "" : ", ") + sum.fault;
  return text;
}

bool is_sound(const Contest& contest) {
  for (const RowResult& row : contest.rows)
    for (const RowResult::Entry& entry : row.entries)
      if (!faults_of(entry).empty()) return false;
  return true;
}

bool has_measured(const Contest& contest) {
  for (const RowResult& row : contest.rows)
    for (const RowResult::Entry& entry : row.entries)
      if (!entry.rounds.empty()) return true;
  return false;
}

const RowResult::Entry* reference_of(const RowResult& row) {
  for (const RowResult::Entry& entry : row.entries)
    if (entry.broker == reference_name && !entry.rounds.empty()) return &entry;
  return nullptr;
}

}  // namespace mq::bench
