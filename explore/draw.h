// Draws scenarios: small fleets on bad links, and the faults that befall them. One seed, one text.
// Swarm testing (Groce and others, 2012): each draw first leaves out some kinds of faults and
// features altogether, because what always comes together hides what only shows alone.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/language/document.h"

namespace mq::explore {

// The kinds of faults, as `--without` names them: of each run some are left out.
struct FaultKind {
  std::string_view name;
  std::string_view meaning;
  bool is_rare = false;    // not in most runs
  bool is_manner = false;  // of other kinds
};
inline constexpr std::array fault_kinds = {
    FaultKind{"cut", "links that carry nothing for a while"},
    FaultKind{"crash", "the broker's process is killed"},
    FaultKind{"power", "the power of the broker's machine fails"},
    FaultKind{"slow", "links become slower ones", true},
    FaultKind{"bloat", "the queues of links are kept full", true},
    FaultKind{"lose", "packets are lost", true},
    FaultKind{"duplicate", "packets arrive twice", true},
    FaultKind{"reorder", "packets are overtaken", true},
    FaultKind{"corrupt", "packets arrive damaged", true},
    FaultKind{"half_open", "the broker does not learn that a connection is gone", true},
    FaultKind{"reset", "connections are reset", true},
    FaultKind{"nat", "the carrier's address translator forgets", true},
    FaultKind{"move", "devices have another address", true},
    FaultKind{"reboot", "devices are switched off and on", true},
    FaultKind{"clock", "the clocks of devices are set", true},
    FaultKind{"storm", "all connect again at once", true},
    FaultKind{"pause", "the broker stands still", true},
    FaultKind{"disk", "the disk of our broker is full", true},
    FaultKind{"one-way", "cuts of one direction", false, true},
    FaultKind{"placed", "faults behind a certain packet", false, true},
    FaultKind{"swizzled", "faults that come to one after another", false, true},
};

struct Wanted {
  std::string world = "memory";      // or `ns3`
  std::string broker = {};           // the name of an adapter; empty: ours
  std::vector<std::string> without;  // names of fault_kinds
};

// A whole scenario. Every text is a valid one.
std::string draw(std::uint64_t seed, const Wanted& wanted);

// A scenario of the user's, valid, with its own fleet, links and expectations: its faults are taken
// away and others drawn.
std::string draw(std::uint64_t seed, const Wanted& wanted, const scenario::Node& base);

}  // namespace mq::explore
