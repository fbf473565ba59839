#include "cli/campaign.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"
#include "cli/programs.h"
#include "cli/verbs.h"

namespace mq::cli {
namespace {

const CampaignProgram* this_program = nullptr;

constexpr std::array verbs_below{"plan", "run", "status", "merge", "report", "show"};

// `campaign FILE` is `campaign run FILE`.
std::vector<char*> with_verb(int argc, char** argv) {
  static char run[] = "run";
  std::vector<char*> all(argv, argv + argc);
  if (argc > 2 && argv[2][0] != '-' &&
      std::none_of(verbs_below.begin(), verbs_below.end(),
                   [&](const char* verb) { return std::strcmp(verb, argv[2]) == 0; }) &&
      (std::string_view(argv[2]).find_first_of("./") != std::string_view::npos))
    all.insert(all.begin() + 2, run);
  all.push_back(nullptr);
  return all;
}

}  // namespace

void add_campaign(CLI::App& app, int& exit_code) {
  Command verb(app, "campaign", "a sweep over the parameters of a scenario, here or on a cluster");
  add_campaign_plan(verb, *this_program, exit_code);
  add_campaign_run(verb, *this_program, exit_code);
  add_campaign_results(verb, exit_code);
  verb.footer(
      "`mqttlab campaign FILE` is `mqttlab campaign run FILE`. docs/campaigns.md has more.");
}

std::optional<int> handed_over(const campaign::Campaign& campaign, const CampaignProgram& program) {
  if (program.is_ns3 || campaign.world == campaign::World::memory) return std::nullopt;
  return become("mqttlab-campaign-sim", program.argv);
}

int campaign_main(int argc, char** argv, const CampaignProgram& program) {
  this_program = &program;
  std::vector<char*> words = with_verb(argc, argv);
  constexpr std::array verbs{AddVerb{add_campaign}};
  return run_command_line(static_cast<int>(words.size()) - 1, words.data(), verbs);
}

}  // namespace mq::cli
