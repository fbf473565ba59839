// Where a campaign and its results lie.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "campaign/plan.h"
#include "campaign/store/results_file.h"
#include "campaign/summary.h"

namespace mq::cli {

// The campaign of a file and the scenario that it names. Nothing when it has said on stderr what is
// wrong with them.
std::optional<campaign::Campaign> load_campaign(const std::string& file);
// The same of what a results file has kept.
std::optional<campaign::Campaign> stored_campaign(const campaign::About& about);

campaign::About about(const campaign::Campaign& campaign);

// What the process ends with, by the gravest of the runs (cli/exit_code.h).
int code_of(const campaign::Summary& summary);

// "results/campaign/NAME" for "some/where/NAME.yaml".
std::string default_campaign_folder(const std::string& file);
std::string results_of_all(const std::string& folder);  // campaign.db
std::string results_of_shard(const std::string& folder, const campaign::Shard& shard);

// The results files that a user's word means: a file itself, of a folder all, of a campaign file
// those in `folder`, or in its own folder if that is empty. In the order of their names.
std::vector<std::string> results_files(const std::string& word, const std::string& folder);

// Everything that some results files know of one campaign.
struct Stored {
  campaign::About about;
  std::unique_ptr<campaign::Plan> plan;
  std::unique_ptr<campaign::Summary> summary;
};
// Several files are merged in memory. Nothing when it has said why.
std::optional<Stored> read_stored(const std::vector<std::string>& files);

}  // namespace mq::cli
