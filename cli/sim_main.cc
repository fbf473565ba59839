// mqttlab-sim: the worker for the ns-3 world, and the only program that is linked with ns-3. As a
// whole it is under the GPL-2.0-only (NOTICE).
#if MQTTLAB_MIMALLOC
#include <mimalloc.h>
#endif

#include <string_view>

#include "cli/play.h"
#include "cli/simulate.h"
#include "sim/ns3/ns3_world.h"
#include "sim/ns3/stations/ns3_stations.h"

int main(int argc, char** argv) {
#if MQTTLAB_MIMALLOC
  mi_option_enable(mi_option_large_os_pages);  // where the system offers them
#endif
  mq::cli::SimulationParts parts;
  parts.world = [](std::uint64_t seed) {
    return std::make_unique<mq::sim::Ns3World>(seed, mq::sim::Ns3Limits{}, &mq::sim::ns3_stations);
  };
  parts.versions = {{"ns-3", MQTTLAB_NS3_VERSION, ""}};
  if (argc > 1 && std::string_view(argv[1]) == "player") return mq::cli::player_main(parts);
  return mq::cli::worker_main(argc, argv, parts);
}
