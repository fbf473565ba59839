// Over what `conform ours` plays its cases: the memory world next to the broker, or any world over
// a link of any profile. The program that is linked with ns-3 gives its world
// (conform_sim_main.cc).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "conformance/runner/ours.h"
#include "sim/world.h"

namespace mq::cli {

using MakeWorld = std::function<std::unique_ptr<sim::World>(std::uint64_t seed)>;

// Of this program; empty unless it is linked with ns-3.
MakeWorld& ns3_world();

// `world`: memory or ns3; `link`: a profile, or empty. What is wrong with them is told, and false
// returned.
bool lay_across(const std::string& world, const std::string& link, conformance::Across& across);

}  // namespace mq::cli
