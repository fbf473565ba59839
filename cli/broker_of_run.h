// The broker of a run: ours, linked in, or another one as its adapter says, unmodified and in
// virtual time. Whoever runs the plan sees a sim::BrokerBackend.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "broker/core/settings.h"
#include "cli/exit_code.h"
#include "reports/results.h"
#include "scenarios/plan.h"
#include "sim/backend.h"

namespace mq::cli {

// It cannot be had: `exit_code` is one of cli/exit_code.h, the text one line for the user.
struct NoBroker : std::runtime_error {
  NoBroker(int code, const std::string& text) : std::runtime_error(text), exit_code(code) {}
  int exit_code;
};

struct BrokerWishes {
  bool measures_cpu = false;        // of ours too, which costs a little
  bool lives_in_real_time = false;  // whoever runs the plan holds it to the wall clock if asked to
};

class BrokerOfRun {
 public:
  virtual ~BrokerOfRun() = default;
  virtual sim::BrokerBackend& backend() = 0;
  // Why the run cannot go on, and the exit code for it; nothing while it can.
  virtual std::string trouble() const { return {}; }
  virtual int trouble_code() const { return exit_code::unreachable; }
  // In real time: told every so often how far the simulation is, to hold it to the wall clock.
  virtual std::optional<Duration> told_every() const { return std::nullopt; }
  virtual void reached(Instant) {}
  // Processor time since it had started; 0 if nobody measures it.
  virtual Duration cpu() const { return {}; }
  // When and how it ended without being told to: "at 12.5 s, by signal 11".
  virtual std::vector<std::string> ended_by_itself() const { return {}; }
  // What the report says of it: release, back end, what is not faithful. After the run.
  virtual std::vector<report::Setting> about() const { return {}; }
};

// Also gives the plan what the broker wants of everybody: a login. Its output goes to `log_file`.
// Throws NoBroker.
std::unique_ptr<BrokerOfRun> broker_of_run(scenario::Plan& plan, broker::Fault fault,
                                           const std::string& log_file,
                                           const BrokerWishes& wishes = {});

}  // namespace mq::cli
