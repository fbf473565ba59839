// A broker that is not ours as a target in virtual time: minutes of keep alive and hours of expiry
// take no time. Each case has a broker of its own, freshly started.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/runner/library.h"
#include "conformance/runner/suite.h"

namespace mq::cli {

struct VirtualRun {
  std::vector<conformance::CaseResult> results;
  std::string release;  // which broker it is, as it says
  std::string lost;     // why it could not go on; empty: it could
};

// Throws peers::AdapterError, peers::PeerError, std::system_error, std::invalid_argument.
VirtualRun conform_in_virtual_time(const std::vector<const conformance::Case*>& cases,
                                   const conformance::Library& library, const std::string& broker,
                                   std::uint64_t seed, const conformance::Onlooker& onlooker);

}  // namespace mq::cli
