// Cuts the plan into heat maps: two parameters along the edges, a map for each value of the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/page/dimensions.h"
#include "campaign/summary.h"

namespace mq::campaign {

// As much as a page of 1 MB shows; of what is left out it says so.
inline constexpr std::size_t cells_max = 1200;
inline constexpr std::size_t maps_max = 36;

struct HeatMap {
  std::vector<std::string> where;  // "fleet.sensors.keep_alive = 60s", for each of the others
  std::vector<Cell> cells;         // row by row
};

struct HeatMaps {
  std::optional<Dimension> x;
  std::optional<Dimension> y;
  std::vector<std::string> together;  // parameters over which all values are counted together
  std::vector<HeatMap> maps;
  std::size_t columns() const { return x ? x->labels.size() : 1; }
  std::size_t rows() const { return y ? y->labels.size() : 1; }
};

// `x` and `y` name dimensions; empty: the first two that are there. Nothing if there is none of
// that name: `why` says which there are.
std::optional<HeatMaps> heat_maps(const Summary& summary, const std::string& x,
                                  const std::string& y, std::string& why);

// Where promises begin to break: whether something differs between two neighbours in that respect.
bool is_frontier(const Cell& a, const Cell& b);

}  // namespace mq::campaign
