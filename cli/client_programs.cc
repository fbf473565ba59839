#include "cli/client_programs.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>

#include "cli/broker_of_run.h"
#include "cli/exit_code.h"
#include "peers/client_adapter.h"
#include "peers/peer.h"

namespace mq::cli {

namespace {

std::string folder_of(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  return folder.lexically_normal().string();
}

void fill_in(std::string& word, const std::string& folder) {
  static const std::string name = "{folder}";
  for (std::size_t at = 0; (at = word.find(name, at)) != std::string::npos; at += folder.size())
    word.replace(at, name.size(), folder);
}

}  // namespace

bool has_programs(const scenario::Plan& plan) {
  return std::any_of(plan.groups.begin(), plan.groups.end(),
                     [](const scenario::GroupPlan& group) { return group.program.has_value(); });
}

void find_programs(scenario::Plan& plan) {
  const std::string folder = folder_of(plan.file);
  for (scenario::GroupPlan& group : plan.groups) {
    if (!group.program) continue;
    for (auto* words : {&group.program->command, &group.program->environment})
      for (std::string& word : *words) fill_in(word, folder);
    std::string& program = group.program->command.front();
    const std::string found = peers::program_on_path(program);
    if (found.empty())
      throw NoBroker(exit_code::unreachable,
                     plan.file + ": the program `" + program + "` of the group `" + group.name +
                         "` is not installed" + peers::how_to_install(program));
    program = found;
  }
}

}  // namespace mq::cli
