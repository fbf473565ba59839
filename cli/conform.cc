// mqttlab conform TARGET: the standard's statements against a broker or a client.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/conform_course.h"
#include "cli/conform_flags.h"
#include "cli/conform_list.h"
#include "cli/conform_report.h"
#include "cli/conform_target.h"
#include "cli/conform_tell.h"
#include "cli/conform_world.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/named_report.h"
#include "cli/verbs.h"
#include "conformance/runner/address.h"
#include "conformance/runner/expectations.h"
#include "conformance/runner/library.h"
#include "scenarios/language/units.h"

namespace mq::cli {
namespace {

conformance::Library library_of(const ConformFlags& flags) {
  return flags.cases.empty() ? conformance::embedded_library()
                             : conformance::library_from(flags.cases);
}

int misused(const std::string& what) {
  fmt::print(stderr, "mqttlab conform: {}\nTry: mqttlab conform --help\n", what);
  return exit_code::usage;
}

// What flags say together that they may say apart; empty: nothing is wrong.
std::string contradiction_in(const ConformFlags& flags) {
  const bool names_nothing = flags.target.empty() && flags.client.empty();
  if (names_nothing && !flags.list)
    return "expected a TARGET, a broker, or --client, 'program {url}'";
  if (!flags.target.empty() && !flags.client.empty())
    return "expected a TARGET, a broker, or --client, and not both";
  if (flags.target != "ours" && (flags.world != "memory" || !flags.link.empty()) && !names_nothing)
    return std::string(flags.link.empty() ? "--world" : "--link") +
           " is for the TARGET `ours` alone; a scenario puts other brokers and clients behind a "
           "link: mqttlab run FILE --broker NAME";
  if (flags.in_virtual_time && conformance::looks_like_url(flags.target))
    return "--virtual is for brokers of this machine, by name; " + flags.target +
           " lives in real time";
  if (!flags.client.empty() && !flags.target_file.empty())
    return "--target describes a broker, and --client tests a client";
  if (!conformance::shard_named(flags.shard))
    return "--shard " + flags.shard + ": expected I/N, such as 2/5";
  if (!flags.longest.empty() && !scenario::parse_duration(flags.longest))
    return "--longest " + flags.longest + ": expected a duration, such as 90s, 28h or 60d";
  return {};
}

// Which cases; or the exit code, when it has been said why there are none.
std::variant<std::vector<const conformance::Case*>, int> chosen(const ConformFlags& flags,
                                                                const conformance::Library& library,
                                                                const ResultsFolder& folder) {
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
  auto cases = conformance::part(conformance::selected(library, selection),
                                 *conformance::shard_named(flags.shard));
  if (!cases.empty()) return cases;
  std::string meant;
  for (const std::string& pattern : selection.only)
    if (pattern.starts_with("MQTT-") || pattern.starts_with("mqtt-"))
      meant +=
          fmt::format("; `{}` is a statement of two versions, did you mean v5/{} or v3.1.1/{}?",
                      pattern, pattern, pattern);
  fmt::print(stderr, "mqttlab: no case is selected{}; --list says which there are\n", meant);
  return exit_code::nothing;
}

int conform(const ConformFlags& flags) {
  if (const std::string wrong = contradiction_in(flags); !wrong.empty()) return misused(wrong);
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
  const auto reports = named_reports(flags.reports, reports_of_results);
  if (!reports) return exit_code::usage;
  const std::string file = expectations_file(flags);
  conformance::Expectations expectations;
  if (!read_expectations_file(file, flags.updates_expectations, library, expectations))
    return exit_code::usage;
  take_signals();
  if (const auto trouble = prepare(folder)) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble);
    return exit_code::usage;
  }
  const auto began = std::chrono::steady_clock::now();
  auto played = play_rounds(flags, target, cases, library, expectations);
  if (const int* code = std::get_if<int>(&played)) return *code;
  auto& course = std::get<ConformCourse>(played);
  conformance::apply(expectations, course.results);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  int code = tell(flags, folder, course, library, took.count());
  if (const auto trouble = write_named(*reports, folder.path)) {
    fmt::print(stderr, "mqttlab: {}\n", *trouble);
    code = graver(code, exit_code::fault);
  }
  if (flags.updates_expectations && course.lost.empty() && interrupt_seen() == 0) {
    if (expectations.target.empty()) expectations.target = course.release;
    if (std::ofstream out(file);
        out << conformance::updated(expectations, course.results) << std::flush) {
      fmt::print(stderr, "mqttlab: {} is written; argue what is new in it\n", file);
    } else {
      fmt::print(stderr, "mqttlab: {}: it cannot be written; --expectations names another file\n",
                 file);
      code = graver(code, exit_code::fault);
    }
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
  verb->add_option("--longest", flags->longest,
                   "cases that take longer are n/a: 10s of a broker on real sockets, 28h of one in "
                   "virtual time (60d takes minutes)")
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
  verb->add_option("--report", flags->reports, help_of_report(reports_of_results))
      ->type_name("KIND=PATH")
      ->allow_extra_args(false);
  verb->add_flag("--json", flags->json, "print results.json on stdout, and nothing else");
  verb->add_flag("--github", flags->github,
                 "annotations and the step's summary; by itself in GitHub Actions");
  verb->add_flag("--verbose,-v", flags->verbose, "show every case, with its packets");
  verb->callback([flags, &exit_code] {
    exit_code =
        lay_across(flags->world, flags->link, flags->across) ? conform(*flags) : exit_code::usage;
  });
}

}  // namespace mq::cli
