// mqttlab-campaign-sim: campaigns in the ns-3 world. As a whole it is under the GPL-2.0-only
// (NOTICE).
#include "cli/campaign.h"
#include "sim/ns3/ns3_world.h"

int main(int argc, char** argv) {
  mq::cli::CampaignProgram program{.is_ns3 = true, .argv = argv};
  program.parts.world = [](std::uint64_t seed) {
    return std::make_unique<mq::sim::Ns3World>(seed);
  };
  return mq::cli::campaign_main(argc, argv, program);
}
