// All checks over one trace: the promises that are always owed, those that the scenario writes down
// in `expect`, and the verdict.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "conformance/checks/check.h"
#include "conformance/checks/finding.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/latency.h"
#include "conformance/checks/ledger.h"
#include "sim/trace/event.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

struct Judgement {
  // Nothing measured: no message was attempted and none delivered, or nothing is broken but a
  // promise that the scenario asks for was not tried. It is not a pass.
  enum class Verdict : std::uint8_t { held, broken, nothing_measured };
  Verdict verdict = Verdict::nothing_measured;
  // The standing promises in a fixed order, then further lines of `expect` in theirs.
  std::vector<Finding> findings;
  LedgerTable ledger;
  std::array<LatencyHistogram, 3> latency;  // by QoS of delivery

  struct State {
    std::string phrase;  // of sim/trace/sometimes.h, in its order
    std::string meaning;
    std::uint64_t reached = 0;  // how often
  };
  std::vector<State> states;
};

class CheckSet final : public trace::Observer {
 public:
  explicit CheckSet(trace::RunInfo run);
  ~CheckSet() override;

  void observe(const trace::Event& event) override;
  // Once, after the last event.
  Judgement finish();

  const Ledger& ledger() const { return ledger_; }

 private:
  void mark_expected(Judgement& judgement) const;
  static Judgement::Verdict verdict(const Judgement& judgement, bool saw_a_message);

  trace::RunInfo run_;
  Fleet fleet_;
  Ledger ledger_;
  Instant now_{};
};

}  // namespace mq::checks
