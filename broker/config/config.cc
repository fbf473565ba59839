#include "broker/config/config.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <system_error>

#include "broker/config/keys.h"
#include "broker/config/reading.h"

namespace mq::broker {
namespace {

namespace fs = std::filesystem;

struct Texts {
  std::vector<ConfigEntry> entries;
  std::vector<Problem> problems;

  void error(const Place& at, std::string text) {
    problems.push_back({Problem::Kind::error, at, std::move(text)});
  }
};

// Nothing more of a file than one byte past the limit is read, whatever it is.
void read_text(const std::string& path, const Place& asked_at, Texts& texts) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0)
    return texts.error(asked_at, "cannot read " + path + ": " + std::strerror(errno));
  std::string text(config_file_bytes_max + 1, '\0');
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < text.size()) {
    got = ::read(descriptor, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  const int failed = got < 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0)
    return texts.error(asked_at, "cannot read " + path + ": " + std::strerror(failed));
  text.resize(size);
  parse_config_text(text, path, texts.entries, texts.problems);
}

// Case-sensitive, with the upper case of a letter before its lower case: A, a, B, b.
bool stands_before(const std::string& a, const std::string& b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    return lower(a[i]) != lower(b[i]) ? lower(a[i]) < lower(b[i]) : a[i] < b[i];
  }
  return a.size() < b.size();
}

// The files that an include_dir names; one that a link leads out of the directory is an error.
std::vector<std::string> files_of(const ConfigEntry& entry, Texts& texts) {
  std::vector<std::string> names;
  std::error_code error;
  const fs::path directory = fs::path(entry.value_at.file).parent_path() / entry.value;
  const fs::path real = fs::canonical(directory, error);
  fs::directory_iterator files(directory, error);
  if (error || entry.value.empty()) {
    texts.error(entry.value_at, "include_dir: cannot read " + directory.string() + ": " +
                                    (error ? error.message() : "expected a directory"));
    return names;
  }
  for (; files != fs::directory_iterator(); files.increment(error)) {
    const std::string name = files->path().filename().string();
    if (!name.ends_with(".conf") || name.starts_with('.')) continue;
    std::error_code ignored;
    const fs::path target = fs::canonical(files->path(), ignored);
    if (const auto within = target.lexically_relative(real);
        within.empty() || *within.begin() == "..")
      texts.error(entry.value_at, "include_dir: " + name + " leads out of " + directory.string());
    else
      names.push_back(files->path().string());
    if (names.size() > config_files_max) {
      texts.error(entry.value_at,
                  "include_dir: more than " + std::to_string(config_files_max) + " files");
      break;
    }
  }
  std::sort(names.begin(), names.end(), stands_before);
  return names;
}

ReadConfig make_config(Texts texts) {
  const bool per_listener =
      std::any_of(texts.entries.begin(), texts.entries.end(), [](const ConfigEntry& entry) {
        return entry.key == "per_listener_settings" &&
               (entry.value == "true" || entry.value == "1");
      });
  Reading reading(per_listener);
  reading.config.per_listener_settings = per_listener;
  reading.problems = std::move(texts.problems);
  for (const ConfigEntry& entry : texts.entries) {
    apply_entry(reading, entry);
    const ConfigKey* key = find_config_key(entry.key);
    const bool is_of_listener =
        per_listener &&
        (entry.key == "allow_anonymous" || entry.key == "password_file" || entry.key == "acl_file");
    const bool is_fixed = key != nullptr && key->apply != nullptr &&
                          (key->reload == ConfigKey::Reload::no || is_of_listener);
    if (is_fixed) reading.config.fixed.push_back(entry);
  }
  reading.finish();
  return {std::move(reading.config), std::move(reading.problems)};
}

}  // namespace

std::string StoreConfig::path() const { return (fs::path(location) / file).string(); }

bool ReadConfig::usable() const {
  return std::none_of(problems.begin(), problems.end(),
                      [](const Problem& problem) { return problem.kind == Problem::Kind::error; });
}

std::vector<std::string> needs_restart(const Config& running, const Config& wanted) {
  const auto said = [](const Config& config) {
    std::map<std::string, std::vector<std::string>> values;
    for (const ConfigEntry& entry : config.fixed) values[entry.key].push_back(entry.value);
    return values;
  };
  const auto before = said(running);
  auto after = said(wanted);
  std::vector<std::string> keys;
  for (const auto& [key, values] : before) {
    if (const auto now = after.find(key); now == after.end() || now->second != values)
      keys.push_back(key);
    after.erase(key);
  }
  for (const auto& [key, values] : after) keys.push_back(key);
  return keys;
}

ReadConfig parse_config(std::string_view text, const std::string& file) {
  Texts texts;
  parse_config_text(text, file, texts.entries, texts.problems);
  return make_config(std::move(texts));
}

ReadConfig read_config(const std::string& path) {
  Texts main;
  read_text(path, {path, 0, 0}, main);
  Texts all;
  all.problems = std::move(main.problems);
  for (ConfigEntry& entry : main.entries) {
    if (entry.key != "include_dir") {
      all.entries.push_back(std::move(entry));
      continue;
    }
    for (const std::string& file : files_of(entry, all)) read_text(file, entry.value_at, all);
  }
  return make_config(std::move(all));
}

}  // namespace mq::broker
