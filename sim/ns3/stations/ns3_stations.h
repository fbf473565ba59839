// ns-3's own radio networks, for Ns3World. Who names this links ns-3's modules for them, which take
// their time to load.
#pragma once

#include <memory>

#include "sim/ns3/ns3_world.h"

namespace mq::sim {

std::unique_ptr<cell::Stations> ns3_stations(const link::StationsModel& model,
                                             cell::StationsHooks hooks);

}  // namespace mq::sim
