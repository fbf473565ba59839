// The story that most tests of the ledger tell a part of.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "conformance/checks/ledger.h"
#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {

// A sensor that publishes and a dashboard with a session that outlives its connections.
class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    trace.broker_starts();
    sensor = trace.add_client({.id = "sensor"});
    dashboard = trace.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
  }
  void both_connect(Qos granted) {
    trace.connects(sensor).connects(dashboard).subscribes(dashboard, "fleet/+/temp", granted);
  }
  // The calm that gives everything owed its chance, then the verdict.
  Judgement judged() {
    trace.after(std::chrono::seconds(1)).calm().after(std::chrono::minutes(5));
    return trace.judged();
  }
  static Verdict verdict(const Judgement& judgement, const std::string& id) {
    return finding(judgement, id).verdict;
  }
  static std::string evidence(const Judgement& judgement, const std::string& id) {
    const auto& all = finding(judgement, id).evidence;
    return all.empty() ? "" : all.front().text;
  }
  const DeliveryCounts& counts(const Judgement& judgement, Qos qos) {
    return judgement.ledger.totals[static_cast<std::size_t>(qos)];
  }
  TraceBuilder trace;
  ClientIndex sensor{};
  ClientIndex dashboard{};
  const std::string temp = "fleet/sensor/temp";
};

}  // namespace mq::checks
