// The catalogue of bugs that explore is held to: such as brokers and clients have had. Each is a
// switch of a faulty core (broker/core/fault.h, client/core/fault.h) or bends the packets of our
// broker (conformance/mutants). Linked into test programs only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "broker/core/fault.h"
#include "client/core/fault.h"
#include "conformance/mutants/passing.h"

namespace mq::explore {

struct Bug {
  std::string name;  // what who errs does, as the rest of a sentence: "the broker ..."
  bool of_client = false;
  // The promises, of which one has to break first, as ids of findings; "rules" stands for all rules
  // of the standard that oblige who errs.
  std::string promises;
  broker::Fault broker_fault{};
  client::Fault client_fault{};
  std::function<conformance::Behaviour()> behaviour;  // anew for each run; may be empty
};

std::vector<Bug> all_bugs();

// Whether a finding with this id tells of the bug, and not of something else.
bool tells_of(const Bug& bug, const std::string& id);

}  // namespace mq::explore
