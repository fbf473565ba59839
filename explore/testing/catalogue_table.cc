// explore_catalogue: searches for each bug of the catalogue.
//
//   explore_catalogue docs/explore.md   writes the table there, between its marks
//   explore_catalogue 7 [9]             only the bugs 7 (to 9), with their smallest scenarios
//   explore_catalogue play 7 FILE       only this scenario with the bug 7
//   explore_catalogue none 1 100000     no bug, from seed 1 on, so many runs: finds nothing
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "explore/testing/catalogue.h"

namespace mq::explore {
namespace {

constexpr std::string_view begin_mark = "<!-- explore_catalogue begins -->\n";
constexpr std::string_view end_mark = "<!-- explore_catalogue ends -->\n";

std::string row(const Bug& bug, const Found& found) {
  const std::string who = bug.of_client ? "client" : "broker";
  if (found.runs == 0)
    return fmt::format("| {} {} | not in {} | | | | |\n", who, bug.name, runs_most);
  return fmt::format("| {} {} | {} | {:.1f} | `{}`{} | {} | {} |\n", who, bug.name, found.runs,
                     found.seconds, found.promise, tells_of(bug, found.promise) ? "" : " (wrong)",
                     found.faults, found.clients);
}

std::string table() {
  std::string rows;
  std::uint64_t most_runs = 0;
  std::size_t most_faults = 0;
  double most_seconds = 0;
  std::size_t missed = 0;
  const auto bugs = all_bugs();
  for (const Bug& bug : bugs) {
    const Found found = hunt(bug);
    rows += row(bug, found);
    std::fprintf(stderr, "%s", row(bug, found).c_str());
    missed += found.runs == 0;
    most_runs = std::max(most_runs, found.runs);
    most_faults = std::max(most_faults, found.faults);
    most_seconds = std::max(most_seconds, found.seconds);
  }
  return fmt::format(
             "{} bugs, {} found: each within {} runs and {:.1f} s of one core, making it small "
             "included, with at most {} faults left.\n\n",
             bugs.size(), bugs.size() - missed, most_runs, most_seconds, most_faults) +
         "| who errs, and how | runs until found | seconds | first promise broken | faults left "
         "| clients left |\n| --- | --- | --- | --- | --- | --- |\n" +
         rows;
}

int write_table(const char* path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  std::string page = text.str();
  const std::size_t begin = page.find(begin_mark);
  const std::size_t end = page.find(end_mark);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    std::fprintf(stderr, "%s has no marks for the table\n", path);
    return 2;
  }
  const std::size_t from = begin + begin_mark.size();
  page.replace(from, end - from, table());
  std::ofstream(path) << page;
  return 0;
}

void print_one(const Bug& bug) {
  const Found found = hunt(bug);
  fmt::print("{}seed {}, {} plays{}: {}\n{}\n", row(bug, found), found.seed, found.plays,
             found.without_it_too ? ", FAILS WITHOUT THE BUG TOO" : "", found.evidence,
             found.smallest);
}

// What a scenario that should show a bug says of it: for whoever works at a drawing or a check.
int play_file(const Bug& bug, const char* path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const cli::Played played = play_with(bug, text.str());
  for (const auto& [id, evidence] : played.broken) fmt::print("{}: {}\n", id, evidence);
  fmt::print("{} broken {}\n", played.broken.size(), played.why);
  return played.broken.empty() ? 0 : 1;
}

// From failure to failure, each with the smallest scenario; 1 if there is one.
int search_soundness(std::uint64_t first, std::uint64_t runs) {
  const std::uint64_t end = first + runs;
  std::size_t failures = 0;
  while (first < end) {
    const Found found = hunt(Bug{}, first, end - first);
    if (found.runs == 0) break;
    ++failures;
    first = found.seed + 1;
    fmt::print("seed {}, {} plays: {}: {}\n{}\n", found.seed, found.plays, found.promise,
               found.evidence, found.smallest);
    std::fflush(stdout);
  }
  fmt::print("{} of {} runs broke a promise\n", failures, runs);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mq::explore

int main(int argc, char** argv) {
  using namespace mq::explore;
  if (argc < 2) {
    fmt::print("{}", table());
    return 0;
  }
  if (std::string_view(argv[1]) == "none" && argc == 4)
    return search_soundness(std::strtoull(argv[2], nullptr, 10),
                            std::strtoull(argv[3], nullptr, 10));
  if (std::string_view(argv[1]) == "play" && argc == 4)
    return play_file(all_bugs().at(std::strtoul(argv[2], nullptr, 10) - 1), argv[3]);
  const std::size_t first = std::strtoul(argv[1], nullptr, 10);
  if (first == 0) return write_table(argv[1]);
  const auto bugs = all_bugs();
  const std::size_t last = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : first;
  for (std::size_t i = first; i <= last && i <= bugs.size(); ++i) print_one(bugs[i - 1]);
  return 0;
}
