#include "sim/ns3/ns3_world.h"
#include "sim/world_suite.h"

namespace mq::sim {

std::unique_ptr<World> make_world(std::uint64_t seed) { return std::make_unique<Ns3World>(seed); }

std::size_t connections_alive(const World& world) {
  return dynamic_cast<const Ns3World&>(world).connections_alive();
}

std::uint64_t known_history() { return 0xb287262eff411d6f; }

}  // namespace mq::sim
