#include "sim/ns3/stations/stations.h"

#include "base/ensure.h"
#include "sim/link/stations.h"
#include "sim/ns3/stations/lte_stations.h"
#include "sim/ns3/stations/ns3_stations.h"
#include "sim/ns3/stations/wifi_stations.h"

namespace mq::sim {

std::unique_ptr<cell::Stations> ns3_stations(const link::StationsModel& model,
                                             cell::StationsHooks hooks) {
  ensure(model.count >= 2, "a way leads from one station to another");
  if (model.kind == link::StationsModel::Kind::wifi)
    return cell::make_wifi_stations(model, std::move(hooks));
  return cell::make_lte_stations(model, std::move(hooks));
}

}  // namespace mq::sim
