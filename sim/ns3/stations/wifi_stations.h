// Access points of one Wi-Fi along a way: ns-3's model of PHY, MAC, rate control, scanning and
// association. A device keeps to its access point until it has not heard it for ten beacons, then
// it looks for another.
#pragma once

#include <memory>

#include "sim/link/stations.h"
#include "sim/ns3/stations/stations.h"

namespace mq::sim::cell {

std::unique_ptr<Stations> make_wifi_stations(const link::StationsModel& model, StationsHooks hooks);

}  // namespace mq::sim::cell
