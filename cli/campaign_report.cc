#include "cli/campaign_report.h"

#include <system_error>
#include <utility>

#include "campaign/export.h"
#include "campaign/page/page.h"
#include "cli/results_folder.h"
#include "cli/text_file.h"
#include "installation/installation.h"
#include "reports/file/output_file.h"

namespace mq::cli {
namespace {

// Not to be had from the start, unlike a disk that is full.
bool is_refused(const std::error_code& fault) {
  return fault == std::errc::permission_denied || fault == std::errc::read_only_file_system ||
         fault == std::errc::operation_not_permitted;
}

}  // namespace

std::optional<ReportTrouble> write_report(const campaign::Summary& summary,
                                          const CampaignReport& wish) {
  std::string why;
  const auto maps = campaign::heat_maps(summary, wish.x, wish.y, why);
  if (!maps) return ReportTrouble{why, true};
  if (const auto why_not = make_folder(wish.folder)) return ReportTrouble{*why_not, true};
  const campaign::PageFacts facts{version(), launcher_name() + " campaign show " +
                                                 quote_for_shell(summary.plan().campaign().file)};
  const std::pair<const char*, std::string> files[] = {
      {"/report.html", campaign::campaign_page(summary, *maps, facts)},
      {"/campaign.csv", campaign::to_csv(summary)},
      {"/campaign.json", campaign::to_json(summary)},
  };
  for (const auto& [name, content] : files)
    if (const auto fault = report::write_file(wish.folder + name, content))
      return ReportTrouble{wish.folder + name + " could not be written: " + fault.message() +
                               (is_refused(fault) ? "; -o names another folder" : ""),
                           is_refused(fault)};
  return std::nullopt;
}

}  // namespace mq::cli
