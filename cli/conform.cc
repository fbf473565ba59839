// mqttlab conform ours, mqttlab explain STATEMENT: the standard's statements against a broker.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/nearest_word.h"
#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "conformance/runner/library.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/print.h"
#include "conformance/runner/suite.h"

namespace mq::cli {
namespace {

struct ConformFlags {
  std::string target;
  std::string cases;
  conformance::Selection selection;
  std::uint64_t seed = 1;
  bool list = false;
  bool verbose = false;
};

conformance::Library library_of(const ConformFlags& flags) {
  return flags.cases.empty() ? conformance::embedded_library()
                             : conformance::library_from(flags.cases);
}

int listed(const std::vector<const conformance::Case*>& cases,
           const conformance::Library& library) {
  for (const conformance::Case* one : cases) {
    std::string asserts;
    for (const auto& id : one->asserts) asserts += " " + conformance::to_text(id);
    fmt::print("{}  {}  [{} {}{}]\n", one->id, one->title,
               conformance::name(conformance::level_of(*one, library.statements)),
               conformance::name(one->kind), asserts);
  }
  return cases.empty() ? exit_code::nothing : exit_code::held;
}

int conform(const ConformFlags& flags) {
  if (flags.target != "ours") {
    fmt::print(stderr, "mqttlab: `{}` is no target; the target that can be tested is: ours\n",
               flags.target);
    return exit_code::usage;
  }
  const conformance::Library library = library_of(flags);
  for (const std::string& problem : library.problems) fmt::print(stderr, "{}\n", problem);
  if (!library.problems.empty()) return exit_code::usage;
  const auto cases = conformance::selected(library, flags.selection);
  if (flags.list) return listed(cases, library);

  std::vector<conformance::CaseResult> results;
  const conformance::Abilities abilities = conformance::abilities_of_ours();
  const conformance::Printing printing{flags.target, flags.cases, flags.seed, flags.verbose};
  for (const conformance::Case* one : cases) {
    conformance::CaseResult result{one, conformance::level_of(*one, library.statements), {}};
    const std::string why = conformance::does_not_apply(*one, abilities, Duration::max());
    if (why.empty()) {
      result.outcome = conformance::play_against_ours(*one, flags.seed);
      conformance::soften(result);
    } else {
      result.outcome.verdict = conformance::Verdict::not_applicable;
      result.outcome.reason = why;
    }
    if (result.outcome.verdict != conformance::Verdict::pass || flags.verbose)
      fmt::print("{}", conformance::to_text(result, library.statements, printing));
    results.push_back(std::move(result));
  }
  fmt::print("{}", conformance::summary(results));
  return conformance::exit_code(results);
}

int explain(const std::string& name, const std::string& cases) {
  const conformance::Library library =
      cases.empty() ? conformance::embedded_library() : conformance::library_from(cases);
  const auto id = conformance::statement_named(name);
  const conformance::Statement* found = id ? conformance::find(library.statements, *id) : nullptr;
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const auto& statement : library.statements)
      names.push_back(conformance::to_text(statement.id));
    fmt::print(stderr, "mqttlab: `{}` is no statement; expected one such as v5/MQTT-4.4.0-1{}\n",
               name, did_you_mean(name, names));
    return exit_code::usage;
  }
  fmt::print("{}", conformance::explain(*found, library));
  return exit_code::held;
}

}  // namespace

void add_conform(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ConformFlags>();
  CLI::App* verb =
      app.add_subcommand("conform", "test a broker for every statement of the standard");
  verb->add_option("TARGET", flags->target, "ours: our own broker, in virtual time")->required();
  verb->add_option("--cases", flags->cases,
                   "read cases from this file, or the *.cases of this folder, instead of those "
                   "built in");
  verb->add_option(
      "--only", flags->selection.only,
      "a case, a statement, tag:T, section:S, kind:K or file:F; * and ? are wildcards");
  verb->add_option("--skip", flags->selection.skip, "as --only: leave these out");
  verb->add_option("--level", flags->selection.level, "must, should, may or all")
      ->check(CLI::IsMember({"must", "should", "may", "all"}));
  verb->add_option("--seed", flags->seed, "of all chance");
  verb->add_flag("--list", flags->list, "say which cases would run");
  verb->add_flag("--verbose,-v", flags->verbose, "show every case, with its packets");
  verb->callback([flags, &exit_code] { exit_code = conform(*flags); });
}

void add_explain(CLI::App& app, int& exit_code) {
  struct Flags {
    std::string name;
    std::string cases;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("explain", "what a statement of the standard demands");
  verb->add_option("STATEMENT", flags->name, "such as v5/MQTT-4.4.0-1")->required();
  verb->add_option("--cases", flags->cases, "a file or folder of cases, instead of those built in");
  verb->callback([flags, &exit_code] { exit_code = explain(flags->name, flags->cases); });
}

}  // namespace mq::cli
