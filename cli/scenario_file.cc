#include "cli/scenario_file.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/nearest_word.h"
#include "installation/installation.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

bool is_scenario(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

std::vector<fs::path> scenarios_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (is_scenario(entry.path())) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& file : scenarios_in(folder)) names.push_back(file.stem().string());
  return names;
}

std::string some_of(const std::vector<fs::path>& files) {
  constexpr std::size_t shown_max = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(files.size(), shown_max); ++i)
    text += (i == 0 ? "" : ", ") + files[i].string();
  return text + (files.size() > shown_max ? ", ..." : "");
}

NoScenario a_folder(const fs::path& folder) {
  const auto files = scenarios_in(folder);
  return {folder.string() + ": a folder; expected a scenario file" +
          (files.empty() ? ", and there is none in it" : ", such as " + some_of(files))};
}

NoScenario not_there(const fs::path& path) {
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, error))
    return {path.string() + ": there is no folder " + folder.string()};
  std::vector<std::string> candidates;
  for (const fs::path& file : scenarios_in(folder))
    candidates.push_back(path.has_parent_path() ? file.string() : file.filename().string());
  std::string meant = did_you_mean(path.string(), candidates);
  const std::vector<std::string> names = scenario_names();
  if (meant.empty()) meant = did_you_mean(path.stem().string(), names);
  return {path.string() + ": there is no such file" +
          (path.has_parent_path() ? "" : ", and the library has no scenario of this name") +
          (meant.empty() ? "; `mqttlab list scenarios` shows the library" : meant)};
}

}  // namespace

std::vector<std::string> scenario_names() { return names_in(data_folder("scenarios")); }

std::vector<std::string> template_names() { return names_in(data_folder("scenarios/templates")); }

std::variant<std::string, NoScenario> template_file(const std::string& name) {
  std::vector<std::string> all = template_names();
  for (const char* folder : {"scenarios/templates", "scenarios"}) {
    const std::vector<std::string> names = names_in(data_folder(folder));
    if (std::find(names.begin(), names.end(), name) != names.end())
      return data_folder(folder) + "/" + name + ".yaml";
  }
  std::string known;
  for (const std::string& one : all) known += one + ", ";
  const std::vector<std::string> library = scenario_names();
  all.insert(all.end(), library.begin(), library.end());
  return NoScenario{"there is no `" + name + "`" + did_you_mean(name, all) + "; expected " + known +
                    "or a name of `mqttlab list scenarios`"};
}

std::variant<std::string, NoScenario> scenario_file(const std::string& written) {
  const fs::path path(written);
  std::error_code error;
  const bool is_there = fs::exists(path, error);
  const bool is_name = !written.empty() && path.filename() == path && !is_scenario(path);
  if (is_name && !(is_there && !fs::is_directory(path, error))) {
    const std::string file = data_folder("scenarios") + "/" + written + ".yaml";
    if (fs::exists(file, error)) return file;
  }
  if (!is_there) return not_there(path);
  if (fs::is_directory(path, error)) return a_folder(path);
  return written;
}

}  // namespace mq::cli
