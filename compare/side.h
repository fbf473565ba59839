// What the runs of one broker came to, over all seeds, small enough that ninety of them fit.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gate/facts.h"
#include "gate/statistics.h"
#include "reports/conform/results.h"
#include "reports/results.h"

namespace mq::compare {

// How long deliveries took, in each seed.
struct LatencyOverSeeds {
  Qos qos{};
  std::uint64_t count = 0;                            // of all seeds
  std::map<double, std::vector<double>> percentiles;  // seconds, one value a seed
};

struct RunKept {
  std::uint64_t seed = 0;
  std::string folder;
  std::string hash;
  std::string command;
};

struct Side {
  std::string name;                    // "mosquitto"
  std::vector<report::Setting> about;  // release, back end, what is not faithful; each row once
  std::vector<gate::Facts> runs;       // by seed
  std::vector<RunKept> kept;           // likewise
  report::LedgerTable ledger;          // sums
  std::vector<LatencyOverSeeds> latencies;
  std::optional<report::ConformResults> conform;
};

// `folder` is where the results lie, as the report names it.
void add_run(Side& side, const report::Results& results, const std::string& folder);

}  // namespace mq::compare
