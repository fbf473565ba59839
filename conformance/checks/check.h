// A check is a fold over a trace with bounded state: the same live, over a stored file, and for
// any broker.
#pragma once

#include <memory>
#include <vector>

#include "conformance/checks/finding.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

class Check : public trace::Observer {
 public:
  // After the last event, once. Never empty: a check without a case says not_tried.
  virtual std::vector<Finding> finish(Instant end) = 0;
};

}  // namespace mq::checks
