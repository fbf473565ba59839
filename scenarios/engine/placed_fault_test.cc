// The link is cut between two exact packets of a QoS 2 exchange, at each place where it can be, and
// our client and broker still deliver exactly once, by the book.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>

#include "broker/core/settings.h"
#include "conformance/checks/check_set.h"
#include "conformance/monitors/monitors.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"
#include "sim/linked/linked_backend.h"
#include "sim/memory/memory_world.h"
#ifdef MQTTLAB_NS3_VERSION
#include "sim/ns3/ns3_world.h"
#endif

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;

struct Place {
  const char* who;
  const char* after;
  const char* leads_to;  // a state of sim/trace/sometimes.h; empty: the exchange is over
};
constexpr const char* again = "a PUBLISH was sent again";
constexpr const char* released = "a PUBREL was lost and sent again";
constexpr Place places[] = {
    {"sensor", "PUBLISH sent", again},   {"sensor", "PUBLISH arrived", again},
    {"sensor", "PUBREC left", again},    {"sensor", "PUBREC received", released},
    {"sensor", "PUBREL sent", released}, {"sensor", "PUBREL arrived", ""},
    {"sensor", "PUBCOMP left", ""},      {"sensor", "PUBCOMP received", ""},
    {"screen", "PUBLISH left", again},   {"screen", "PUBLISH received", again},
    {"screen", "PUBREC sent", again},    {"screen", "PUBREC arrived", released},
    {"screen", "PUBREL left", released}, {"screen", "PUBREL received", ""},
    {"screen", "PUBCOMP sent", ""},      {"screen", "PUBCOMP arrived", ""},
};

std::string scenario(const Place& place) {
  return std::string(R"(
version: 1
name: cut behind a packet
duration: 5min
calm: 3min
links:
  air: { rate: 100 kbit/s, delay: 100ms }
fleet:
  sensor: { link: air, clean_start: false, session_expiry: 1h, keep_alive: 10s,
            publish: [ { topic: a, qos: 2, every: 20s } ] }
  screen: { link: air, clean_start: false, session_expiry: 1h, keep_alive: 10s,
            subscribe: [ { filter: a, qos: 2 } ] }
faults:
  - { cut: )") +
         place.who + ", after: " + place.after + ", at: 50s, for: 1min }\n";
}

// Judges the run, and notes the instant of the packet and that of the fault.
class Judge final : public trace::Observer {
 public:
  explicit Judge(const Plan& plan)
      : info_(run_info(plan)),
        after_(*plan.faults.at(0).after),
        client_(plan.faults[0].clients.at(0)),
        checks_(info_),
        monitors_(info_) {}

  void observe(const trace::Event& event) override {
    checks_.observe(event);
    monitors_.observe(event);
    if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) on(*seen, event.at);
    if (std::holds_alternative<trace::FaultBegan>(event.what)) began.push_back(event.at);
    now = event.at;
  }
  checks::Judgement finish() { return checks_.finish(); }
  monitors::Report standard() { return monitors_.finish(now); }

  std::vector<Instant> began;
  std::optional<Instant> packet;
  Instant now{};

 private:
  void on(const trace::PacketSeen& seen, Instant at) {
    if (packet || at < Instant{} + 50s) return;
    if (static_cast<std::uint32_t>(seen.connection.client) != client_) return;
    if (kind(*seen.packet) != after_.kind || seen.sent != after_.sent) return;
    if ((seen.end == trace::End::client) == after_.at_client) packet = at;
  }

  trace::RunInfo info_;
  AfterPacket after_;
  std::uint32_t client_;
  checks::CheckSet checks_;
  monitors::Monitors monitors_;
};

template <class World>
void play(const Place& place) {
  auto parsed = parse(scenario(place), "placed.yaml");
  const auto* plan = std::get_if<Plan>(&parsed);
  ASSERT_NE(plan, nullptr) << to_text("", std::get<Problems>(parsed).front());
  World world(plan->seed);
  sim::LinkedBackend broker({}, broker::Durability::power, Rng(plan->seed).child("broker"));
  Judge judge(*plan);
  const RunEnd end = run(*plan, world, broker, judge);
  EXPECT_TRUE(end.complete);
  ASSERT_EQ(judge.began.size(), 1u);
  EXPECT_EQ(judge.began[0], judge.packet);
  const checks::Judgement judgement = judge.finish();
  EXPECT_EQ(judgement.verdict, checks::Judgement::Verdict::held);
  const monitors::Report standard = judge.standard();
  EXPECT_EQ(standard.overall.verdict, checks::Verdict::held) << standard.overall.measured;
  for (const checks::Evidence& evidence : standard.overall.evidence) ADD_FAILURE() << evidence.text;
  for (const auto& state : judgement.states) {
    if (state.phrase == place.leads_to) {
      EXPECT_GT(state.reached, 0u) << state.phrase;
    }
  }
}

TEST(PlacedFault, AtEveryPlaceOfAnExchangeInTheMemoryWorld) {
  for (const Place& place : places) {
    SCOPED_TRACE(std::string(place.who) + ": " + place.after);
    play<sim::MemoryWorld>(place);
  }
}

#ifdef MQTTLAB_NS3_VERSION
TEST(PlacedFault, AtEveryPlaceOfAnExchangeOverTcp) {
  for (const Place& place : places) {
    SCOPED_TRACE(std::string(place.who) + ": " + place.after);
    play<sim::Ns3World>(place);
  }
}
#endif

}  // namespace
}  // namespace mq::scenario
