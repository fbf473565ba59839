// Draws scenarios: small fleets on bad links, and the faults that befall them. One seed, one text.
// Swarm testing (Groce and others, 2012): each draw first leaves out some kinds of faults and
// features altogether, because what always comes together hides what only shows alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "scenarios/language/document.h"

namespace mq::explore {

// A whole scenario for a world, `memory` or `ns3`. Every text is a valid one.
std::string draw(std::uint64_t seed, std::string_view world);

// A scenario of the user's, valid, with its own fleet, links and expectations: its faults are taken
// away and others drawn.
std::string draw(std::uint64_t seed, std::string_view world, const scenario::Node& base);

}  // namespace mq::explore
