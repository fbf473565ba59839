// mqttlab-campaign: campaigns in the memory world, and everything about campaigns that is not a
// run.
#include "cli/campaign.h"
#include "sim/memory/memory_world.h"

int main(int argc, char** argv) {
  mq::cli::CampaignProgram program{.argv = argv};
  program.parts.world = [](std::uint64_t seed) {
    return std::make_unique<mq::sim::MemoryWorld>(seed);
  };
  return mq::cli::campaign_main(argc, argv, program);
}
