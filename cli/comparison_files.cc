#include "cli/comparison_files.h"

#include <utility>

#include "cli/results_folder.h"
#include "compare/page.h"
#include "compare/render.h"
#include "reports/file/output_file.h"

namespace mq::cli {

std::optional<std::string> write_comparison(const compare::Comparison& comparison,
                                            const std::string& folder) {
  if (auto why = make_folder(folder)) return why;
  const std::pair<std::string, std::string> files[] = {
      {folder + "/report.html", compare::html_page(comparison)},
      {folder + "/compare.json", compare::to_json(comparison)},
      {folder + "/compare.txt", compare::plain_text(comparison)},
  };
  for (const auto& [path, content] : files)
    if (const auto fault = report::write_file(path, content))
      return path + " could not be written: " + fault.message();
  return std::nullopt;
}

}  // namespace mq::cli
