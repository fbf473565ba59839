// The player's side of player.h: runs a small scenario and judges it, in this process.
#pragma once

#include <string>

#include "cli/player.h"
#include "cli/simulate.h"

namespace mq::cli {

Played play(const std::string& text, const SimulationParts& parts);

// The main function of a player: `mqttlab player`, `mqttlab-sim player`.
int player_main(const SimulationParts& parts);

}  // namespace mq::cli
