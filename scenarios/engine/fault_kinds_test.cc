// Every kind of fault really happens, in both worlds: it leaves a trace that the same run without
// it does not have. And our client and broker keep their promises through each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
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
using trace::CloseCause;
using trace::End;

constexpr trace::ClientIndex sensor{0};

// What a run shows from outside.
class Seen final : public trace::Observer {
 public:
  explicit Seen(const Plan& plan) : info(run_info(plan)), checks(info), monitors(info) {}

  void observe(const trace::Event& event) override {
    checks.observe(event);
    monitors.observe(event);
    now = event.at;
    if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what)) on(*seen);
    if (const auto* opened = std::get_if<trace::LinkOpened>(&event.what)) on(*opened);
    if (const auto* closed = std::get_if<trace::LinkClosed>(&event.what)) on(*closed);
    if (const auto* attempted = std::get_if<trace::Attempted>(&event.what))
      attempts[attempted->stamp] = now;
    if (const auto* done = std::get_if<trace::Acknowledged>(&event.what))
      latency = std::max(latency, now - attempts[done->stamp]);
    if (const auto* given = std::get_if<trace::Delivered>(&event.what))
      longest = std::max(longest, given->publish->payload.size());
    if (const auto* down = std::get_if<trace::ClientDown>(&event.what))
      downs.push_back(down->keeps_session);
    if (std::holds_alternative<trace::ClientUp>(event.what)) ++ups;
    if (const auto* called = std::get_if<trace::Called>(&event.what))
      if (called->answered && called->client == sensor) answered = called->took;
    if (std::holds_alternative<trace::BrokerDown>(event.what)) ++broker_downs;
    if (std::holds_alternative<trace::FaultBegan>(event.what)) began.push_back(now);
    if (std::holds_alternative<trace::FaultEnded>(event.what)) ended.push_back(now);
  }

  std::size_t connections(trace::ClientIndex client = sensor) const {
    const auto found = accepted.find(client);
    return found == accepted.end() ? 0 : found->second.size();
  }

  trace::RunInfo info;
  checks::CheckSet checks;
  monitors::Monitors monitors;
  sim::World::Traffic traffic;
  Instant now{};
  std::map<trace::Stamp, Instant> attempts;
  Duration latency{};       // the longest, of an acknowledgement
  Duration gap{};           // the longest between two packets from the sensor, at the broker
  std::size_t longest = 0;  // payload
  int pings = 0;
  int broker_downs = 0;
  int ups = 0;
  Duration answered{};
  bool overlaps = false;  // the broker had two connections of one client
  std::map<trace::ClientIndex, std::vector<std::pair<Instant, bool>>> accepted;  // session present
  std::set<CloseCause> closed_at_client, closed_at_broker;                       // of the sensor
  std::vector<bool> downs;
  std::vector<Instant> began, ended;
  bool clean_start = false;  // of the last CONNECT

 private:
  void on(const trace::PacketSeen& seen) {
    const trace::ClientIndex client = seen.connection.client;
    if (seen.end == End::client) {
      if (kind(*seen.packet) == Kind::ping_req) ++pings;
      if (const auto* connect = std::get_if<Connect>(seen.packet); connect && client == sensor)
        clean_start = connect->clean_start;
      if (const auto* conn_ack = std::get_if<ConnAck>(seen.packet))
        accepted[client].push_back({now, conn_ack->session_present});
    } else if (client == sensor && !seen.sent) {
      if (heard > Instant{}) gap = std::max(gap, now - heard);
      heard = now;
    }
  }
  void on(const trace::LinkOpened& opened) {
    if (opened.end == End::broker && ++open[opened.connection.client] > 1) overlaps = true;
  }
  void on(const trace::LinkClosed& closed) {
    if (closed.end == End::broker) --open[closed.connection.client];
    if (closed.connection.client != sensor) return;
    (closed.end == End::client ? closed_at_client : closed_at_broker).insert(closed.cause);
  }

  Instant heard{};
  std::map<trace::ClientIndex, int> open;
};

template <class World>
std::unique_ptr<Seen> play(const std::string& faults) {
  auto parsed = parse(R"(
version: 1
name: one kind of fault
duration: 4min
calm: 3min
links:
  air: { rate: 100 kbit/s, delay: 50ms, source: a }
fleet:
  sensor: { link: air, clean_start: false, session_expiry: 1h, keep_alive: 10s,
            publish: [ { topic: a, qos: 1, every: 1s, at: 300ms } ],
            subscribe: [ { filter: fw, qos: 1 } ] }
  screen: { clean_start: false, session_expiry: 1h, subscribe: [ { filter: a, qos: 1 } ] }
  phone: { count: 6, link: air, clean_start: false, session_expiry: 1h, keep_alive: 10s }
  guest: { clean_start: false, session_expiry: 1h, stop: 90s, subscribe: [ { filter: a, qos: 1 } ] }
)" + faults,
                      "kinds.yaml");
  const auto* plan = std::get_if<Plan>(&parsed);
  if (plan == nullptr) {
    ADD_FAILURE() << to_text("", std::get<Problems>(parsed).front());
    return nullptr;
  }
  World world(plan->seed);
  sim::LinkedBackend broker({}, broker::Durability::power, Rng(plan->seed).child("broker"),
                            sim::LinkedBackend::Keeps::on_disk);
  auto seen = std::make_unique<Seen>(*plan);
  const RunEnd end = run(*plan, world, broker, *seen);
  EXPECT_TRUE(end.complete);
  seen->traffic = end.traffic.at(0);
  const checks::Judgement judgement = seen->checks.finish();
  EXPECT_EQ(judgement.verdict, checks::Judgement::Verdict::held);
  for (const auto& finding : judgement.findings)
    for (const auto& evidence : finding.evidence)
      ADD_FAILURE() << finding.id << ": " << evidence.text;
  const monitors::Report standard = seen->monitors.finish(seen->now);
  for (const checks::Evidence& evidence : standard.overall.evidence) ADD_FAILURE() << evidence.text;
  return seen;
}

struct KindOfFault {
  const char* name;
  const char* fault;
  std::function<bool(const Seen&)> happened;
};
std::ostream& operator<<(std::ostream& out, const KindOfFault& kind) { return out << kind.fault; }

const std::vector<KindOfFault>& all_kinds() {
  static const std::vector<KindOfFault> kinds = {
      {"Cut", "{ at: 1min, cut: sensor, for: 20s }",
       [](const Seen& s) { return s.gap > 19s && s.gap < 40s; }},
      {"OneWay", "{ at: 1min, cut: sensor, for: 20s, directions: down }",
       [](const Seen& s) { return s.latency > 15s && s.traffic.lost_up == 0; }},
      {"Slow", "{ at: 1min, slow: sensor, rate: 600 bit/s, for: 20s }",
       [](const Seen& s) { return s.latency > 2s; }},
      {"Bloat", "{ at: 1min, bloat: sensor, by: 3s, for: 20s }",
       [](const Seen& s) { return s.latency > 3s; }},
      {"Lose", "{ at: 1min, lose: sensor, share: 30%, for: 20s }",
       [](const Seen& s) { return s.traffic.lost_up + s.traffic.lost_down > 3; }},
      {"Duplicate", "{ at: 1min, duplicate: sensor, share: 50%, for: 20s }",
       [](const Seen& s) { return s.traffic.duplicated > 5; }},
      {"Reorder", "{ at: 1min, reorder: sensor, share: 30%, by: 700ms, for: 20s }",
       [](const Seen& s) { return s.traffic.reordered > 3 && s.latency > 700ms; }},
      {"Corrupt", "{ at: 1min, corrupt: sensor, share: 30%, for: 20s }",
       [](const Seen& s) { return s.traffic.corrupted > 3; }},
      {"HalfOpen", "{ at: 1min, half_open: sensor }",
       [](const Seen& s) { return s.connections() == 2 && s.overlaps; }},
      {"Reset", "{ at: 1min, reset: sensor }",
       [](const Seen& s) {
         return s.connections() == 2 && s.closed_at_client.contains(CloseCause::reset) &&
                s.closed_at_broker.contains(CloseCause::reset);
       }},
      {"NatForgets", "{ at: 1min, nat: sensor }",
       [](const Seen& s) {
         return s.connections() == 2 && s.gap > 10s &&
                s.closed_at_client.contains(CloseCause::timed_out);
       }},
      {"NatRebinds", "{ at: 1min, nat: sensor, then: rebind }",
       [](const Seen& s) {
         return s.connections() == 2 && s.closed_at_client.contains(CloseCause::reset) &&
                !s.closed_at_broker.contains(CloseCause::reset);
       }},
      {"Move", "{ at: 1min, move: sensor }",
       [](const Seen& s) { return s.connections() == 2 && s.gap > 10s; }},
      {"Call", "{ at: 1min, call: sensor }",
       [](const Seen& s) { return s.answered >= 100ms && s.answered < 1s; }},
      {"Reboot", "{ at: 1min, reboot: sensor, restart_after: 15s }",
       [](const Seen& s) {
         return s.downs == std::vector{true} && s.ups == 1 && s.connections() == 2 &&
                s.accepted.at(sensor)[1].second && s.gap > 15s && !s.clean_start;
       }},
      {"RebootWithoutStore", "{ at: 1min, reboot: sensor, restart_after: 15s, store: lost }",
       [](const Seen& s) {
         return s.downs == std::vector{false} && s.ups == 1 && s.connections() == 2 &&
                !s.accepted.at(sensor)[1].second && s.clean_start;
       }},
      {"ClockAhead", "{ at: 1min, clock: sensor, by: 1d }",
       [](const Seen& s) { return s.pings > 100; }},
      {"Storm", "{ at: 1min, storm: air }",
       [](const Seen& s) {
         return s.connections() == 2 && s.connections(trace::ClientIndex{2}) == 2 &&
                s.accepted.at(sensor)[1].first < Instant{} + 1min + 500ms;
       }},
      {"Push", "{ at: 1min, push: screen, topic: fw, payload: 20kB }",
       [](const Seen& s) { return s.longest == 20'000; }},
      {"CrashOfTheBroker", "{ at: 1min, crash: broker, restart_after: 5s }",
       [](const Seen& s) { return s.broker_downs == 1; }},
      {"CrashOfTheMachine", "{ at: 1min, crash: machine, restart_after: 5s }",
       [](const Seen& s) { return s.broker_downs == 1; }},
      {"Pause", "{ at: 1min, pause: broker, for: 12s }",
       [](const Seen& s) {
         return s.latency > 11s && s.broker_downs == 0 && s.connections() == 1 && s.gap > 11s;
       }},
      {"FullDisk", "{ at: 1min, disk: full, for: 15s }",
       [](const Seen& s) { return s.latency > 10s && s.gap < 12s && s.broker_downs == 0; }},
  };
  return kinds;
}

template <class World>
void happens(const KindOfFault& kind) {
  static const std::unique_ptr<Seen> without = play<World>("");
  const auto with = play<World>("faults: [ " + std::string(kind.fault) + " ]\n");
  ASSERT_TRUE(with && without);
  EXPECT_EQ(with->began.size(), 1u);
  EXPECT_EQ(with->ended.size(), 1u);
  EXPECT_TRUE(kind.happened(*with))
      << "latency " << seconds(with->latency) << " s, gap " << seconds(with->gap)
      << " s, connections " << with->connections() << ", pings " << with->pings;
  if (std::string_view(kind.name) != "ClockAhead") {
    EXPECT_FALSE(kind.happened(*without));
  }
}

// The broker closes the old connection, over which most of a big message has not gone yet.
template <class World>
void moves_during_a_big_message() {
  const auto seen = play<World>(
      "faults:\n"
      "  - { at: 1min, push: screen, topic: fw, payload: 400kB }\n"
      "  - { at: 61s, move: sensor }\n");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->longest, 400'000u);
}

class FaultKinds : public testing::TestWithParam<KindOfFault> {};
INSTANTIATE_TEST_SUITE_P(All, FaultKinds, testing::ValuesIn(all_kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(FaultKinds, HappensInTheMemoryWorld) { happens<sim::MemoryWorld>(GetParam()); }
TEST(FaultKind, AMoveDuringABigMessageInTheMemoryWorld) {
  moves_during_a_big_message<sim::MemoryWorld>();
}

#ifdef MQTTLAB_NS3_VERSION
TEST_P(FaultKinds, HappensOverTcp) { happens<sim::Ns3World>(GetParam()); }
TEST(FaultKind, AMoveDuringABigMessageOverTcp) { moves_during_a_big_message<sim::Ns3World>(); }
#endif

std::vector<Duration> since_the_start(const std::vector<Instant>& all) {
  std::vector<Duration> times;
  for (const Instant one : all) times.push_back(one - Instant{});
  return times;
}

// ---- When, and whom -----------------------------------------------------------------------------

TEST(FaultTimes, ASwizzleTakesOneAfterAnotherAndHealsThemInAnotherOrder) {
  const auto seen =
      play<sim::MemoryWorld>("faults: [ { at: 1min, cut: phone, for: 10s, swizzle: 30s } ]\n");
  ASSERT_TRUE(seen);
  EXPECT_THAT(since_the_start(seen->began), testing::ElementsAre(60s, 65s, 70s, 75s, 80s, 85s));
  EXPECT_THAT(since_the_start(seen->ended),
              testing::ElementsAre(100s, 105s, 110s, 115s, 120s, 125s));
}

TEST(FaultTimes, AChanceIsTakenEachTime) {
  const auto seen = play<sim::MemoryWorld>(
      "faults: [ { at: 1s, cut: phone-1, for: 10ms, every: 1s, chance: 30% } ]\n");
  ASSERT_TRUE(seen);
  EXPECT_GT(seen->began.size(), 239 * 0.2);
  EXPECT_LT(seen->began.size(), 239 * 0.4);
}

TEST(FaultTimes, AnyKindCanComeBehindAPacketOfAnyClient) {
  const auto seen = play<sim::MemoryWorld>(
      "faults:\n"
      "  - { after: PUBACK received, of: sensor, at: 1min, reboot: screen, restart_after: 5s }\n"
      "  - { after: PUBLISH arrived, at: 2min, crash: broker, restart_after: 5s }\n"
      "  - { after: PUBLISH received, at: 3min, reset: screen }\n");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->began.size(), 3u);
  EXPECT_EQ(seen->downs, std::vector{true});
  EXPECT_EQ(seen->broker_downs, 1);
  EXPECT_EQ(seen->connections(), 2u);                       // the crash
  EXPECT_EQ(seen->connections(trace::ClientIndex{1}), 4u);  // all three
}

TEST(Reboot, WhoHasLostItsStoreStartsCleanThoughItIsSwitchedOffAgainBefore) {
  const auto seen = play<sim::MemoryWorld>(
      "faults:\n"
      "  - { at: 1min, crash: broker, restart_after: 10s }\n"
      "  - { at: 61s, reboot: sensor, restart_after: 1s, store: lost }\n"
      "  - { at: 65s, reboot: sensor, restart_after: 1s }\n");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->downs, (std::vector{false, true}));
  EXPECT_TRUE(seen->clean_start);
}

// What is owed to it then is owed to nobody who comes back.
TEST(Reboot, WhoHasLeftIsNotStartedAgain) {
  const auto seen = play<sim::MemoryWorld>(
      "faults:\n"
      "  - { at: 89s, reboot: guest, restart_after: 2s }\n"
      "  - { at: 95s, reboot: guest, restart_after: 2s }\n");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->ups, 1);
}

TEST(FaultTimes, ABackwardClockAndABrokerThatPausesAreSurvivedAgainAndAgain) {
  const auto seen = play<sim::MemoryWorld>(
      "faults:\n"
      "  - { at: 10s, clock: [sensor, phone], by: 30s, jump: back, every: 25s }\n"
      "  - { at: 15s, pause: broker, for: 8s, every: 20s }\n"
      "  - { at: 20s, disk: full, for: 9s, every: 30s }\n"
      "  - { at: 33s, crash: machine, restart_after: 2s, every: 40s }\n");
  ASSERT_TRUE(seen);
  EXPECT_GT(seen->pings, 0);
}

}  // namespace
}  // namespace mq::scenario
