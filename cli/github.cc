#include "cli/github.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace mq::cli {

bool github_wanted(bool asked) {
  const char* actions = std::getenv("GITHUB_ACTIONS");
  return asked || (actions != nullptr && std::strcmp(actions, "true") == 0);
}

void tell_github(const std::vector<report::github::Annotation>& annotations,
                 const std::string& markdown, bool stdout_taken) {
  std::fputs(report::github::commands(annotations).c_str(), stdout_taken ? stderr : stdout);
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return;
  std::error_code none;
  const auto already = std::filesystem::file_size(path, none);
  std::ofstream summary(path, std::ios::app | std::ios::binary);
  summary << report::github::fitting(markdown, none ? 0 : static_cast<std::size_t>(already));
  summary.close();
  if (!summary)
    std::fprintf(stderr, "mqttlab: the summary %s (GITHUB_STEP_SUMMARY) cannot be written: %s\n",
                 path, std::strerror(errno));
}

}  // namespace mq::cli
