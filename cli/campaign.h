// mqttlab campaign: the verbs below it. Two programs have them, as ns-3 is linked with one only.
#pragma once

#include <optional>
#include <string>

#include "campaign/campaign.h"
#include "cli/command_line.h"
#include "cli/simulate.h"

namespace mq::cli {

// What this program can simulate, and how it becomes the one that can simulate the rest.
struct CampaignProgram {
  SimulationParts parts;
  bool is_ns3 = false;
  char** argv = nullptr;
};

// The main function of both.
int campaign_main(int argc, char** argv, const CampaignProgram& program);

// The verbs, each in a file of its own.
void add_campaign_plan(Command& campaign, const CampaignProgram& program, int& exit_code);
void add_campaign_run(Command& campaign, const CampaignProgram& program, int& exit_code);
void add_campaign_results(Command& campaign, int& exit_code);  // status, merge, report, show

// Nothing if this program can simulate it; else the exit code of the one that was tried instead.
std::optional<int> handed_over(const campaign::Campaign& campaign, const CampaignProgram& program);

}  // namespace mq::cli
