// mqttlab list scenarios|profiles: what there is to run, and to run it over.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "installation/installation.h"
#include "peers/adapter.h"
#include "reports/text/escape.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/profiles.h"
#include "scenarios/picture.h"

namespace mq::cli {
namespace {

struct Entry {
  std::string name;
  std::string file;
  std::string description;
  std::string kind;  // of a profile: "profile" or "element"
  std::optional<scenario::Picture> picture = {};
  std::vector<std::string> tags = {};
};

std::vector<Entry> scenario_entries() {
  std::vector<Entry> entries;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(data_folder("scenarios"), error)) {
    if (file.path().extension() != ".yaml") continue;
    const auto loaded = scenario::load(file.path().string());
    if (const auto* plan = std::get_if<scenario::Plan>(&loaded))
      entries.push_back({file.path().stem().string(),
                         file.path().string(),
                         plan->description,
                         "",
                         {},
                         plan->tags});
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

std::vector<Entry> broker_entries() {
  std::vector<Entry> entries;
  for (const std::string& name : peers::adapter_names())
    entries.push_back({name, "", peers::find_adapter(name).title, "", {}});
  return entries;
}

std::vector<Entry> profile_entries() {
  std::vector<Entry> entries;
  for (const scenario::Profile& profile : scenario::profiles())
    if (!profile.is_element)
      entries.push_back(
          {profile.name, "", profile.description, "profile", scenario::picture_of(profile.link)});
  for (const scenario::Profile& profile : scenario::profiles())
    if (profile.is_element)
      entries.push_back({profile.name, "", profile.description, "element", {}});
  return entries;
}

// "▂▃▅ 0.5 to 12 Mbit/s", from the smallest to the largest.
std::string line_of(const std::vector<double>& values, std::string_view unit, double scale) {
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{} {:.3g} to {:.3g} {}", scenario::sparkline(values), *low / scale,
                     *high / scale, unit);
}

void print(const Entry& entry, bool is_first_element) {
  if (is_first_element)
    fmt::print("\nElements, to be added to a profile (`with: [NAME, ...]`):\n\n");
  const std::size_t column = std::max<std::size_t>(entry.name.size(), 20) + 2;
  fmt::print("{:<20}  {}\n", entry.name,
             in_lines(report::visible(entry.description, entry.description.size()), column));
  if (!entry.tags.empty()) fmt::print("{:<20}  tags: {}\n", "", fmt::join(entry.tags, ", "));
  if (!entry.picture) return;
  const auto& rates = entry.picture->bits_per_second;
  const bool is_slow = !rates.empty() && *std::max_element(rates.begin(), rates.end()) < 1e6;
  fmt::print("{:<20}  {}\n", "",
             line_of(rates, is_slow ? "kbit/s down" : "Mbit/s down", is_slow ? 1e3 : 1e6));
  fmt::print("{:<20}  {}\n", "", line_of(entry.picture->delay_seconds, "ms there and back", 1e-3));
}

int list(const std::vector<Entry>& entries, bool json) {
  boost::json::array all;
  bool elements_begun = false;
  for (const Entry& entry : entries) {
    if (!json) {
      const bool is_element = entry.kind == "element";
      print(entry, is_element && !elements_begun);
      elements_begun = elements_begun || is_element;
      continue;
    }
    boost::json::object object{{"name", entry.name}, {"description", entry.description}};
    if (!entry.kind.empty()) object["kind"] = entry.kind;
    if (!entry.tags.empty())
      object["tags"] = boost::json::array(entry.tags.begin(), entry.tags.end());
    if (entry.picture) {
      object["bits_per_second"] = boost::json::array(entry.picture->bits_per_second.begin(),
                                                     entry.picture->bits_per_second.end());
      object["round_trip_seconds"] = boost::json::array(entry.picture->delay_seconds.begin(),
                                                        entry.picture->delay_seconds.end());
    }
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
  Command verb(app, "list", "list what there is to run, to run it over, and to test");
  verb.option("WHAT", flags->what, "what to list")
      .required()
      .one_of({"scenarios", "profiles", "brokers", "statements", "cases"});
  verb.flag("--json", flags->json, "print an array of objects");
  verb.runs([flags, &exit_code] {
    // `statements` and `cases` are listed by mqttlab-conform (programs.h).
    const bool is_profiles = flags->what == "profiles";
    exit_code = list(is_profiles                  ? profile_entries()
                     : flags->what == "scenarios" ? scenario_entries()
                                                  : broker_entries(),
                     flags->json);
  });
}

}  // namespace mq::cli
