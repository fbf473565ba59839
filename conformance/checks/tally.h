// How often a promise was tried and broken, and the first few cases of the latter.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "conformance/checks/finding.h"

namespace mq::checks {

struct Tally {
  std::uint64_t tried = 0;
  std::uint64_t broken = 0;
  std::vector<Evidence> evidence;

  // `describe` gives the Evidence; it is asked only while there is room for it.
  template <class Describe>
  void blame(Describe&& describe) {
    ++broken;
    if (evidence.size() < evidence_max) evidence.push_back(std::forward<Describe>(describe)());
  }

  void judge(Finding& finding) const {
    finding.tried = tried;
    finding.broken = broken;
    finding.evidence = evidence;
    finding.verdict = broken > 0 ? Verdict::broken : tried > 0 ? Verdict::held : Verdict::not_tried;
  }
};

}  // namespace mq::checks
