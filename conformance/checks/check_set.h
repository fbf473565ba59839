// All checks over one trace: the promises that are always owed, those that the scenario writes down
// in `expect`, and the verdict.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "conformance/checks/access.h"
#include "conformance/checks/calls.h"
#include "conformance/checks/check.h"
#include "conformance/checks/costs.h"
#include "conformance/checks/expiry.h"
#include "conformance/checks/finding.h"
#include "conformance/checks/fleet.h"
#include "conformance/checks/freshness.h"
#include "conformance/checks/latency.h"
#include "conformance/checks/ledger.h"
#include "conformance/checks/redelivery.h"
#include "conformance/checks/retained.h"
#include "conformance/checks/session.h"
#include "conformance/checks/sharing.h"
#include "conformance/checks/sometimes.h"
#include "conformance/checks/transit.h"
#include "conformance/checks/will.h"
#include "sim/trace/batch.h"
#include "sim/trace/run_info.h"

namespace mq::checks {

struct Judgement {
  // Nothing measured: no message was attempted and none delivered, or nothing is broken but a
  // promise that the scenario asks for was not tried. It is not a pass.
  enum class Verdict : std::uint8_t { held, broken, nothing_measured };
  Verdict verdict = Verdict::nothing_measured;
  // The standing promises (qos0, qos1, qos2, order, session, will, retained, acknowledged,
  // redelivery; shared, expiry, access and calls where there is something of the kind), latencies,
  // limits of costs and states of `expect` in their order.
  std::vector<Finding> findings;
  LedgerTable ledger;
  std::array<LatencyHistogram, 3> latency;  // by QoS of delivery
  Costs costs;

  struct State {
    std::string phrase;  // of sim/trace/sometimes.h, in its order
    std::string meaning;
    std::uint64_t reached = 0;  // how often
  };
  std::vector<State> states;
};

class CheckSet final : public trace::BatchObserver {
 public:
  explicit CheckSet(trace::RunInfo run);
  CheckSet(const CheckSet&) = delete;  // the checks refer to each other
  CheckSet& operator=(const CheckSet&) = delete;

  void observe(const trace::Event& event) override;
  void observe_all(std::span<const trace::Event> events) override;
  // Once, after the last event.
  Judgement finish();

  // What is held in memory, for tests of the bounds.
  Ledger::Census census() const { return ledger_.census(); }
  std::size_t held_beside_the_ledger() const { return wills_.held() + retained_.held(); }

 private:
  void fetch(const trace::Event& event) const;
  bool is_expected(const std::string& id) const;
  void mark_expected(Judgement& judgement) const;
  static Judgement::Verdict verdict(const Judgement& judgement, bool saw_a_message);

  trace::RunInfo run_;
  Fleet fleet_;
  Transit transit_;
  Ledger ledger_;
  SessionCheck sessions_;
  WillCheck wills_;
  RetainedCheck retained_;
  RedeliveryCheck redelivery_;
  SharingCheck sharing_;
  ExpiryCheck expiry_;
  AccessCheck access_;
  CallCheck calls_;
  CostCheck costs_;
  FreshnessFold freshness_;
  SometimesCheck sometimes_;
  Instant now_{};
};

}  // namespace mq::checks
