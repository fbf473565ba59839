// mqttlab fit TRACE: a recorded trace as the keys of a link, with how well they stand for it.
#include "sim/link/fit.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/verbs.h"

namespace mq::cli {
namespace {

using namespace sim::link;

constexpr Duration slot = std::chrono::milliseconds(100);
// What is drawn from the fit is this much longer than the trace, so that its own chance is small.
constexpr int longer = 10;

struct Flags {
  std::string trace;
  std::string name = "fitted";
  double outage_seconds = 0.5;
  std::uint64_t seed = 1;
  bool json = false;
};

std::optional<RateTrace> read(const std::string& path) {
  const auto refuse = [&](std::size_t line, const std::string& why) {
    fmt::print(stderr, "{}:{}:1: {}\n", path, line, why);
    return std::nullopt;
  };
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return refuse(1, "cannot be read: no file");
  const auto size = std::filesystem::file_size(path, error);
  if (error || size > trace_bytes_max) return refuse(1, "larger than 64 MiB");
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(size)))
    return refuse(1, "cannot be read");
  auto parsed = parse_rate_trace(text);
  if (const auto* fault = std::get_if<TraceFault>(&parsed))
    return refuse(std::max<std::size_t>(fault->line, 1), fault->text);
  return std::get<RateTrace>(std::move(parsed));
}

struct Comparison {
  TraceFigures trace, replayed, fitted;
  BurstModel bursts;
};

Comparison compare(const RateTrace& trace, const FittedLink& fitted, const Flags& flags) {
  const Duration shortest(static_cast<Duration::rep>(flags.outage_seconds * 1e9));
  const Rng rng(flags.seed);
  const RateModel replayed{.trace = std::make_shared<const RateTrace>(trace)};
  const RateModel drawn{.varying = fitted.rate};
  const OutageModel* outages = fitted.outages ? &*fitted.outages : nullptr;
  return {figures_of(trace, shortest),
          figures_of(saturate(replayed, nullptr, trace.period, rng.child("replay")), shortest),
          figures_of(saturate(drawn, outages, trace.period * longer, rng.child("fit")), shortest),
          bursts_of(trace, slot)};
}

// Names, and the value of each for a trace.
struct Row {
  std::string_view name;
  double (*of)(const TraceFigures&);
};
constexpr Row rows[] = {
    {"mean rate, Mbit/s", [](const TraceFigures& f) { return f.mean_bits_per_second / 1e6; }},
    {"rate p5, Mbit/s", [](const TraceFigures& f) { return quantile(f.rates, 0.05) / 1e6; }},
    {"rate p50, Mbit/s", [](const TraceFigures& f) { return quantile(f.rates, 0.5) / 1e6; }},
    {"rate p95, Mbit/s", [](const TraceFigures& f) { return quantile(f.rates, 0.95) / 1e6; }},
    {"correlation of 1 s", [](const TraceFigures& f) { return f.correlation; }},
    {"outages", [](const TraceFigures& f) { return static_cast<double>(f.outages.size()); }},
    {"outage p50, s", [](const TraceFigures& f) { return quantile(f.outages, 0.5); }},
    {"outage p95, s", [](const TraceFigures& f) { return quantile(f.outages, 0.95); }},
    {"longest outage, s", [](const TraceFigures& f) { return quantile(f.outages, 1); }},
    {"service p50, s", [](const TraceFigures& f) { return quantile(f.services, 0.5); }},
    {"service p95, s", [](const TraceFigures& f) { return quantile(f.services, 0.95); }},
};

std::vector<std::pair<std::string_view, double>> distances(const TraceFigures& a,
                                                           const TraceFigures& b) {
  return {{"rates", ks_distance(a.rates, b.rates)},
          {"outages", ks_distance(a.outages, b.outages)},
          {"services", ks_distance(a.services, b.services)}};
}

std::string quantiles(const Distribution& of, std::string_view unit, double scale) {
  std::string text;
  for (const double share : fitted_shares)
    text += fmt::format("{}p{:.0f}: {:.4f}{}", text.empty() ? "" : ", ", share * 100,
                        of.at(share) / scale, unit);
  return "{ " + text + " }";
}

void print_profile(const Flags& flags, const Comparison& compared, const FittedLink& fitted) {
  const std::string source =
      "mqttlab fit " + std::filesystem::path(flags.trace).filename().string();
  fmt::print(
      "# What the trace is, what the link model replays of it, and what is drawn from the\n"
      "# keys below, {} times as long:\n#\n",
      longer);
  fmt::print("#   {:<22}{:>12}{:>12}{:>12}\n", "", "trace", "replayed", "drawn");
  for (const Row& row : rows)
    fmt::print("#   {:<22}{:>12.4g}{:>12.4g}{:>12.4g}\n", row.name, row.of(compared.trace),
               row.of(compared.replayed), row.of(compared.fitted));
  for (const auto& [of, distance] : distances(compared.trace, compared.fitted))
    fmt::print("#   KS distance, {:<33}{:>12.3f}\n", of, distance);
  fmt::print("# In slots of 100 ms (Gilbert-Elliott): p {:.4f}, r {:.4f}\n\n",
             compared.bursts.to_bad, compared.bursts.to_good);
  fmt::print("name: {}\ndescription: Fitted to one direction of one recording.\n", flags.name);
  fmt::print("rate: {{ quantiles: {}, every: 1s, correlation: {:.3g}, source: \"{}\" }}\n",
             quantiles(fitted.rate.bits_per_second, " Mbit/s", 1e6), fitted.rate.correlation,
             source);
  fmt::print(
      "delay: {{ value: 50ms, source: \"assumption: a recorded rate says nothing about "
      "delay\" }}\n");
  if (!fitted.outages) return;
  fmt::print("outages:\n  between: {{ quantiles: {}, source: \"{}\" }}\n",
             quantiles(fitted.outages->between, "s", 1), source);
  fmt::print("  length: {{ quantiles: {}, source: \"{}\" }}\n",
             quantiles(fitted.outages->length, "s", 1), source);
}

void print_json(const Comparison& compared) {
  boost::json::object figures;
  for (const Row& row : rows)
    figures[row.name] = {{"trace", row.of(compared.trace)},
                         {"replayed", row.of(compared.replayed)},
                         {"drawn", row.of(compared.fitted)}};
  const auto object_of = [](const auto& pairs) {
    boost::json::object object;
    for (const auto& [name, value] : pairs) object[name] = value;
    return object;
  };
  const boost::json::object document{
      {"figures", std::move(figures)},
      {"ks_replayed", object_of(distances(compared.trace, compared.replayed))},
      {"ks_drawn", object_of(distances(compared.trace, compared.fitted))},
      {"gilbert_elliott_100ms", {{"p", compared.bursts.to_bad}, {"r", compared.bursts.to_good}}}};
  fmt::print("{}\n", boost::json::serialize(document));
}

int fit_trace(const Flags& flags) {
  const auto trace = read(flags.trace);
  if (!trace) return exit_code::usage;
  const FittedLink fitted =
      fit(figures_of(*trace, Duration(static_cast<Duration::rep>(flags.outage_seconds * 1e9))));
  const Comparison compared = compare(*trace, fitted, flags);
  if (compared.trace.rates.size() < 10) {
    fmt::print(stderr, "mqttlab: {}: fewer than ten seconds in service: nothing to fit\n",
               flags.trace);
    return exit_code::nothing;
  }
  flags.json ? print_json(compared) : print_profile(flags, compared, fitted);
  return exit_code::held;
}

}  // namespace

void add_fit(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("fit", "turn a recorded trace into the keys of a link");
  verb->add_option("TRACE", flags->trace, "mahimahi's milliseconds, one a line, or seconds,Mbit/s")
      ->required();
  verb->add_option("--name", flags->name, "of the profile (fitted)");
  verb->add_option("--outage", flags->outage_seconds,
                   "seconds: a gap that is longer is an outage (0.5)")
      ->check(CLI::Range(0.001, 3600.0));
  verb->add_option("--seed", flags->seed, "of what is drawn from the fit, to compare (1)");
  verb->add_flag("--json", flags->json, "print how well it fits as one document");
  verb->callback([flags, &exit_code] { exit_code = fit_trace(*flags); });
}

}  // namespace mq::cli
