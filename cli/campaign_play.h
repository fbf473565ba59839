// One run of a campaign, in this process: simulated, judged, and boiled down to an outcome. Writes
// no file.
#pragma once

#include <cstdint>
#include <string>

#include "campaign/outcome.h"
#include "cli/simulate.h"

namespace mq::cli {

struct CampaignOrder {
  std::string scenario_file;  // as messages name it; traces of links lie beside it
  std::string scenario_text;
  bool ns3 = true;
};

// Fills in all but the key and what it cost.
campaign::Outcome play_for_campaign(const CampaignOrder& order, const SimulationParts& parts);

}  // namespace mq::cli
