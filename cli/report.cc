// mqttlab report FOLDER: renders stored results again, without running again.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/render.h"
#include "cli/verbs.h"

namespace mq::cli {
namespace {

int render(const std::vector<std::string>& folders) {
  int code = exit_code::held;
  for (const std::string& path : folders) {
    const ResultsFolder folder{path};
    std::string why;
    const auto results = read_results(folder, why);
    if (!results) {
      fmt::print(stderr, "mqttlab: {}\n", why);
      code = graver(code, exit_code::usage);
    } else if (const auto trouble = render_all(*results, folder)) {
      fmt::print(stderr, "mqttlab: {}\n", *trouble);
      code = graver(code, exit_code::fault);
    } else {
      fmt::print("{}\n", folder.report());
      code = graver(code, results->exit_code);
    }
  }
  return code;
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto folders = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = app.add_subcommand(
      "report", "render the reports of results folders again; ends like the run did");
  verb->add_option("FOLDER", *folders, "results folders")->required();
  verb->callback([folders, &exit_code] { exit_code = render(*folders); });
}

}  // namespace mq::cli
