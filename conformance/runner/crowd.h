// Many cases at a time against one broker in virtual time: as on real sockets each has topics and
// client ids of its own, and takes away what it leaves. So a day of keep alive passes once for all
// of them, and a broker that takes seconds to start is started once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/needs.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/verdict.h"
#include "sim/backend.h"
#include "sim/world.h"

namespace mq::conformance {

struct Crowd {
  std::uint64_t seed = 1;
  sim::LinkModel link;                       // of each connection
  std::map<Version, Abilities> abilities;    // what the broker has said of itself
  std::map<std::string, std::string> given;  // placeholders of the target
  std::function<bool()> is_gone = {};        // whether the broker has ended, or cannot go on
  Onlooker onlooker = {};
};

// In the order of the cases. Nothing: it was not decided, as the broker was gone, or the onlooker
// wanted to stop. The broker is not started yet, and outlives this.
std::vector<std::optional<Outcome>> play_at_once(const std::vector<const Case*>& cases,
                                                 sim::BrokerBackend& broker, const Crowd& crowd);

}  // namespace mq::conformance
