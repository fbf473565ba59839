// mqttlab gate BASE NEW: is NEW worse than BASE?
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/nearest_word.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/gate_rules.h"
#include "cli/github.h"
#include "cli/render.h"
#include "cli/results_folder.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "gate/compare.h"
#include "gate/metrics.h"
#include "gate/render.h"
#include "reports/file/output_file.h"

namespace mq::cli {
namespace {

namespace fs = std::filesystem;

struct GateFlags {
  std::string base;
  std::string now;
  std::vector<std::string> tolerate;
  std::vector<std::string> skip;
  gate::Rules rules;
  std::string output;
  bool json = false;
  bool github = false;
  std::string color = "auto";
};

// "latency-p99-qos1=20%", "connects=0.2"
std::optional<gate::Tolerance> tolerance_of(const std::string& word) {
  const std::size_t equals = word.rfind('=');
  if (equals == std::string::npos || equals == 0) return std::nullopt;
  std::string_view number = std::string_view(word).substr(equals + 1);
  const bool percent = !number.empty() && number.back() == '%';
  if (percent) number.remove_suffix(1);
  double share = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), share);
  if (fault != std::errc() || end != number.data() + number.size() || !(share >= 0) || share > 1e6)
    return std::nullopt;
  return gate::Tolerance{word.substr(0, equals), percent ? share / 100 : share};
}

// Every results.json below a folder, in the order of their names.
std::optional<std::vector<gate::Facts>> read_side(const std::string& path) {
  std::string trouble;
  const auto folders = results_below(folder_named(path), trouble);
  if (!trouble.empty()) fmt::print(stderr, "mqttlab: {}\n", trouble);
  if (!folders) return std::nullopt;
  std::vector<gate::Facts> facts;
  bool readable = true;
  for (const std::string& folder : *folders) {
    std::string why;
    if (const auto results = read_any_results(ResultsFolder{folder}, why)) {
      facts.push_back(
          std::visit([&](const auto& one) { return gate::facts_of(one, folder); }, *results));
    } else {
      fmt::print(stderr, "mqttlab: {}\n", why);
      readable = false;
    }
  }
  if (!readable) return std::nullopt;
  return facts;
}

std::vector<report::github::Annotation> annotations_of(const gate::Comparison& comparison) {
  std::vector<report::github::Annotation> all;
  for (const std::string& problem : comparison.problems)
    all.push_back({.title = "mqttlab gate", .message = problem});
  for (const gate::ScenarioChange& scenario : comparison.scenarios) {
    if (scenario.missing)
      all.push_back({.title = scenario.scenario, .message = "NEW has no run of it"});
    for (const gate::PromiseChange& promise : scenario.promises)
      if (promise.change == gate::Change::worse)
        all.push_back({.title = scenario.scenario + ": " + promise.id,
                       .message = promise.promise + ": " + promise.why});
    for (const gate::MetricChange& metric : scenario.metrics)
      if (metric.change == gate::Change::worse)
        all.push_back({.title = scenario.scenario + ": " + metric.metric.id,
                       .message = gate::metric_text(metric)});
  }
  return all;
}

// gate.json, junit.xml and summary.md. What went wrong, if something did.
std::optional<std::string> write_files(const std::string& folder,
                                       const gate::Comparison& comparison) {
  const std::pair<std::string, std::string> files[] = {
      {folder + "/gate.json", gate::to_json(comparison)},
      {folder + "/junit.xml", gate::junit_xml(comparison)},
      {folder + "/summary.md", gate::summary_markdown(comparison)},
  };
  for (const auto& [path, content] : files)
    if (const auto fault = report::write_file(path, content))
      return path + " could not be written: " + fault.message();
  return std::nullopt;
}

int code_of(const gate::Comparison& comparison) {
  if (!comparison.problems.empty()) return exit_code::usage;
  if (!comparison.compared()) return exit_code::nothing;
  return comparison.worse() ? exit_code::broken : exit_code::held;
}

// What no figure is called would have no effect, and nobody would know.
std::string why_no_metric(const std::string& pattern) {
  if (gate::fits_a_metric(pattern)) return {};
  std::vector<std::string> names;
  for (const gate::KnownMetric& metric : gate::known_metrics) names.emplace_back(metric.id);
  const std::string meant = did_you_mean(pattern, names);
  return "no figure is called `" + pattern + "`" +
         (meant.empty() ? "; docs/gate.md has their names" : meant);
}

// The rules of the flags; nothing, and a sentence, if there is something wrong with them.
std::optional<gate::Rules> rules_of(const GateFlags& flags) {
  const auto refused = [](const std::string& flag, const std::string& why) {
    fmt::print(stderr, "mqttlab: {}: {}\n", flag, why);
    return std::nullopt;
  };
  gate::Rules rules = flags.rules;
  rules.skip = flags.skip;
  for (const std::string& pattern : rules.skip)
    if (const std::string why = why_no_metric(pattern); !why.empty())
      return refused("--skip " + pattern, why);
  for (const std::string& word : flags.tolerate) {
    const auto tolerance = tolerance_of(word);
    if (!tolerance)
      return refused("--tolerate " + word, "expected METRIC=SHARE, such as latency-p99-qos1=20%");
    if (const std::string why = why_no_metric(tolerance->metric); !why.empty())
      return refused("--tolerate " + word, why);
    rules.tolerances.push_back(*tolerance);
  }
  return rules;
}

int gate_verb(const GateFlags& flags) {
  const auto rules = rules_of(flags);
  if (!rules) return exit_code::usage;
  if (const auto why = flags.output.empty() ? std::nullopt : make_folder(flags.output)) {
    fmt::print(stderr, "mqttlab: {}\n", *why);
    return exit_code::usage;
  }
  auto base = read_side(flags.base);
  auto now = read_side(flags.now);
  if (!base || !now) return exit_code::usage;
  gate::Comparison comparison = gate::compare(std::move(*base), std::move(*now), *rules);
  // Without the runs that did not survive, a side looks better than it is.
  for (const std::string& side : {flags.base, flags.now})
    for (const std::string& lost : runs_without_results(folder_named(side)))
      comparison.problems.push_back(why_without_results(lost));
  if (flags.json)
    fmt::print("{}", gate::to_json(comparison));
  else
    fmt::print("{}",
               gate::terminal_text(comparison, Terminal(flags.color).color() ? gate::Colour::on
                                                                             : gate::Colour::off));
  int code = code_of(comparison);
  if (github_wanted(flags.github))
    tell_github(annotations_of(comparison), gate::summary_markdown(comparison), flags.json);
  if (!flags.output.empty())
    if (const auto trouble = write_files(flags.output, comparison)) {
      fmt::print(stderr, "mqttlab: {}\n", *trouble);
      code = graver(code, exit_code::fault);
    }
  return code;
}

}  // namespace

void add_gate(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<GateFlags>();
  Command verb(app, "gate",
               "is NEW worse than BASE? Promises are counted, figures tested over seeds");
  verb.option("BASE", flags->base, "results of the version that is known").required();
  verb.option("NEW", flags->now, "results of the version that is to be let through").required();
  verb.option("--tolerate", flags->tolerate,
              "METRIC=SHARE: a difference of this share does not matter; * and ? are "
              "wildcards; may be repeated")
      .one_each();
  verb.option("--skip", flags->skip, "METRIC: do not compare it; * and ? are wildcards").one_each();
  add_rules(verb, flags->rules);
  verb.option("-o,--output", flags->output, "write gate.json, junit.xml and summary.md there");
  verb.flag("--json", flags->json, "print gate.json");
  verb.flag("--github", flags->github,
            "annotations and the step's summary; by itself in GitHub Actions");
  verb.option("--color", flags->color, "auto, always or never").one_of({"auto", "always", "never"});
  verb.runs([flags, &exit_code] { exit_code = gate_verb(*flags); });
}

}  // namespace mq::cli
