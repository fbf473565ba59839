// A broker by URL as the broker of a run, in real time.
#pragma once

#include <memory>

#include "cli/broker_of_run.h"
#include "scenarios/plan.h"

namespace mq::cli {

// Throws NoBroker.
std::unique_ptr<BrokerOfRun> realtime_broker(const scenario::Plan& plan);

}  // namespace mq::cli
