// mqttlab list statements|cases, mqttlab explain STATEMENT: what the standard demands, and which
// cases test it.
#include "cli/conform_list.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/nearest_word.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "conformance/runner/print.h"
#include "conformance/runner/suite.h"

namespace mq::cli {
namespace {

namespace json = boost::json;
using conformance::Case;
using conformance::Library;
using conformance::Statement;

struct ListFlags {
  std::string what;
  std::string name;  // of explain
  std::string cases;
  std::string version;
  std::string role;
  std::string section;
  conformance::Selection selection;
  bool json = false;
};

// What a file of cases has wrong is told here.
bool is_sound(const Library& library) {
  for (const std::string& problem : library.problems) fmt::print(stderr, "{}\n", problem);
  return library.problems.empty();
}

Library library_of(const std::string& cases) {
  return cases.empty() ? conformance::embedded_library() : conformance::library_from(cases);
}

std::vector<const Case*> cases_of(const Statement& statement, const Library& library) {
  std::vector<const Case*> all;
  for (const Case& one : library.cases)
    if (std::find(one.asserts.begin(), one.asserts.end(), statement.id) != one.asserts.end())
      all.push_back(&one);
  return all;
}

json::object object_of(const Statement& one, const Library& library) {
  json::array related;
  for (const auto& id : one.related) related.emplace_back(to_text(id));
  json::array cases;
  for (const Case* test : cases_of(one, library)) cases.emplace_back(test->id);
  return {{"id", to_text(one.id)},    {"section", one.section}, {"title", one.title},
          {"level", name(one.level)}, {"obliges", one.obliges}, {"broker", one.broker},
          {"client", one.client},     {"says", one.says},       {"tested", one.tested},
          {"pitfalls", one.pitfalls}, {"no_case", one.no_case}, {"related", related},
          {"cases", std::move(cases)}};
}

json::object object_of(const Case& one, const Library& library) {
  json::array statements;
  for (const auto& id : one.asserts) statements.emplace_back(to_text(id));
  const auto texts = [](const std::vector<std::string>& from) {
    return json::array(from.begin(), from.end());
  };
  return {{"id", one.id},
          {"title", one.title},
          {"level", name(level_of(one, library.statements))},
          {"role", one.role == conformance::Role::client ? "client" : "broker"},
          {"kind", name(one.kind)},
          {"statements", std::move(statements)},
          {"tags", texts(one.tags)},
          {"needs", texts(one.needs)},
          {"config", texts(one.config)},
          {"file", one.file},
          {"line", one.place.line}};
}

bool has_version(const Statement& one, const std::string& version) {
  if (version.empty()) return true;
  const bool is_five = version == "5" || version == "v5" || version == "5.0";
  return is_five == (one.id.version == Version::v5);
}

bool is_listed(const Statement& one, const ListFlags& flags) {
  const std::string& how = flags.role == "client" ? one.client : one.broker;
  const bool in_section = flags.section.empty() || one.section == flags.section ||
                          one.section.starts_with(flags.section + ".");
  const bool is_of_level = flags.selection.level.empty() || flags.selection.level == "all" ||
                           flags.selection.level == name(one.level);
  return has_version(one, flags.version) && in_section && is_of_level &&
         (flags.role.empty() || how != "none");
}

int list_statements(const ListFlags& flags) {
  const Library library = library_of(flags.cases);
  if (!is_sound(library)) return exit_code::usage;
  json::array all;
  for (const Statement& one : library.statements) {
    if (!is_listed(one, flags)) continue;
    all.push_back(object_of(one, library));
    if (!flags.json)
      fmt::print("{:<22} {:<6} {:>3} cases  {}\n", to_text(one.id), name(one.level),
                 cases_of(one, library).size(), in_lines(one.says, 41));
  }
  if (flags.json) fmt::print("{}\n", json::serialize(all));
  return all.empty() ? exit_code::nothing : exit_code::held;
}

int list_cases(const ListFlags& flags) {
  const Library library = library_of(flags.cases);
  if (!is_sound(library)) return exit_code::usage;
  conformance::Selection selection = flags.selection;
  if (flags.role == "client") selection.role = conformance::Role::client;
  std::vector<const Case*> cases = conformance::selected(library, selection);
  std::erase_if(cases, [&](const Case* one) {
    const bool is_five = flags.version == "5" || flags.version == "v5" || flags.version == "5.0";
    return !flags.version.empty() && is_five != (one->version == Version::v5);
  });
  return print_cases(cases, library, flags.json);
}

// "4.4.0-1", "[mqtt-4.4.0-1]", "v4/MQTT-4.4.0-1": what is left without a version that is known.
std::string as_clause(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  name = name.substr(name.rfind('/') + 1);
  const bool has_number_only = !name.empty() && name.front() >= '0' && name.front() <= '9';
  return (has_number_only ? "MQTT-" : "") + std::string(name);
}

int explain(const ListFlags& flags) {
  const Library library = library_of(flags.cases);
  if (!is_sound(library)) return exit_code::usage;
  const auto id = conformance::statement_named(flags.name);
  const Statement* found = id ? conformance::find(library.statements, *id) : nullptr;
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const auto& statement : library.statements) names.push_back(to_text(statement.id));
    // The same clause means different things in the two versions of the standard.
    std::string meant;
    for (const char* version : {"v5/", "v3.1.1/"}) {
      const auto is = conformance::statement_named(version + as_clause(flags.name));
      if (is && conformance::find(library.statements, *is) != nullptr)
        meant += (meant.empty() ? ", did you mean " : " or ") + to_text(*is);
    }
    meant = meant.empty() ? did_you_mean(flags.name, names) : meant + "?";
    fmt::print(stderr, "mqttlab: `{}` is no statement; expected one such as v5/MQTT-4.4.0-1{}\n",
               flags.name, meant);
    return exit_code::usage;
  }
  if (flags.json)
    fmt::print("{}\n", json::serialize(object_of(*found, library)));
  else
    fmt::print("{}", conformance::explain(*found, library));
  return exit_code::held;
}

}  // namespace

int print_cases(const std::vector<const Case*>& cases, const Library& library, bool json) {
  json::array all;
  for (const Case* one : cases) {
    if (json) {
      all.push_back(object_of(*one, library));
      continue;
    }
    std::string asserts;
    for (const auto& id : one->asserts) asserts += " " + to_text(id);
    fmt::print("{}  {}  [{} {}{}]\n", one->id, one->title, name(level_of(*one, library.statements)),
               name(one->kind), asserts);
  }
  if (json) fmt::print("{}\n", boost::json::serialize(all));
  return cases.empty() ? exit_code::nothing : exit_code::held;
}

void add_list_conform(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* verb = app.add_subcommand("list", "list the statements of the standard, or the cases");
  verb->add_option("WHAT", flags->what, "statements or cases")
      ->required()
      ->check(CLI::IsMember({"statements", "cases"}));
  verb->add_option("--version", flags->version, "of MQTT: 5 or 3.1.1")
      ->check(CLI::IsMember({"5", "v5", "5.0", "3.1.1", "v3.1.1", "v3"}));
  verb->add_option("--section", flags->section, "statements: of this section of the standard");
  verb->add_option(
          "--role", flags->role,
          "statements that a broker, or a client, can be checked for; cases for it (broker)")
      ->check(CLI::IsMember({"broker", "client"}));
  verb->add_option("--level", flags->selection.level, "must, should, may or all")
      ->check(CLI::IsMember({"must", "should", "may", "all"}));
  verb->add_option("--only", flags->selection.only, "cases: as of `conform`");
  verb->add_option("--skip", flags->selection.skip, "cases: as of `conform`");
  verb->add_option("--cases", flags->cases, "a file or folder of cases, instead of those built in");
  verb->add_flag("--json", flags->json, "print an array of objects");
  verb->callback([flags, &exit_code] {
    exit_code = flags->what == "statements" ? list_statements(*flags) : list_cases(*flags);
  });
}

void add_explain(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* verb = app.add_subcommand("explain", "what a statement of the standard demands");
  verb->add_option("STATEMENT", flags->name, "such as v5/MQTT-4.4.0-1")->required();
  verb->add_option("--cases", flags->cases, "a file or folder of cases, instead of those built in");
  verb->add_flag("--json", flags->json, "print an object");
  verb->callback([flags, &exit_code] { exit_code = explain(*flags); });
}

}  // namespace mq::cli
