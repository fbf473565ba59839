#include "cli/named_report.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/nearest_word.h"
#include "cli/results_folder.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

std::string names_of(std::span<const ReportKind> kinds) {
  std::string names;
  for (const ReportKind& kind : kinds)
    names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

std::string why_no_kind(const std::string& word, std::span<const ReportKind> kinds) {
  std::vector<std::string> names;
  for (const ReportKind& kind : kinds) names.emplace_back(kind.name);
  return "--report " + word + ": expected KIND=PATH, with a KIND of " + names_of(kinds) +
         did_you_mean(word.substr(0, word.find('=')), names);
}

std::optional<std::string> why_not_written(const std::string& path) {
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : ".";
  if (auto why = make_folder(folder.string())) return why;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path + " is a folder";
  const bool is_there = fs::exists(path, ignored);
  if (::access(is_there ? path.c_str() : folder.c_str(), W_OK) == 0) return std::nullopt;
  return path + " cannot be written: " + std::strerror(errno);
}

}  // namespace

std::string help_of_report(std::span<const ReportKind> kinds) {
  return "a report under a name of its own too; KIND: " + names_of(kinds) + "; may be repeated";
}

std::optional<std::vector<NamedReport>> named_reports(const std::vector<std::string>& words,
                                                      std::span<const ReportKind> kinds) {
  const auto refuse = [](const std::string& why) {
    std::fprintf(stderr, "mqttlab: %s\n", why.c_str());
    return std::nullopt;
  };
  std::vector<NamedReport> reports;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const ReportKind& one) {
      return one.name == std::string_view(word).substr(0, equals);
    });
    if (equals == word.npos || equals + 1 == word.size() || kind == kinds.end())
      return refuse(why_no_kind(word, kinds));
    reports.push_back({std::string(kind->file), word.substr(equals + 1)});
    if (const auto trouble = why_not_written(reports.back().path))
      return refuse("--report " + word + ": " + *trouble);
  }
  return reports;
}

std::optional<std::string> write_named(const std::vector<NamedReport>& reports,
                                       const std::string& folder) {
  for (const NamedReport& report : reports) {
    const std::string from = folder + "/" + report.file;
    std::error_code error;
    if (fs::equivalent(from, report.path, error)) continue;
    fs::copy_file(from, report.path, fs::copy_options::overwrite_existing, error);
    if (error) return report.path + " could not be written: " + error.message();
  }
  return std::nullopt;
}

}  // namespace mq::cli
