// Our own broker as a target: linked in, in the memory world, in virtual time. Each case has a
// world and a broker of its own, so a case that needs the broker configured gets it so.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conformance/runner/needs.h"
#include "conformance/runner/play.h"
#include "conformance/runner/verdict.h"
#include "sim/backend.h"
#include "sim/world.h"
#include "transport/layer.h"

namespace mq::conformance {

Abilities abilities_of_ours();

// Why a line of `config:` means nothing to our broker; empty if it does.
std::string config_fault(const std::string& setting);

// What stands between the world and our broker in the tests of the cases: a broker that errs.
using Between = std::function<std::unique_ptr<sim::BrokerBackend>(sim::BrokerBackend& broker)>;

// What lies between the tester and the broker.
struct Across {
  // Makes the world of one case; nothing: the memory world.
  std::function<std::unique_ptr<sim::World>(std::uint64_t seed)> world;
  sim::LinkModel link;       // of each connection
  Abilities abilities = {};  // what the broker has said of itself, if it was asked
  // How the broker is configured whatever the case is about: lines of `config:`, of which those of
  // the case come after these.
  std::vector<std::string> settings = {};
  // Instead of the broker's half of WebSocket, in cases that need it; nothing: as it is.
  std::function<std::unique_ptr<transport::Layer>(std::unique_ptr<transport::Layer> layer)>
      web_socket = {};
};
// The memory world, 1 ms away.
Across next_to_ours();

// What a packet and its answer take at most, where none is lost: what a case's times must tolerate.
Duration round_trip(const sim::LinkModel& link);

// Of any case in virtual time at the end of such a link.
Surroundings surroundings_at(const sim::LinkModel& link);

Outcome play_against_ours(const Case& one, std::uint64_t seed, const Between& between = {},
                          const Across& across = next_to_ours());

}  // namespace mq::conformance
