// mqttlab conform TARGET: the standard's statements against a broker.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "cli/conform_client.h"
#include "cli/conform_list.h"
#include "cli/conform_report.h"
#include "cli/conform_virtual.h"
#include "cli/conform_world.h"
#include "cli/exit_code.h"
#include "cli/render.h"
#include "cli/text_file.h"
#include "cli/verbs.h"
#include "conformance/runner/adapted.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/library.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/print.h"
#include "conformance/runner/remote.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/target_file.h"
#include "conformance/runner/watched.h"
#include "installation/installation.h"
#include "peers/adapter.h"
#include "reports/conform/results_json.h"

namespace mq::cli {
namespace {

struct ConformFlags {
  std::string target;
  std::string client;
  std::string cases;
  conformance::Selection selection;
  std::uint64_t seed = 1;
  std::string world = "memory";
  std::string link;
  conformance::Across across;
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
  std::string output;
  bool json = false;
  std::string shard = "1/1";
  std::size_t repeat = 1;
  bool last_failed = false;
};

conformance::Library library_of(const ConformFlags& flags) {
  return flags.cases.empty() ? conformance::embedded_library()
                             : conformance::library_from(flags.cases);
}

using Results = std::vector<conformance::CaseResult>;

Results against_ours(const std::vector<const conformance::Case*>& cases,
                     const conformance::Library& library, const ConformFlags& flags) {
  Results results;
  conformance::Abilities abilities = conformance::abilities_of_ours();
  abilities.round_trip = conformance::round_trip(flags.across.link);
  for (const conformance::Case* one : cases) {
    conformance::CaseResult result{one, conformance::level_of(*one, library.statements), {}};
    const std::string why = conformance::does_not_apply(*one, abilities, {});
    if (why.empty()) {
      result.outcome = conformance::play_against_ours(*one, flags.seed, {}, flags.across);
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
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    fmt::print(stderr, "mqttlab conform: {}: a folder; expected a file\n", file);
    return std::nullopt;
  }
  std::ostringstream text;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    fmt::print(stderr, "mqttlab conform: {}: {}\n", file, std::strerror(errno));
    return std::nullopt;
  }
  if (text << stream.rdbuf()) return text.str();
  fmt::print(stderr, "mqttlab conform: {}: it is empty\n", file);
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
  const std::string file = data_folder("conformance/expectations") + "/" + name + ".yaml";
  return std::filesystem::exists(file) || flags.updates_expectations ? file : "";
}

struct Course {
  Results results;
  std::string lost;
  std::string release;
  std::vector<std::string> notes = {};
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
  std::vector<std::string> notes;
  if (run.was_limited)
    notes.push_back(
        fmt::format("{} turned connections away; they were made more slowly then, in "
                    "the end {:.0f} in a second",
                    target.name, run.connections_per_second));
  return Course{std::move(run.results), std::move(run.lost), target.release, std::move(notes)};
}

// The rounds of --repeat over the same cases; a target that is lost ends them.
std::variant<Course, int> play_rounds(const ConformFlags& flags, const conformance::Target& target,
                                      const std::vector<const conformance::Case*>& cases,
                                      const conformance::Library& library) {
  std::vector<Results> rounds;
  Course last;
  for (std::size_t round = 0; round < flags.repeat && last.lost.empty(); ++round) {
    auto played = play(flags, target, cases, library);
    if (std::holds_alternative<int>(played)) return played;
    last = std::get<Course>(std::move(played));
    rounds.push_back(std::move(last.results));
  }
  last.results = conformance::gravest_of(std::move(rounds));
  return last;
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
  for (const conformance::CaseResult& result : results) {
    if (result.rounds.empty()) continue;
    fmt::print("flaky      {}:", result.which->id);
    for (const Verdict round : result.rounds) fmt::print(" {}", name(round));
    fmt::print("\n");
  }
  fmt::print("{}", conformance::summary(results));
  fmt::print("{}", conformance::to_text(conformance::watched_statements(results)));
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

// Which cases; or the exit code, when it has been said why there are none.
std::variant<std::vector<const conformance::Case*>, int> chosen(const ConformFlags& flags,
                                                                const conformance::Library& library,
                                                                const ResultsFolder& folder) {
  const auto shard = conformance::shard_named(flags.shard);
  if (!shard) {
    fmt::print(stderr, "mqttlab: --shard {}: expected I/N, such as 2/5\n", flags.shard);
    return exit_code::usage;
  }
  conformance::Selection selection = flags.selection;
  if (!flags.client.empty()) selection.role = conformance::Role::client;
  if (flags.last_failed) {
    std::string why;
    auto ids = last_failed(folder, why);
    if (!ids) {
      fmt::print(stderr, "mqttlab: --last-failed: {}\n", why);
      return exit_code::usage;
    }
    if (ids->empty()) {
      fmt::print(stderr, "mqttlab: nothing failed the last time\n");
      return exit_code::nothing;
    }
    selection.also = std::move(*ids);
  }
  auto cases = conformance::part(conformance::selected(library, selection), *shard);
  if (!cases.empty()) return cases;
  fmt::print(stderr, "mqttlab: no case is selected; --list says which there are\n");
  return exit_code::nothing;
}

// The flags that select, as they were given.
std::string selection_of(const ConformFlags& flags) {
  std::string text;
  const auto add = [&text](const char* flag, const std::string& value) {
    text += (text.empty() ? "" : " ") + std::string(flag) + " " + quote_for_shell(value);
  };
  for (const std::string& one : flags.selection.only) add("--only", one);
  for (const std::string& one : flags.selection.skip) add("--skip", one);
  if (!flags.selection.level.empty() && flags.selection.level != "all")
    add("--level", flags.selection.level);
  if (flags.shard != "1/1") add("--shard", flags.shard);
  if (flags.last_failed) text += (text.empty() ? "" : " ") + std::string("--last-failed");
  return text;
}

// Of the target, for people and for folders.
std::string name_of(const ConformFlags& flags) {
  return flags.client.empty() ? flags.target : "client " + flags.client;
}

std::string command_of(const ConformFlags& flags) {
  std::string text = launcher_name() + " conform " +
                     (flags.client.empty() ? quote_for_shell(flags.target)
                                           : "--client " + quote_for_shell(flags.client));
  const std::pair<const char*, const std::string&> files[] = {
      {" --cases ", flags.cases}, {" --target ", flags.target_file}, {" --cafile ", flags.ca_file}};
  for (const auto& [flag, value] : files)
    if (!value.empty()) text += flag + quote_for_shell(value);
  return text + (flags.insecure ? " --insecure" : "") + (flags.in_virtual_time ? " --virtual" : "");
}

ConformAbout about(const ConformFlags& flags, const Course& course, double wall_seconds) {
  ConformAbout about;
  about.target = name_of(flags);
  about.release = course.release;
  about.seed = flags.seed;
  about.again = command_of(flags);
  about.selection = selection_of(flags);
  about.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                              fmt::gmtime(std::time(nullptr) - std::lround(wall_seconds)));
  about.wall_seconds = wall_seconds;
  about.is_virtual = flags.target == "ours" || flags.client == "ours" || flags.in_virtual_time;
  about.lost = course.lost;
  about.notes = course.notes;
  return about;
}

// Prints and writes what came of it; the exit code.
int tell(const ConformFlags& flags, const ResultsFolder& folder, const Course& course,
         const conformance::Library& library, double wall_seconds) {
  const report::ConformResults results =
      conform_results(course.results, library, about(flags, course, wall_seconds), &folder);
  if (const auto trouble = write_conform(results, folder)) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble);
    return exit_code::fault;
  }
  if (flags.json) {
    fmt::print("{}", report::to_json(results));
  } else {
    print_all(course.results, library, flags);
    fmt::print("{}report  {}\n", coverage_text(results.coverage), folder.report());
  }
  for (const std::string& note : course.notes) fmt::print(stderr, "mqttlab: {}\n", note);
  if (!course.lost.empty()) fmt::print(stderr, "mqttlab: {}\n", course.lost);
  return results.exit_code;
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
  if (library.cases.empty()) {
    fmt::print(stderr, "mqttlab conform: --cases {}: there is no case in it\n", flags.cases);
    return exit_code::usage;
  }
  const ResultsFolder folder{flags.output.empty() ? default_conform_path(name_of(flags))
                                                  : flags.output};
  const auto selected = chosen(flags, library, folder);
  if (const int* code = std::get_if<int>(&selected)) return *code;
  const auto& cases = std::get<std::vector<const conformance::Case*>>(selected);
  if (flags.list) return print_cases(cases, library, flags.json);
  if (const auto trouble = prepare(folder)) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble);
    return exit_code::usage;
  }
  const auto began = std::chrono::steady_clock::now();
  auto played = play_rounds(flags, target, cases, library);
  if (const int* code = std::get_if<int>(&played)) return *code;
  auto& course = std::get<Course>(played);
  const std::string file = expectations_file(flags);
  conformance::Expectations expectations{.target = course.release, .cases = {}};
  if (!expect(file, flags.updates_expectations, expectations, course.results, library))
    return exit_code::usage;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const int code = tell(flags, folder, course, library, took.count());
  if (flags.updates_expectations && course.lost.empty()) {
    std::ofstream(file) << conformance::updated(expectations, course.results);
    fmt::print(stderr, "mqttlab: {} is written; argue what is new in it\n", file);
  }
  return code;
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
      "a case, a statement, tag:T, section:S, kind:K, version:V or file:F; * and ? are wildcards");
  verb->add_option("--skip", flags->selection.skip, "as --only: leave these out");
  verb->add_option("--level", flags->selection.level, "must, should, may or all")
      ->check(CLI::IsMember({"must", "should", "may", "all"}));
  verb->add_option("--seed", flags->seed, "of all chance");
  verb->add_option("--world", flags->world, "of `ours`: memory (no TCP, fast) or ns3")
      ->check(CLI::IsMember({"memory", "ns3"}));
  verb->add_option("--link", flags->link,
                   "of `ours`: a profile of the link between tester and broker");
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
  verb->add_option("--shard", flags->shard,
                   "I/N: the Ith of N parts of what is selected, always the same part");
  verb->add_option("--repeat", flags->repeat, "play all so many times; what differs is named")
      ->check(CLI::Range(1, 1000));
  verb->add_flag("--last-failed", flags->last_failed,
                 "only what failed the last time, as results.json in the results folder says");
  verb->add_option("-o,--output", flags->output, "the results folder (results/conform-TARGET)");
  verb->add_flag("--json", flags->json, "print results.json on stdout, and nothing else");
  verb->add_flag("--verbose,-v", flags->verbose, "show every case, with its packets");
  verb->callback([flags, &exit_code] {
    exit_code =
        lay_across(flags->world, flags->link, flags->across) ? conform(*flags) : exit_code::usage;
  });
}

}  // namespace mq::cli
