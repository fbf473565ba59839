// Cells of an LTE network along a way: ns-3's model of radio, scheduler, RLC, PDCP, RRC and core
// network, with handovers over X2. It is ticked every millisecond whatever the traffic.
#pragma once

#include <memory>

#include "sim/link/stations.h"
#include "sim/ns3/stations/stations.h"

namespace mq::sim::cell {

std::unique_ptr<Stations> make_lte_stations(const link::StationsModel& model, StationsHooks hooks);

}  // namespace mq::sim::cell
