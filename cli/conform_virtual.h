// A broker that is not ours as a target in virtual time: minutes of keep alive and hours of expiry
// take no time. All cases are played at a time against one broker of its kind; what goes wrong
// then, and is not known to, is played again by itself, with a broker freshly started.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "conformance/runner/library.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/target.h"

namespace mq::cli {

struct VirtualRun {
  std::vector<conformance::CaseResult> results;
  std::string release;                     // which broker it is, as it says
  std::string lost;                        // why it could not go on; empty: it could
  std::vector<std::string> only_at_first;  // ids of cases that failed, but not by themselves
};

struct VirtualOptions {
  std::string broker;  // of an adapter, the name or the file
  std::uint64_t seed = 1;
  // Of the broker's time, for one case: who wakes up ten times a second takes long over weeks.
  Duration longest = std::chrono::hours(28);
  conformance::Onlooker onlooker = {};
  // Whether it fails as it is known to.
  std::function<bool(const conformance::CaseResult& result)> is_known = {};
};

// `target`: what else is known of it. Throws peers::AdapterError, peers::PeerError,
// std::system_error, std::invalid_argument.
VirtualRun conform_in_virtual_time(const std::vector<const conformance::Case*>& cases,
                                   const conformance::Library& library, conformance::Target target,
                                   const VirtualOptions& options);

}  // namespace mq::cli
