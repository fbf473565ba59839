// From the trace of a run to the message sequence diagrams of its broken promises: who sent what to
// whom around the message that evidence names.
#pragma once

#include <cstddef>
#include <istream>
#include <span>
#include <vector>

#include "conformance/checks/finding.h"
#include "reports/results.h"

namespace mq::report {

inline constexpr std::size_t sequences_max = 8;        // per report
inline constexpr std::size_t sequence_steps_max = 60;  // per diagram; the middle is left out

// A diagram of the first evidence of each broken promise, the first `sequences_max` of them, out of
// an events.ndjson. What cannot be read ends the reading, not the diagrams.
std::vector<SequenceDiagram> draw_sequences(std::istream& events,
                                            std::span<const checks::Finding> findings);

}  // namespace mq::report
