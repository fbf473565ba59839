// mqttlab conform ours, mqttlab explain STATEMENT: the standard's statements against a broker.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "base/nearest_word.h"
#include "cli/conform_client.h"
#include "cli/conform_virtual.h"
#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "conformance/runner/adapted.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/library.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/print.h"
#include "conformance/runner/remote.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/target_file.h"
#include "peers/adapter.h"

namespace mq::cli {
namespace {

struct ConformFlags {
  std::string target;
  std::string client;
  std::string cases;
  conformance::Selection selection;
  std::uint64_t seed = 1;
  std::size_t jobs = 250;
  std::optional<double> connection_rate;
  std::string target_file;
  std::string expectations;
  bool updates_expectations = false;
  std::string ca_file;
  bool insecure = false;
  bool in_virtual_time = false;
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

using Results = std::vector<conformance::CaseResult>;

Results against_ours(const std::vector<const conformance::Case*>& cases,
                     const conformance::Library& library, const ConformFlags& flags) {
  Results results;
  const conformance::Abilities abilities = conformance::abilities_of_ours();
  for (const conformance::Case* one : cases) {
    conformance::CaseResult result{one, conformance::level_of(*one, library.statements), {}};
    const std::string why = conformance::does_not_apply(*one, abilities, {});
    if (why.empty()) {
      result.outcome = conformance::play_against_ours(*one, flags.seed);
      conformance::soften(result);
    } else {
      result.outcome.verdict = conformance::Verdict::not_applicable;
      result.outcome.reason = why;
    }
    results.push_back(std::move(result));
  }
  return results;
}

// Where a terminal watches, one line says how far it is.
void show_progress(std::size_t to_come) {
  static const bool is_watched = ::isatty(STDERR_FILENO) != 0;
  if (!is_watched) return;
  fmt::print(stderr, "\r\x1b[K");
  if (to_come > 0) fmt::print(stderr, "{} cases to come", to_come);
  std::fflush(stderr);
}

// A file as it is, or a complaint.
std::optional<std::string> text_in(const std::string& file) {
  std::ostringstream text;
  std::ifstream stream(file, std::ios::binary);
  if (stream && text << stream.rdbuf()) return text.str();
  fmt::print(stderr, "mqttlab: {}: {}\n", file,
             std::filesystem::is_empty(file) ? "it is empty" : "it cannot be read");
  return std::nullopt;
}

bool complain(const std::string& file, const scenario::Problems& problems) {
  for (const scenario::Problem& problem : problems)
    fmt::print(stderr, "{}\n", scenario::to_text(file, problem));
  return !problems.empty();
}

// The target as flags and files describe it; what is wrong is told here.
bool describe_target(const ConformFlags& flags, conformance::Target& target) {
  target.name = flags.target;
  if (conformance::looks_like_url(flags.target)) {
    auto address = conformance::address_in(flags.target);
    if (const auto* none = std::get_if<conformance::NoAddress>(&address)) {
      fmt::print(stderr, "mqttlab: `{}`: {}\n", flags.target, none->why);
      return false;
    }
    target.address = std::get<conformance::Address>(std::move(address));
  }
  if (!flags.target_file.empty()) {
    const auto text = text_in(flags.target_file);
    if (!text) return false;
    const std::string folder = std::filesystem::path(flags.target_file).parent_path().string();
    if (complain(flags.target_file, conformance::read_target(*text, folder, target))) return false;
  }
  if (!flags.ca_file.empty()) target.ca_file = flags.ca_file;
  if (flags.insecure) target.checks_certificate_name = false;
  return true;
}

// The file that says what is known of this target; empty: there is none.
std::string expectations_file(const ConformFlags& flags) {
  if (!flags.expectations.empty()) return flags.expectations;
  const std::string name = flags.client.empty() ? flags.target : expectations_name(flags.client);
  if (name.empty() || conformance::looks_like_url(name) || name.find('/') != std::string::npos)
    return {};
  const std::string file = MQTTLAB_EXPECTATIONS "/" + name + ".yaml";
  return std::filesystem::exists(file) || flags.updates_expectations ? file : "";
}

struct Course {
  Results results;
  std::string lost;
  std::string release;
};

// What came of it, or the exit code of a target that could not be had.
std::variant<Course, int> play(const ConformFlags& flags, conformance::Target target,
                               const std::vector<const conformance::Case*>& cases,
                               const conformance::Library& library) {
  if (!flags.client.empty()) {
    constexpr std::size_t processes_max = 24;
    auto played = play_client({.client = flags.client,
                               .seed = flags.seed,
                               .jobs = std::min(flags.jobs, processes_max),
                               .progress = show_progress},
                              cases, library);
    if (const int* code = std::get_if<int>(&played)) return *code;
    auto& run = std::get<ClientCourse>(played);
    return Course{std::move(run.results), std::move(run.lost), std::move(run.release)};
  }
  if (flags.target == "ours") return Course{against_ours(cases, library, flags), "", ""};
  std::optional<conformance::Adapted> broker;
  try {
    if (flags.in_virtual_time) {
      VirtualRun run =
          conform_in_virtual_time(cases, library, flags.target, flags.seed, show_progress);
      return Course{std::move(run.results), std::move(run.lost), std::move(run.release)};
    }
    if (!conformance::looks_like_url(flags.target)) broker.emplace(flags.target, target);
  } catch (const peers::AdapterError& error) {
    fmt::print(stderr, "{}\n", error.what());
    return exit_code::usage;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "mqttlab: {}\n", error.what());
    return exit_code::usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mqttlab: {}\n", error.what());
    return exit_code::unreachable;
  }
  // A broker that was started for this run has no limits to be careful of.
  const double rate = broker ? 0 : conformance::PaceLimits{}.per_second;
  conformance::RemoteRun run =
      conformance::run_remotely(cases, library, target,
                                {.at_once = flags.jobs,
                                 .pace = {.per_second = flags.connection_rate.value_or(rate)},
                                 .word = conformance::word_of_a_run(),
                                 .progress = show_progress});
  if (run.was_limited)
    fmt::print(stderr,
               "mqttlab: {} turned connections away; they were made more slowly then, in the end "
               "{:.0f} in a second\n",
               target.name, run.connections_per_second);
  return Course{std::move(run.results), std::move(run.lost), target.release};
}

void print_all(const Results& results, const conformance::Library& library,
               const ConformFlags& flags) {
  using conformance::Verdict;
  const conformance::Printing printing{
      flags.client.empty() ? flags.target : "--client '" + flags.client + "'", flags.cases,
      flags.seed, flags.verbose};
  for (const conformance::CaseResult& result : results) {
    const Verdict verdict = result.outcome.verdict;
    const bool is_plain = (verdict == Verdict::pass && result.outcome.reason.empty()) ||
                          verdict == Verdict::skipped || verdict == Verdict::known;
    if (!is_plain || flags.verbose)
      fmt::print("{}", conformance::to_text(result, library.statements, printing));
  }
  fmt::print("{}", conformance::summary(results));
}

// Reads the expectations and applies them; false if the file is wrong.
bool expect(const std::string& file, bool may_be_new, conformance::Expectations& expectations,
            Results& results, const conformance::Library& library) {
  if (file.empty() || (may_be_new && !std::filesystem::exists(file))) return true;
  const auto text = text_in(file);
  if (!text || complain(file, conformance::read_expectations(*text, expectations))) return false;
  conformance::apply(expectations, results);
  for (const std::string& idle : conformance::idle_patterns(expectations, library))
    fmt::print(stderr, "{}:{}\n", file, idle);
  return true;
}

int conform(const ConformFlags& flags) {
  if (flags.target.empty() == flags.client.empty()) {
    fmt::print(stderr, "mqttlab: expected a TARGET, a broker, or --client, and not both\n");
    return exit_code::usage;
  }
  conformance::Target target;
  if (!describe_target(flags, target)) return exit_code::usage;
  const conformance::Library library = library_of(flags);
  for (const std::string& problem : library.problems) fmt::print(stderr, "{}\n", problem);
  if (!library.problems.empty()) return exit_code::usage;
  conformance::Selection selection = flags.selection;
  if (!flags.client.empty()) selection.role = conformance::Role::client;
  const auto cases = conformance::selected(library, selection);
  if (flags.list) return listed(cases, library);
  if (cases.empty()) {
    fmt::print(stderr, "mqttlab: no case is selected; --list says which there are\n");
    return exit_code::nothing;
  }
  auto played = play(flags, target, cases, library);
  if (const int* code = std::get_if<int>(&played)) return *code;
  auto& course = std::get<Course>(played);
  const std::string file = expectations_file(flags);
  conformance::Expectations expectations{.target = course.release, .cases = {}};
  if (!expect(file, flags.updates_expectations, expectations, course.results, library))
    return exit_code::usage;
  print_all(course.results, library, flags);
  if (!course.lost.empty()) {
    fmt::print(stderr, "mqttlab: {}\n", course.lost);
    return exit_code::unreachable;
  }
  if (flags.updates_expectations) {
    std::ofstream(file) << conformance::updated(expectations, course.results);
    fmt::print(stderr, "mqttlab: {} is written; argue what is new in it\n", file);
  }
  return conformance::exit_code(course.results);
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
  CLI::App* verb = app.add_subcommand(
      "conform", "test a broker or a client for every statement of the standard");
  verb->add_option(
      "TARGET", flags->target,
      "ours: our own broker, in virtual time; a URL: mqtt://HOST:PORT, mqtts://, ws://, "
      "wss://; or a broker of this machine with an adapter, such as mosquitto");
  verb->add_option("--client", flags->client,
                   "test a client instead, as its broker: ours, in virtual time; one with an "
                   "adapter, such as mosquitto or mqttjs; or a command, 'program {url}'");
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
  verb->add_option("--target", flags->target_file,
                   "a file with what the broker does not show: users, limits, what it lacks");
  verb->add_option("--expectations", flags->expectations,
                   "a file with the cases that are known to fail, and why");
  verb->add_flag("--update-expectations", flags->updates_expectations,
                 "write what fails, and only that, into the expectations");
  verb->add_option("--jobs", flags->jobs, "cases at a time, on real sockets")
      ->check(CLI::Range(1, 10000));
  verb->add_option("--connection-rate", flags->connection_rate,
                   "new connections in a second, on real sockets (450; for a broker by name any "
                   "number); 0: any number")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--cafile", flags->ca_file, "TLS: authorities that are trusted, PEM");
  verb->add_flag("--virtual", flags->in_virtual_time,
                 "a broker of this machine, in virtual time: long waits take none")
      ->excludes("--client");
  verb->add_flag("--insecure", flags->insecure,
                 "TLS: do not check that the certificate is for this host");
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
