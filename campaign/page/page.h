// The report of a campaign: one file without anything from outside. Where promises break, as heat
// maps with their frontier; the numbers behind them, to be read and to be saved.
#pragma once

#include <optional>
#include <string>

#include "campaign/page/heat_map.h"
#include "campaign/summary.h"

namespace mq::campaign {

struct PageFacts {
  std::string program_version;
  std::string command;  // that shows a run again, without its number: "mqttlab campaign show FILE"
};

std::string campaign_page(const Summary& summary, const HeatMaps& maps, const PageFacts& facts);

}  // namespace mq::campaign
