// From the results of a campaign to files for people and for other programs.
#pragma once

#include <optional>
#include <string>

#include "campaign/summary.h"

namespace mq::cli {

struct CampaignReport {
  std::string folder;  // gets report.html, campaign.csv and campaign.json
  std::string x;       // parameters along the edges of the heat maps; empty: the first two
  std::string y;
};

// What went wrong, if something did. `is_usage`: a parameter that is not swept, a
// folder that takes no file.
struct ReportTrouble {
  std::string text;
  bool is_usage = false;
};
std::optional<ReportTrouble> write_report(const campaign::Summary& summary,
                                          const CampaignReport& wish);

}  // namespace mq::cli
