// The storm of a drawn scenario: its `faults`.
#pragma once

#include <string>
#include <vector>

#include "explore/dice.h"
#include "explore/draw.h"

namespace mq::explore {

struct Storm {
  double seconds = 60;               // how long it lasts
  std::vector<std::string> targets;  // links, groups and clients
  // Of these, those behind which nobody is but clients of ours; else what befalls such clients only
  // is not drawn.
  std::vector<std::string> own_targets = {};
  bool may_lose_stores = true;  // every client can begin anew when its store is lost
};

// The whole entry `faults:`, or nothing if everything is left out.
std::string draw_faults(Dice& dice, const Wanted& wanted, const Storm& storm);

std::string milliseconds(double seconds);

}  // namespace mq::explore
