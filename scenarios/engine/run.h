// Runs a plan: its fleet of real clients against a broker, in a world, through storm and calm. What
// happens goes to the observer, event by event; nothing is judged here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "client/core/client.h"
#include "scenarios/plan.h"
#include "sim/backend.h"
#include "sim/trace/event.h"
#include "sim/world.h"

namespace mq::scenario {

struct RunOptions {
  // Asked now and then with the virtual time reached; false ends the run early.
  std::function<bool(Instant)> go_on = [](Instant) { return true; };
  // How often that is; nothing: a thousand times a run.
  std::optional<Duration> go_on_every = {};
  client::Fault client_fault{};         // for tests of the checks
  trace::HearEncrypted hear_encrypted;  // may be empty
  // A folder that exists, for what client programs print; empty: nowhere.
  std::string programs_folder = {};
};

struct RunEnd {
  bool complete = false;
  Instant reached{};
  std::string hash;
  std::vector<sim::World::Traffic> traffic;  // per client, in the order of RunInfo::clients
  // Of client programs: "watcher-1 ended with status 1 (3 times)"; why one could not be run; calls
  // that were not served in virtual time.
  std::vector<std::string> programs;
  std::string program_trouble;
};

// The world is fresh, and seeded with the plan's seed.
RunEnd run(const Plan& plan, sim::World& world, sim::BrokerBackend& broker,
           trace::Observer& observer, const RunOptions& options = {});

}  // namespace mq::scenario
