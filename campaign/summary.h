// What the rows of a results file come to: by the points of the plan, and over all.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "campaign/figures.h"
#include "campaign/outcome.h"
#include "campaign/plan.h"

namespace mq::campaign {

// The runs of one point with one broker, or of several of these.
struct Cell {
  std::uint64_t runs = 0;  // that have ended
  std::uint64_t held = 0;
  std::uint64_t broken = 0;
  std::uint64_t nothing = 0;                      // judged, and nothing was measured
  std::uint64_t unjudged = 0;                     // refused, crashed, ...
  std::map<std::string, std::uint64_t> promises;  // broken: id, runs
  // Of the runs that have one: which figure, how much. A campaign may have millions of cells.
  std::vector<std::pair<std::uint8_t, float>> values;

  std::uint64_t judged() const { return held + broken + nothing; }
  void add(const Outcome& outcome);
  void add(const Cell& other);
};

// Of the runs of a cell, for each figure; NaN if no run has it.
std::array<double, figures.size()> medians(const Cell& cell);

// A run without a verdict, for the list of them.
struct Unjudged {
  std::uint32_t run = 0;
  Key key{};
  End end = End::crashed;
  std::string why;
};

class Summary {
 public:
  explicit Summary(const Plan& plan);

  void take(const Outcome& outcome);

  const Plan& plan() const { return plan_; }
  const Cell& cell(std::uint32_t point, std::uint32_t broker) const {
    return cells_[point * plan_.brokers() + broker];
  }
  const Cell& all() const { return all_; }
  std::uint64_t ended(End end) const { return ends_[static_cast<std::size_t>(end)]; }
  std::uint64_t left() const { return plan_.runs() - all_.runs; }
  // Rows of an earlier state of the campaign file, which count no longer.
  std::uint64_t strangers() const { return strangers_; }
  // The first few.
  const std::vector<Unjudged>& unjudged() const { return unjudged_; }
  // Broken at least once, the most often broken first: id, runs.
  std::vector<std::pair<std::string, std::uint64_t>> promises() const;
  // Of each promise what was said of a run that broke it.
  const std::map<std::string, std::pair<std::uint32_t, std::string>>& evidence() const {
    return evidence_;
  }
  std::uint64_t cpu_us() const { return cpu_us_; }
  std::uint64_t wall_us() const { return wall_us_; }

 private:
  const Plan& plan_;
  std::vector<KeyedRun> runs_;
  std::vector<Cell> cells_;
  Cell all_;
  std::array<std::uint64_t, static_cast<std::size_t>(End::crashed) + 1> ends_{};
  std::uint64_t strangers_ = 0;
  std::uint64_t cpu_us_ = 0;
  std::uint64_t wall_us_ = 0;
  std::vector<Unjudged> unjudged_;
  std::map<std::string, std::pair<std::uint32_t, std::string>> evidence_;
};

inline constexpr std::size_t unjudged_listed_max = 20;

// For the terminal: how far it is, what held, where what broke.
std::string text_of(const Summary& summary);

}  // namespace mq::campaign
