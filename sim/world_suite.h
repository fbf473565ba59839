// What every world must do, as one suite of tests: world_suite.cc is built once per world, with the
// make_world() of that world.
#pragma once

#include <cstdint>
#include <memory>

#include "sim/world.h"

namespace mq::sim {

std::unique_ptr<World> make_world(std::uint64_t seed);

// Connections that the world still holds something for, at both ends together; after all sockets
// are gone and some minutes have passed it must be zero.
std::size_t connections_alive(const World& world);

// Of the fleet in the suite, with seed 7: the same in every build, whatever the optimisation. It
// changes only when links, TCP or that test are changed on purpose.
std::uint64_t known_history();

}  // namespace mq::sim
