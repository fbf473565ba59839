// A broker on real sockets as a target: asks it first what it can do, then plays many cases at a
// time on one thread, each on topics and with client ids of its own, and takes away what they
// leave. Time that passes here is real, so patience is short.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "conformance/runner/address.h"
#include "conformance/runner/pace.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/target.h"

namespace mq::conformance {

struct RemoteOptions {
  std::size_t at_once = 100;                    // cases
  Duration longest = std::chrono::seconds(10);  // of a case
  Duration hello_within = std::chrono::seconds(5);
  PaceLimits pace = {};
  std::string word;  // of this run alone, a few letters: topics and client ids have it
  Onlooker onlooker = {};
  // Whether it fails as it is known to: it is not played again then. Empty: nothing is known.
  std::function<bool(const CaseResult& result)> is_known = {};
};

// Letters and digits that no other run has.
std::string word_of_a_run();

struct RemoteRun {
  std::vector<CaseResult> results;  // in the order of the cases
  // Why the target could not be reached, or since when it answers no more; empty: it was there to
  // the end. What is known until then is in the results.
  std::string lost;
  bool was_limited = false;  // connections were turned away, and the run went on more slowly
  double connections_per_second = 0;       // at the end; 0: any number
  std::vector<std::string> only_at_first;  // ids of cases that failed, but not when played again
};

// A TLS file that cannot be used, or a host without an address, is `lost` too.
RemoteRun run_remotely(const std::vector<const Case*>& cases, const Library& library,
                       const Target& target, const RemoteOptions& options);

}  // namespace mq::conformance
