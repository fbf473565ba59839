#include "compare/sentences.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "gate/words.h"
#include "reports/text/format.h"
#include "reports/verdict_words.h"

namespace mq::compare {
namespace {

using gate::Change;
using gate::value_text;

constexpr std::string_view standard_prefix = "standard/";

std::string p_text(double p) { return p < 0.0001 ? "p < 0.0001" : fmt::format("p {:.4f}", p); }

std::string in_runs(const gate::Kept& kept) {
  if (kept.tried == 0) return "never tried";
  return fmt::format("{} of {} runs", kept.broken, kept.tried);
}

// ---- Promises -----------------------------------------------------------------------------------

void add_promise(Comparison& all, std::size_t at, const gate::PromiseChange& change) {
  const bool here = change.now.broken > 0;
  const bool there = change.base.broken > 0;
  if (change.change == Change::same || (!here && !there)) return;
  const std::string& name = all.sides[at].name;
  const std::string& first = all.sides[0].name;
  const bool more = change.change == Change::worse;
  const gate::Share base{change.base.broken, change.base.tried};
  const gate::Share now{change.now.broken, change.now.tried};
  const double p = more ? gate::more_often(base, now) : gate::more_often(now, base);
  Difference difference;
  difference.text = fmt::format("{} breaks {}: \xE2\x80\x9C{}\xE2\x80\x9D", more ? name : first,
                                is_of_standard(change.id) ? "a rule of the standard" : "a promise",
                                report::without_full_stop(change.promise));
  difference.evidence.push_back(fmt::format("{} in {}, {} in {}; {} (Fisher)", name,
                                            in_runs(change.now), first, in_runs(change.base),
                                            p_text(p)));
  if (more) difference.shown_by = change.evidence;
  difference.folders = change.folders;
  (p < all.rules.p_max ? all.differences : all.seldom).push_back(std::move(difference));
}

// ---- Figures ------------------------------------------------------------------------------------

struct Phrase {
  std::string_view id;  // of the metric, its beginning
  std::string_view more;
  std::string_view less;
};
// What a broker does whose figure is larger, or smaller, than that of the first. In the order of
// their weight; the words of a latency are made of its parts.
constexpr std::array phrases{
    Phrase{"silent-drop-late", "drops silent clients later", "drops silent clients earlier"},
    Phrase{"lost", "loses more deliveries", "loses fewer deliveries"},
    Phrase{"duplicated", "delivers more often twice", "delivers less often twice"},
    Phrase{"reordered", "delivers more often out of order", "delivers less often out of order"},
    Phrase{"delivered", "delivers more of what is owed", "delivers less of what is owed"},
    Phrase{"late", "delivers more often too late", "delivers less often too late"},
    Phrase{"refused", "leaves more messages refused or unsent",
           "leaves fewer messages refused or unsent"},
    Phrase{"unacknowledged", "leaves more messages unacknowledged",
           "leaves fewer messages unacknowledged"},
    Phrase{"latency", "delivers later", "delivers sooner"},
    Phrase{"connected", "has its fleet connected longer", "has its fleet connected less"},
    Phrase{"connects", "makes its fleet connect more often", "makes its fleet connect less often"},
    Phrase{"bytes-up", "costs the devices more bytes to send",
           "costs the devices fewer bytes to send"},
    Phrase{"bytes-down", "sends more bytes to the devices", "sends fewer bytes to the devices"},
    Phrase{"broker-cpu", "takes more processor time for a PUBLISH",
           "takes less processor time for a PUBLISH"},
};

const Phrase* phrase_of(const std::string& id) {
  for (const Phrase& phrase : phrases)
    if (id == phrase.id || id.starts_with(std::string(phrase.id) + "-")) return &phrase;
  return nullptr;
}

std::string against(const Comparison& all, std::size_t at, const gate::MetricChange& change) {
  const Spread here = spread_of(all.sides[at], change.metric.id);
  const Spread there = spread_of(all.sides[0], change.metric.id);
  // Of something rare the medians may be alike where the means are not.
  const bool use_means = here.middle == there.middle;
  return fmt::format("{} {}, {} {}", all.sides[at].name,
                     use_means ? value_text(change.now, change.metric.unit) + " on average"
                               : spread_text(here, change.metric.unit),
                     all.sides[0].name,
                     use_means ? value_text(change.base, change.metric.unit)
                               : spread_text(there, change.metric.unit));
}

std::string tested(const Comparison& all, const gate::MetricChange& change) {
  if (std::min(change.base_runs, change.now_runs) < all.rules.runs_min)
    return fmt::format("seen in {} and {}, not tested: that takes {} of each",
                       report::count(change.now_runs, "run"), change.base_runs, all.rules.runs_min);
  return fmt::format("{}, effect {:+.2f} ({} and {} seeds)", p_text(change.test.p),
                     change.test.effect, change.now_runs, change.base_runs);
}

std::string qos_in(const std::string& id) {
  const std::size_t at = id.rfind("-qos");
  return at == std::string::npos ? "" : " of QoS " + id.substr(at + 4);
}

// Run by run the one whose value is in the middle shows best what is usual.
std::string usual_run(const Side& side, const std::string& metric) {
  const double middle = spread_of(side, metric).middle;
  const gate::Facts* best = nullptr;
  double distance = 0;
  for (const gate::Facts& run : side.runs)
    for (const gate::Figure& figure : run.figures) {
      if (figure.metric.id != metric) continue;
      const double here = std::abs(figure.value - middle);
      if (best != nullptr && here >= distance) continue;
      best = &run;
      distance = here;
    }
  return best == nullptr ? "" : best->folder;
}

void add_figure(Comparison& all, std::size_t at, const std::vector<gate::MetricChange>& group) {
  // The tail is what people wait for; the rest of a latency follows it.
  const auto main = std::find_if(group.begin(), group.end(), [](const auto& change) {
    return change.metric.id.find("-p99-") != std::string::npos;
  });
  const gate::MetricChange& change = main == group.end() ? group.front() : *main;
  const Phrase* phrase = phrase_of(change.metric.id);
  const bool more = change.test.effect > 0;
  Difference difference;
  difference.text = fmt::format("{} {}{}: {}: {}", all.sides[at].name,
                                phrase == nullptr ? "differs"
                                : more            ? phrase->more
                                                  : phrase->less,
                                phrase == nullptr ? "" : qos_in(change.metric.id),
                                change.metric.name, against(all, at, change));
  if (phrase != nullptr && phrase->id == "silent-drop-late")
    difference.text = fmt::format(
        "{} drops a silent client {} after one and a half keep alives, {} {}", all.sides[at].name,
        spread_text(spread_of(all.sides[at], change.metric.id), change.metric.unit),
        all.sides[0].name,
        spread_text(spread_of(all.sides[0], change.metric.id), change.metric.unit));
  difference.evidence.push_back(tested(all, change));
  for (const gate::MetricChange& other : group)
    if (other.metric.id != change.metric.id)
      difference.evidence.push_back(fmt::format("{}: {}; {}", other.metric.name,
                                                against(all, at, other), tested(all, other)));
  for (const std::size_t side : {at, std::size_t{0}})
    if (std::string folder = usual_run(all.sides[side], change.metric.id); !folder.empty())
      difference.folders.push_back(std::move(folder));
  const bool is_tested = std::min(change.base_runs, change.now_runs) >= all.rules.runs_min;
  (is_tested ? all.differences : all.seldom).push_back(std::move(difference));
}

std::string group_of(const gate::MetricChange& change) {
  const std::string& id = change.metric.id;
  return id.starts_with("latency-") ? "latency" + qos_in(id) + (change.test.effect > 0 ? "+" : "-")
                                    : id;
}

// Those of `changes` that differ, latencies that follow one another in one sentence.
void add_figures(Comparison& all, std::size_t at, const std::vector<gate::MetricChange>& changes) {
  std::map<std::string, std::vector<gate::MetricChange>> groups;
  for (const gate::MetricChange& change : changes)
    if (change.change == Change::worse || change.change == Change::better)
      groups[group_of(change)].push_back(change);
  // What is delivered and what is lost are two sides of one thing.
  for (const char* qos : {"0", "1", "2"})
    if (groups.contains(std::string("lost-qos") + qos))
      groups.erase(std::string("delivered-qos") + qos);
  std::vector<std::pair<const Phrase*, const std::vector<gate::MetricChange>*>> sorted;
  for (const auto& [name, group] : groups)
    sorted.emplace_back(phrase_of(group.front().metric.id), &group);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return (a.first == nullptr ? phrases.end() : a.first) <
           (b.first == nullptr ? phrases.end() : b.first);
  });
  for (const auto& [phrase, group] : sorted) add_figure(all, at, *group);
}

// ---- Conformance --------------------------------------------------------------------------------

using Judged = std::map<std::string, const report::ConformJudged*>;

Judged judged_of(const report::ConformResults& results) {
  Judged judged;
  for (const report::ConformJudged& one : results.judged) judged[one.id] = &one;
  return judged;
}

// Of what is known, advice that is not followed is no failure.
bool fails(const report::ConformJudged& one) {
  return one.verdict == report::ConformVerdict::fail ||
         (one.verdict == report::ConformVerdict::known && one.miss);
}

// Cases of demands that `one` fails and `other` passes.
void add_failures(Comparison& all, const Side& one, const Side& other) {
  const Judged there = judged_of(*other.conform);
  std::size_t cases = 0;
  std::set<std::string> statements;
  std::string examples;
  std::size_t shown = 0;
  for (const report::ConformJudged& here : one.conform->judged) {
    const auto same = there.find(here.id);
    if (here.level != "must" || !fails(here) || same == there.end() ||
        same->second->verdict != report::ConformVerdict::pass)
      continue;
    ++cases;
    const bool is_new = std::any_of(here.statements.begin(), here.statements.end(),
                                    [&](const auto& id) { return !statements.contains(id); });
    statements.insert(here.statements.begin(), here.statements.end());
    constexpr std::size_t shown_max = 5;
    if (!is_new || shown == shown_max || here.statements.empty()) continue;
    ++shown;
    examples += fmt::format("{}{} ({})", examples.empty() ? "" : "; ", here.statements.front(),
                            here.title.empty() ? here.id : here.title);
  }
  if (cases == 0) return;
  all.differences.push_back(
      {.text = fmt::format("{} fails {} of what the standard demands, over {}, that {} passes",
                           one.name, report::count(cases, "case"),
                           report::count(statements.size(), "statement"), other.name),
       .evidence = {"in virtual time each case comes to the same again"},
       .shown_by = examples,
       .folders = {}});
}

}  // namespace

std::string id_of_standard(const std::string& finding) {
  return std::string(standard_prefix) + finding;
}

bool is_of_standard(const std::string& id) { return id.starts_with(standard_prefix); }

std::string spread_text(const Spread& spread, gate::Unit unit) {
  if (!spread.measured) return "not measured";
  const std::string middle = gate::value_text(spread.middle, unit);
  const std::string low = gate::value_text(spread.interval.low, unit);
  const std::string high = gate::value_text(spread.interval.high, unit);
  if (low == middle && high == middle) return middle;
  return fmt::format("{} ({} to {})", middle, low, high);
}

void add_differences(Comparison& all, std::size_t at, const gate::ScenarioChange& scenario) {
  const bool has_rules =
      std::any_of(scenario.promises.begin(), scenario.promises.end(), [](const auto& change) {
        return is_of_standard(change.id) && change.change != Change::same;
      });
  for (const gate::PromiseChange& change : scenario.promises)
    if (change.id != "standard" || !has_rules) add_promise(all, at, change);
  add_figures(all, at, scenario.metrics);
}

void add_seen(Comparison& all, std::size_t at) {
  const Side& base = all.sides[0];
  const Side& now = all.sides[at];
  std::vector<gate::MetricChange> changes;
  for (const gate::Figure& figure : now.runs.front().figures) {
    const Spread there = spread_of(base, figure.metric.id);
    const Spread here = spread_of(now, figure.metric.id);
    if (!there.measured || here.middle == there.middle ||
        !gate::matters(figure.metric, there.middle, here.middle))
      continue;
    const bool more = here.middle > there.middle;
    changes.push_back({.metric = figure.metric,
                       .base_runs = base.runs.size(),
                       .now_runs = now.runs.size(),
                       .base = there.middle,
                       .now = here.middle,
                       .test = {.effect = more ? 1.0 : -1.0},
                       .change = more == (figure.metric.better == gate::Better::lower)
                                     ? Change::worse
                                     : Change::better});
  }
  add_figures(all, at, changes);
}

std::string runs_text(const Comparison& all) {
  if (all.of == Of::brokers)
    return report::count(all.sides.front().runs.size(), "seed") + " each, the same for all";
  std::string text;
  for (const Side& side : all.sides)
    text += fmt::format("{}{} of {}", text.empty() ? "" : ", ",
                        report::count(side.runs.size(), "run"), side.name);
  return text;
}

std::string_view sides_word(const Comparison& all) {
  return all.of == Of::brokers ? "brokers" : "results";
}

void add_conformance(Comparison& all) {
  for (std::size_t at = 1; at < all.sides.size(); ++at) {
    if (!all.sides[at].conform || !all.sides[0].conform) continue;
    add_failures(all, all.sides[at], all.sides[0]);
    add_failures(all, all.sides[0], all.sides[at]);
  }
}

}  // namespace mq::compare
