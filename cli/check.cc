// mqttlab check FILE...: are these scenarios valid? All problems of a file, each with its place.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/read_scenario.h"
#include "cli/verbs.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::cli {
namespace {

int check(const std::vector<std::string>& files) {
  int code = exit_code::held;
  for (const std::string& given : files) {
    const auto scenario = read_scenario("check", given);
    if (!scenario) {
      code = exit_code::usage;
      continue;
    }
    const scenario::Plan& plan = scenario->plan;
    std::size_t clients = 0;
    for (const auto& group : plan.groups) clients += group.count;
    fmt::print("{}: valid: {}, {}, {} and {} of calm\n", scenario->file, report::visible(plan.name),
               report::count(clients, "client"), report::long_duration(plan.duration),
               report::long_duration(plan.calm));
  }
  return code;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto files = std::make_shared<std::vector<std::string>>();
  Command verb(app, "check", "say whether scenario files are valid");
  verb.option("FILE", *files, "scenario files (YAML), or names of the library").required();
  verb.runs([files, &exit_code] { exit_code = check(*files); });
}

}  // namespace mq::cli
