#include "conformance/runner/library.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "conformance/runner/ours.h"

namespace mq::conformance {
namespace {

void add_statements(Library& library) {
  for (const Embedded& file : embedded_files()) {
    if (!file.name.ends_with(".yaml")) continue;
    const Version version = file.name == "v5.yaml" ? Version::v5 : Version::v3_1_1;
    for (const auto& problem : read_statements(file.text, version, library.statements))
      library.problems.push_back(scenario::to_text(file.name, problem));
  }
}

void add_cases(const CaseFile& file, Library& library) {
  for (const auto& problem : read_cases(file, library.cases))
    library.problems.push_back(scenario::to_text(file.name, problem));
}

void finish(Library& library) {
  const auto more = disagreements(library);
  library.problems.insert(library.problems.end(), more.begin(), more.end());
}

}  // namespace

Library embedded_library() {
  Library library;
  add_statements(library);
  for (const Embedded& file : embedded_files())
    if (file.name.ends_with(".cases"))
      add_cases({"conformance/cases/" + std::string(file.name), std::string(file.text)}, library);
  finish(library);
  return library;
}

Library library_from(const std::string& path) {
  Library library;
  add_statements(library);
  std::vector<std::string> names;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(path, error))
      if (entry.path().extension() == ".cases") names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
  } else {
    names.push_back(path);
  }
  for (const std::string& name : names) {
    std::ifstream in(name, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    if (in.bad() || !in.is_open())
      library.problems.push_back(name + ": cannot be read");
    else
      add_cases({name, text}, library);
  }
  finish(library);
  return library;
}

std::vector<std::string> disagreements(const Library& library) {
  std::vector<std::string> all;
  const auto say = [&](const Case& one, const std::string& text) {
    all.push_back(scenario::to_text(one.file, {one.place.line, one.place.column, text}));
  };
  for (const Case& one : library.cases) {
    for (const StatementId& id : one.asserts) {
      const bool is_known_version = std::any_of(
          library.statements.begin(), library.statements.end(),
          [&](const Statement& statement) { return statement.id.version == id.version; });
      if (is_known_version && find(library.statements, id) == nullptr)
        say(one, "the standard has no statement " + to_text(id));
    }
    for (const std::string& setting : one.config)
      if (const std::string why = config_fault(setting); !why.empty()) say(one, why);
  }
  return all;
}

Level level_of(const Case& one, const std::vector<Statement>& statements) {
  if (one.level) return *one.level;
  Level strongest = Level::may;
  bool found = false;
  for (const StatementId& id : one.asserts)
    if (const Statement* statement = find(statements, id)) {
      strongest = std::min(strongest, statement->level);
      found = true;
    }
  return found ? strongest : Level::must;
}

}  // namespace mq::conformance
