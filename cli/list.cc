// mqttlab list scenarios|profiles: what there is to run, and to run it over.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "reports/text/escape.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/profiles.h"

namespace mq::cli {
namespace {

struct Entry {
  std::string name;
  std::string file;
  std::string description;
};

std::vector<Entry> scenarios() {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(MQTTLAB_SCENARIOS, error)) {
    if (file.path().extension() != ".yaml") continue;
    const auto loaded = scenario::load(file.path().string());
    if (const auto* plan = std::get_if<scenario::Plan>(&loaded))
      entries.push_back({file.path().stem().string(), file.path().string(), plan->description});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

std::vector<Entry> profiles() {
  std::vector<Entry> entries;
  for (const scenario::Profile& profile : scenario::profiles())
    entries.push_back({profile.name, "", profile.description});
  return entries;
}

int list(const std::vector<Entry>& entries, bool json) {
  boost::json::array all;
  for (const Entry& entry : entries) {
    if (!json) {
      fmt::print("{:<20}  {}\n", entry.name, report::visible(entry.description));
      continue;
    }
    boost::json::object object{{"name", entry.name}, {"description", entry.description}};
    if (!entry.file.empty()) object["file"] = entry.file;
    all.push_back(std::move(object));
  }
  if (json) fmt::print("{}\n", boost::json::serialize(all));
  return entries.empty() ? exit_code::nothing : exit_code::held;
}

}  // namespace

void add_list(CLI::App& app, int& exit_code) {
  struct Flags {
    std::string what;
    bool json = false;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("list", "list the scenarios or the link profiles");
  verb->add_option("WHAT", flags->what, "scenarios or profiles")
      ->required()
      ->check(CLI::IsMember({"scenarios", "profiles"}));
  verb->add_flag("--json", flags->json, "print an array of objects");
  verb->callback([flags, &exit_code] {
    exit_code = list(flags->what == "scenarios" ? scenarios() : profiles(), flags->json);
  });
}

}  // namespace mq::cli
