#include "sim/memory/memory_world.h"
#include "sim/world_suite.h"

namespace mq::sim {

std::unique_ptr<World> make_world(std::uint64_t seed) {
  return std::make_unique<MemoryWorld>(seed);
}

std::size_t connections_alive(const World& world) {
  return dynamic_cast<const MemoryWorld&>(world).connections_alive();
}

std::uint64_t known_history() { return 0xedb6c175dd097db1; }

}  // namespace mq::sim
