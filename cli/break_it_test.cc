// The whole chain against a broker that breaks its promises: each fault that is switched on in the
// core must end as exit code 1 and as the right line in the report.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "broker/core/fault.h"
#include "cli/exit_code.h"
#include "cli/render.h"
#include "cli/results_folder.h"
#include "cli/simulate.h"
#include "cli/text_file.h"
#include "reports/text/escape.h"
#include "scenarios/language/parse.h"
#include "sim/memory/memory_world.h"
#ifdef MQTTLAB_NS3_VERSION
#include "sim/ns3/ns3_world.h"
#endif

namespace mq::cli {
namespace {

// Every promise is tried: sessions resumed after cuts, QoS 2, a will, a late subscriber.
constexpr std::string_view every_promise = R"(
version: 1
name: every promise is tried
duration: 10min
calm: 3min
links:
  shaky: { rate: 100 kbit/s, delay: 100ms, source: assumption }
  steady: { rate: 1 Mbit/s, delay: 20ms, source: assumption }
fleet:
  sensor:
    link: shaky
    clean_start: false
    session_expiry: 1h
    keep_alive: 20s
    will: { topic: shop/state, payload: gone, qos: 1 }
    publish:
      - { topic: shop/temp, qos: 1, every: 5s, payload: 32B, retain: true }
      - { topic: shop/count, qos: 2, every: 7s, payload: 32B }
  dashboard:
    link: shaky
    clean_start: false
    session_expiry: 1h
    keep_alive: 20s
    subscribe:
      - { filter: "shop/#", qos: 2 }
  watcher:
    link: steady
    subscribe:
      - { filter: shop/state, qos: 1 }
  latecomer:
    link: steady
    start: 6min
    subscribe:
      - { filter: shop/temp, qos: 1 }
faults:
  - { at: 2min, cut: shaky, for: 60s, every: 4min }
)";

struct Outcome {
  int exit_code;
  report::Results results;
  std::string html;
};

class BreakIt : public testing::Test {
 protected:
  BreakIt() { std::filesystem::create_directories(folder_.path); }
  ~BreakIt() override { std::filesystem::remove_all(folder_.path); }

  Outcome run(const SimulationParts& parts, std::string_view text = every_promise,
              std::uint64_t seed = 1) {
    auto parsed = scenario::parse(text, "every-promise.yaml");
    if (const auto* problems = std::get_if<scenario::Problems>(&parsed))
      ADD_FAILURE() << to_text("every-promise.yaml", problems->front());
    std::get<scenario::Plan>(parsed).seed = seed;
    WorkerOrder order;
    order.folder = folder_.path;
    order.command = "./mqttlab run every-promise.yaml --seed 1";
    Outcome outcome;
    outcome.exit_code = simulate(std::get<scenario::Plan>(parsed), order, parts);
    std::string why;
    auto results = read_results(folder_, why);
    EXPECT_TRUE(results) << why;
    if (results) {
      EXPECT_EQ(render_all(*results, folder_), std::nullopt);
      outcome.results = std::move(*results);
    }
    outcome.html = read_text_file(folder_.report()).value_or("");
    return outcome;
  }

  static SimulationParts memory(broker::Fault fault) {
    SimulationParts parts;
    parts.world = [](std::uint64_t seed) { return std::make_unique<sim::MemoryWorld>(seed); };
    parts.broker_fault = fault;
    return parts;
  }

 private:
  ResultsFolder folder_{testing::TempDir() + "/break-it-" + std::to_string(getpid())};
};

void expect_caught(const Outcome& outcome, const std::string& id) {
  EXPECT_EQ(outcome.exit_code, exit_code::broken);
  EXPECT_EQ(outcome.results.verdict, checks::Verdict::broken);
  bool found = false;
  for (const checks::Finding& finding : outcome.results.findings) {
    if (finding.id != id) continue;
    found = true;
    EXPECT_EQ(finding.verdict, checks::Verdict::broken) << id << ": " << finding.measured;
    EXPECT_FALSE(finding.evidence.empty());
    EXPECT_NE(outcome.html.find(report::markup(finding.promise)), std::string::npos);
    EXPECT_NE(outcome.html.find(report::markup(finding.measured)), std::string::npos);
  }
  EXPECT_TRUE(found) << "no finding is called " << id;
  EXPECT_FALSE(outcome.results.sequences.empty()) << "the first broken promise has its diagram";
}

TEST_F(BreakIt, ARightBrokerKeepsEveryPromiseAndEveryPromiseIsTried) {
  const Outcome outcome = run(memory(broker::Fault::none));
  EXPECT_EQ(outcome.exit_code, exit_code::held);
  for (const checks::Finding& finding : outcome.results.findings) {
    if (finding.id == "qos0") continue;  // nobody publishes with it here
    EXPECT_EQ(finding.verdict, checks::Verdict::held) << finding.id << ": " << finding.measured;
  }
}

// The power fails while messages are under way, again and again: what is left on the disk is
// enough.
TEST_F(BreakIt, PowerFailuresBreakNoPromiseOfADurableBroker) {
  const std::string text = std::string(every_promise) +
                           "  - { at: 31s, crash: machine, restart_after: 2s, every: 37s }\n"
                           "  - { at: 50s, crash: broker, restart_after: 1s, every: 41s }\n";
  std::string hash;
  for (const std::uint64_t seed : {1, 2, 3, 1}) {
    const Outcome outcome = run(memory(broker::Fault::none), text, seed);
    EXPECT_EQ(outcome.exit_code, exit_code::held) << "seed " << seed;
    for (const checks::Finding& finding : outcome.results.findings)
      EXPECT_NE(finding.verdict, checks::Verdict::broken) << finding.id << ": " << finding.measured;
    if (hash.empty()) hash = outcome.results.hash;
    if (seed == 1) {
      EXPECT_EQ(outcome.results.hash, hash) << "the same failures every time";
    }
  }
}

TEST_F(BreakIt, AForgottenSessionIsCaught) {
  expect_caught(run(memory(broker::Fault::forgets_session)), "session");
}

TEST_F(BreakIt, AQos2MessageSentTwiceIsCaught) {
  expect_caught(run(memory(broker::Fault::sends_qos2_twice)), "qos2");
}

TEST_F(BreakIt, ADroppedWillIsCaught) {
  expect_caught(run(memory(broker::Fault::drops_will)), "will");
}

TEST_F(BreakIt, AForgottenRetainedMessageIsCaught) {
  expect_caught(run(memory(broker::Fault::forgets_retained)), "retained");
}

#ifdef MQTTLAB_NS3_VERSION
SimulationParts ns3(broker::Fault fault) {
  SimulationParts parts;
  parts.world = [](std::uint64_t seed) { return std::make_unique<sim::Ns3World>(seed); };
  parts.broker_fault = fault;
  return parts;
}

TEST_F(BreakIt, OverSimulatedTcpToo) {
  expect_caught(run(ns3(broker::Fault::forgets_session)), "session");
  expect_caught(run(ns3(broker::Fault::sends_qos2_twice)), "qos2");
  expect_caught(run(ns3(broker::Fault::drops_will)), "will");
  expect_caught(run(ns3(broker::Fault::forgets_retained)), "retained");
}
#endif

}  // namespace
}  // namespace mq::cli
