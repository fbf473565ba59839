// What the matrix of statements by targets holds, before it is drawn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/conform/results.h"

namespace mq::report {

struct MatrixCell {
  std::vector<const ConformJudged*> judged;
  std::optional<ConformVerdict> verdict;       // the gravest; nothing: nothing was judged
  std::optional<ConformVerdict> must_verdict;  // of cases that the standard demands
  std::size_t decided = 0;                     // cases that say something of the target
  std::size_t amiss = 0;                       // of those, as the verdict says
  bool can_be_checked = false;                 // from outside, for the role of the target
  const ConformWatched* watched = nullptr;     // in every case; null: nothing put it to the test
};

struct MatrixRow {
  const ConformStatement* statement = nullptr;
  std::vector<MatrixCell> cells;  // one for each target
  bool differs = false;           // between targets
  bool fails = false;             // somewhere; what is known counts too
  bool must_differs = false;
  bool must_fails = false;

  bool is_touched() const;  // something was judged, or seen to break
};

struct MatrixGroup {
  std::string version;  // "v5"
  std::string section;  // "4.3", the first two levels
  std::string title;
  std::vector<MatrixRow> rows;
};

std::vector<MatrixGroup> matrix_of(const std::vector<ConformResults>& targets);

}  // namespace mq::report
