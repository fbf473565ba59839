// One run from plan to results.json: the world, the broker, the fleet, the judges and what is
// written, wired together. Knows no world by name, so that it serves the worker of each.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "broker/core/settings.h"
#include "cli/worker.h"
#include "client/core/client.h"
#include "reports/results.h"
#include "scenarios/plan.h"
#include "sim/world.h"

namespace mq::cli {

struct SimulationParts {
  std::function<std::unique_ptr<sim::World>(std::uint64_t seed)> world;
  std::vector<report::Setting> versions;  // further ones: {"ns-3", "3.37", ""}
  // For tests that the judges notice: what the broker or the clients do wrong. A released program
  // is built from cores that ignore both.
  broker::Fault broker_fault{};
  client::Fault client_fault{};
  // What stands between the world and our broker, to bend what passes; nothing: nothing.
  std::function<std::unique_ptr<sim::BrokerBackend>(sim::BrokerBackend& broker)> between;
};

// Runs, judges, writes the folder's results.json and trace; an exit code of cli/exit_code.h.
int simulate(const scenario::Plan& plan, const WorkerOrder& order, const SimulationParts& parts);

// What went over each link that somebody is behind, from what went over each client's.
std::vector<report::LinkTraffic> traffic_of(const scenario::Plan& plan,
                                            const std::vector<sim::World::Traffic>& per_client);

// The main function of a worker program: order from the arguments, scenario from stdin.
int worker_main(int argc, char** argv, const SimulationParts& parts);

}  // namespace mq::cli
