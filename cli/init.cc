// mqttlab init: a commented scenario that runs, and the schema for the editor beside it.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/results_folder.h"
#include "cli/scenario_file.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "scenarios/language/schema.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

int refuse(const std::string& why) {
  std::fprintf(stderr, "mqttlab init: %s\n", why.c_str());
  return exit_code::usage;
}

// 0, or why not (errno): a file that is there is never overwritten.
int write_new(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(file, text.data() + written, text.size() - written);
    if (n < 0) {
      const int error = errno;
      close(file);
      unlink(path.c_str());
      return error;
    }
    written += static_cast<std::size_t>(n);
  }
  return close(file) == 0 ? 0 : errno;
}

std::string with_name(std::string text, const std::string& file) {
  const std::string mark = "%FILE%";
  for (auto at = text.find(mark); at != text.npos; at = text.find(mark, at + file.size()))
    text.replace(at, mark.size(), file);
  return text;
}

// PATH is the file to be written if it is called like one, else the folder for it.
fs::path file_meant(const std::string& path) {
  const fs::path meant(path);
  const bool is_file = meant.extension() == ".yaml" || meant.extension() == ".yml";
  return is_file ? meant : meant / "scenario.yaml";
}

int init(const std::string& path, const std::string& like) {
  const auto model = template_file(like);
  if (const auto* none = std::get_if<NoScenario>(&model)) return refuse(none->why);
  const auto text = read_text_file(std::get<std::string>(model));
  if (!text) return refuse(std::get<std::string>(model) + " cannot be read");

  const fs::path file = file_meant(path).lexically_normal();
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (const auto why = make_folder(folder.string())) return refuse(*why);
  const int failed = write_new(file.string(), with_name(*text, file.string()));
  if (failed == EEXIST)
    return refuse(file.string() + " is there already, and is not overwritten; name another file");
  if (failed != 0)
    return refuse(file.string() + " cannot be written: " + std::string(std::strerror(failed)));
  std::printf("%s\n", file.c_str());

  const std::string schema = (folder / "scenario.schema.json").lexically_normal().string();
  const int no_schema = write_new(schema, std::string(scenario::scenario_schema()) + "\n");
  if (no_schema == 0) std::printf("%s   for your editor\n", schema.c_str());
  std::printf("\nRun it:  %s run %s\n", launcher_name().c_str(),
              quote_for_shell(file.string()).c_str());
  return exit_code::held;
}

}  // namespace

void add_init(CLI::App& app, int& exit_code) {
  struct Flags {
    std::string path = ".";
    std::string like = "sensor";
  };
  auto flags = std::make_shared<Flags>();
  Command verb(app, "init", "write a commented scenario that runs, to begin with");
  verb.option("PATH", flags->path, "a file (.yaml), or a folder for scenario.yaml; else here");
  std::string models;
  for (const std::string& name : template_names()) models += (models.empty() ? "" : ", ") + name;
  verb.option("--like", flags->like,
              "what it is to be like: " + models + ", or a scenario of the library (sensor)")
      .shown_as("NAME");
  verb.runs([flags, &exit_code] { exit_code = init(flags->path, flags->like); });
}

}  // namespace mq::cli
