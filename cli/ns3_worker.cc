#include "cli/ns3_worker.h"

#if MQTTLAB_MIMALLOC
#include <mimalloc.h>
#endif

#include <memory>
#include <string_view>

#include "cli/play.h"
#include "cli/simulate.h"

namespace mq::cli {

int ns3_worker_main(int argc, char** argv, sim::MakeStations stations) {
#if MQTTLAB_MIMALLOC
  mi_option_enable(mi_option_large_os_pages);  // where the system offers them
#endif
  SimulationParts parts;
  parts.world = [stations](std::uint64_t seed) {
    return std::make_unique<sim::Ns3World>(seed, sim::Ns3Limits{}, stations);
  };
  parts.versions = {{"ns-3", MQTTLAB_NS3_VERSION, ""}};
  if (argc > 1 && std::string_view(argv[1]) == "player") return player_main(parts);
  return worker_main(argc, argv, parts);
}

}  // namespace mq::cli
