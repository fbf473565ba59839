// What the worker programs of the ns-3 world have in common: their main function.
#pragma once

#include "sim/ns3/ns3_world.h"

namespace mq::cli {

// Without `stations` no link of the plan may have a network of ns-3's own.
int ns3_worker_main(int argc, char** argv, sim::MakeStations stations = nullptr);

}  // namespace mq::cli
