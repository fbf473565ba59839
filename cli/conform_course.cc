#include "cli/conform_course.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "cli/conform_client.h"
#include "cli/conform_virtual.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "conformance/runner/adapted.h"
#include "conformance/runner/address.h"
#include "conformance/runner/remote.h"
#include "peers/adapter.h"
#include "scenarios/language/units.h"

namespace mq::cli {
namespace {

using Course = ConformCourse;
using Results = std::vector<conformance::CaseResult>;

Results against_ours(const std::vector<const conformance::Case*>& cases,
                     const conformance::Library& library, const ConformFlags& flags) {
  Results results;
  conformance::Abilities abilities = conformance::abilities_of_ours();
  abilities.round_trip = conformance::round_trip(flags.across.link);
  for (const conformance::Case* one : cases) {
    conformance::CaseResult result{one, conformance::level_of(*one, library.statements), {}};
    if (interrupt_seen() != 0) {
      conformance::leave_out(result, conformance::interrupted_reason);
      results.push_back(std::move(result));
      continue;
    }
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

conformance::Onlooker onlooker() {
  return {.progress = show_progress, .stops = [] { return interrupt_seen() != 0; }};
}

std::vector<std::string> notes_of(const std::vector<std::string>& only_at_first) {
  if (only_at_first.empty()) return {};
  return {fmt::format("{} failed beside many others, and not when little else was played: {}",
                      only_at_first.size() == 1 ? "one case" : "some cases",
                      fmt::join(only_at_first, " "))};
}

// What came of it, or the exit code of a target that could not be had.
std::variant<Course, int> play(const ConformFlags& flags, conformance::Target target,
                               const std::vector<const conformance::Case*>& cases,
                               const conformance::Library& library,
                               const conformance::Expectations& expectations) {
  if (!flags.client.empty()) {
    constexpr std::size_t processes_max = 24;
    auto played = play_client({.client = flags.client,
                               .seed = flags.seed,
                               .jobs = std::min(flags.jobs, processes_max),
                               .onlooker = onlooker()},
                              cases, library);
    if (const int* code = std::get_if<int>(&played)) return *code;
    auto& run = std::get<ClientCourse>(played);
    return Course{std::move(run.results), std::move(run.lost), std::move(run.release)};
  }
  const auto longest = scenario::parse_duration(flags.longest);
  const auto is_known = [&](const conformance::CaseResult& result) {
    return conformance::is_known(expectations, result);
  };
  if (flags.target == "ours") return Course{against_ours(cases, library, flags), "", ""};
  std::optional<conformance::Adapted> broker;
  try {
    if (flags.in_virtual_time) {
      VirtualOptions options{
          .broker = flags.target, .seed = flags.seed, .onlooker = onlooker(), .is_known = is_known};
      if (longest) options.longest = *longest;
      VirtualRun run = conform_in_virtual_time(cases, library, target, options);
      return Course{std::move(run.results), std::move(run.lost), std::move(run.release),
                    notes_of(run.only_at_first)};
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
  conformance::RemoteOptions options{.at_once = flags.jobs,
                                     .pace = {.per_second = flags.connection_rate.value_or(rate)},
                                     .word = conformance::word_of_a_run(),
                                     .onlooker = onlooker(),
                                     .is_known = is_known};
  if (longest) options.longest = *longest;
  conformance::RemoteRun run = conformance::run_remotely(cases, library, target, options);
  std::vector<std::string> notes = notes_of(run.only_at_first);
  if (run.was_limited)
    notes.push_back(
        fmt::format("{} turned connections away; they were made more slowly then, in "
                    "the end {:.0f} in a second",
                    target.name, run.connections_per_second));
  return Course{std::move(run.results), std::move(run.lost), target.release, std::move(notes)};
}

}  // namespace

std::variant<ConformCourse, int> play_rounds(const ConformFlags& flags,
                                             const conformance::Target& target,
                                             const std::vector<const conformance::Case*>& cases,
                                             const conformance::Library& library,
                                             const conformance::Expectations& expectations) {
  std::vector<Results> rounds;
  Course last;
  do {
    auto played = play(flags, target, cases, library, expectations);
    if (std::holds_alternative<int>(played)) return played;
    last = std::get<Course>(std::move(played));
    // A later round that a signal cut short says nothing new.
    if (rounds.empty() || interrupt_seen() == 0) rounds.push_back(std::move(last.results));
  } while (rounds.size() < flags.repeat && last.lost.empty() && interrupt_seen() == 0);
  last.results = conformance::gravest_of(std::move(rounds));
  return last;
}

}  // namespace mq::cli
