// Runs workers, some at a time, and shows on a terminal how far they are.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/time.h"
#include "cli/terminal.h"
#include "cli/worker.h"

namespace mq::cli {

// One end per order, in order. After an interrupt the running workers are interrupted too and the
// others are not started: their exit code is that of the interrupt. `length` is the virtual length
// of an order's run.
std::vector<WorkerEnd> run_workers(const std::vector<WorkerOrder>& orders, std::uint32_t jobs,
                                   const std::function<Duration(const WorkerOrder&)>& length,
                                   const Terminal& terminal);

}  // namespace mq::cli
