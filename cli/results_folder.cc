#include "cli/results_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace mq::cli {
namespace {

// What `run --seeds N` calls the folder of a run, which is made before the run begins.
bool is_of_a_seed(const std::filesystem::path& path) {
  constexpr std::string_view of_seeds = "seed-";
  const std::string name = path.filename().string();
  return name.size() > of_seeds.size() && name.starts_with(of_seeds) &&
         std::all_of(name.begin() + of_seeds.size(), name.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string default_results_path(const std::string& scenario_file) {
  return "results/" + std::filesystem::path(scenario_file).stem().string();
}

std::string folder_named(const std::string& path) {
  const std::filesystem::path file(path);
  if (file.filename() != "results.json") return path;
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

std::optional<std::vector<std::string>> results_below(const std::string& path, std::string& why) {
  namespace fs = std::filesystem;
  std::vector<std::string> folders;
  std::error_code error;
  if (fs::exists(fs::path(path) / "results.json", error)) folders.push_back(path);
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error))
    if (it->path().filename() == "results.json" && it->path().parent_path() != fs::path(path))
      folders.push_back(it->path().parent_path().string());
  if (error) {
    why = "the results folder " + path + " cannot be read: " + error.message();
    return std::nullopt;
  }
  if (folders.empty())
    why = path + " holds no results.json; `mqttlab run FILE --seeds 10 -o " + path +
          "` or `mqttlab conform TARGET -o ...` writes some";
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<std::string> runs_without_results(const std::string& path) {
  namespace fs = std::filesystem;
  std::vector<std::string> folders;
  std::error_code error;
  for (fs::recursive_directory_iterator it(path, error), end; !error && it != end;
       it.increment(error)) {
    const ResultsFolder folder{it->path().string()};
    std::error_code none;
    if (it->is_directory(none) && !fs::exists(folder.results(), none) &&
        (is_of_a_seed(it->path()) || fs::exists(folder.events(), none)))
      folders.push_back(folder.path);
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::string why_without_results(const std::string& folder) {
  return folder + ": no results.json: its run was killed, or has not ended yet";
}

std::optional<std::string> make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return "the folder " + path + " cannot be made: " + error.message();
  return std::nullopt;
}

std::optional<std::string> prepare(const ResultsFolder& folder) {
  if (auto why = make_folder(folder.path)) return why;
  std::error_code error;
  if (!std::filesystem::is_directory(folder.path, error))
    return "the results folder " + folder.path + " is not a folder";
  if (access(folder.path.c_str(), W_OK | X_OK) != 0)
    return "the results folder " + folder.path + " cannot be written: " + std::strerror(errno);
  for (const std::string& file :
       {folder.results(), folder.report(), folder.junit(), folder.summary(), folder.events(),
        folder.capture(), folder.decrypted(), folder.broker_log()}) {
    std::filesystem::remove(file, error);
    if (error) return file + " of an earlier run cannot be replaced: " + error.message();
  }
  return std::nullopt;
}

}  // namespace mq::cli
