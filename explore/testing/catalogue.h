// Holds explore to the catalogue of bugs: one and the same drawing for all of them, and nothing
// that says where to look. The memory world, in this process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/player.h"
#include "explore/testing/bugs.h"

namespace mq::explore {

// What one core plays in a quarter of a minute, as measured (docs/explore.md).
inline constexpr std::uint64_t runs_most = 2000;
// The goal is three faults at most.
inline constexpr std::size_t faults_most = 3;

struct Found {
  std::uint64_t runs = 0;  // until it was found; 0: it was not
  std::uint64_t seed = 0;
  std::string promise;  // the first that broke
  std::string evidence;
  std::string smallest;    // the scenario
  std::size_t plays = 0;   // for making it smaller
  std::size_t faults = 0;  // of the smallest
  std::size_t clients = 0;
  double seconds = 0;           // of processor time, shrinking included
  bool without_it_too = false;  // the same scenario fails without the bug: it proves nothing
};

cli::Played play_with(const Bug& bug, const std::string& text);
Found hunt(const Bug& bug, std::uint64_t first_seed = 1, std::uint64_t runs = runs_most);

}  // namespace mq::explore
