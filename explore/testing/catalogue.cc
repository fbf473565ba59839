#include "explore/testing/catalogue.h"

#include <ctime>
#include <memory>

#include "cli/play.h"
#include "conformance/mutants/mutated_backend.h"
#include "explore/draw.h"
#include "explore/shrink.h"
#include "scenarios/language/parse.h"
#include "sim/memory/memory_world.h"

namespace mq::explore {
namespace {

constexpr std::size_t plays_most = 5000;

cli::SimulationParts parts_of(const Bug& bug) {
  cli::SimulationParts parts;
  parts.world = [](std::uint64_t seed) { return std::make_unique<sim::MemoryWorld>(seed); };
  parts.broker_fault = bug.broker_fault;
  parts.client_fault = bug.client_fault;
  if (bug.behaviour)
    parts.between = [&bug](sim::BrokerBackend& broker) {
      return std::make_unique<conformance::MutatedBackend>(broker, bug.behaviour());
    };
  return parts;
}

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void make_smaller(const Bug& bug, const std::string& text, Found& found) {
  const auto fails = [&](const std::string& candidate) -> std::optional<bool> {
    const cli::Played played = play_with(bug, candidate);
    const auto* same = played.find(found.promise);
    if (same != nullptr) found.evidence = same->evidence;
    return same != nullptr;
  };
  const Smallest smallest = shrink(text, plays_most, fails);
  found.smallest = smallest.text;
  found.plays = smallest.plays;
  const auto parsed = scenario::parse(smallest.text, "smallest.yaml");
  if (const auto* plan = std::get_if<scenario::Plan>(&parsed)) {
    found.faults = plan->faults.size();
    found.clients = scenario::run_info(*plan).clients.size();
  }
  found.without_it_too = !play_with(Bug{}, smallest.text).broken.empty();
}

}  // namespace

cli::Played play_with(const Bug& bug, const std::string& text) {
  return cli::play(text, parts_of(bug));
}

Found hunt(const Bug& bug, std::uint64_t first_seed, std::uint64_t runs) {
  Found found;
  const double began = processor_seconds();
  for (std::uint64_t run = 0; run < runs && found.runs == 0; ++run) {
    const std::string text = draw(first_seed + run, Wanted{});
    const cli::Played played = play_with(bug, text);
    if (played.broken.empty()) continue;
    found.runs = run + 1;
    found.seed = first_seed + run;
    found.promise = played.broken.front().id;
    found.evidence = played.broken.front().evidence;
    make_smaller(bug, text, found);
  }
  found.seconds = processor_seconds() - began;
  return found;
}

}  // namespace mq::explore
