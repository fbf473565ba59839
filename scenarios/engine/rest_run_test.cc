// Members that poll a store by HTTP beside members of MQTT, in both worlds.
#include <gtest/gtest.h>

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

// `poller` is what each of them says of its `rest`, `more` what else the file says.
struct Wishes {
  std::string poller = "connection: kept";
  std::string transport = "tcp";
  std::string get = "every: 10s";
  std::string put = "every: 60s";
  std::string more;
};

std::string scenario(const Wishes& wishes) {
  return R"(
version: 1
name: polling
duration: 20min
calm: 2min
links:
  air: { rate: 40 kbit/s, delay: 150ms }
fleet:
  sensor: { link: air, keep_alive: 10min,
            publish: [ { topic: t, qos: 1, every: 60s, retain: true } ] }
  screen: { link: air, keep_alive: 10min, subscribe: [ { filter: t, qos: 1 } ] }
  meter: { link: air, transport: )" +
         wishes.transport + ", rest: { " + wishes.poller + ", put: [ { path: /t, " + wishes.put +
         " } ] } }\n  poller: { link: air, transport: " + wishes.transport + ", rest: { " +
         wishes.poller + ", get: [ { path: /t, " + wishes.get + " } ] } }\n" + wishes.more;
}

class Judge final : public trace::Observer {
 public:
  explicit Judge(const Plan& plan) : info(run_info(plan)), checks(info), monitors(info) {}
  void observe(const trace::Event& event) override {
    checks.observe(event);
    monitors.observe(event);
    now = event.at;
    if (const auto* seen = std::get_if<trace::HttpSeen>(&event.what))
      ++(seen->end == trace::End::client ? at_clients : at_store);
    if (std::holds_alternative<trace::ValueRead>(event.what)) ++reads;
    if (const auto* failed = std::get_if<trace::HttpFailed>(&event.what))
      reasons.emplace(why = failed->reason);
    failures += std::holds_alternative<trace::HttpFailed>(event.what);
  }
  trace::RunInfo info;
  checks::CheckSet checks;
  monitors::Monitors monitors;
  Instant now{};
  int at_clients = 0, at_store = 0, reads = 0, failures = 0;
  std::string why;  // it failed last
  std::set<std::string> reasons;
};

struct Ran {
  RunEnd end;
  std::unique_ptr<Judge> judge;
  checks::Judgement judged;

  const checks::Freshness& of(std::size_t group) const {
    return *judged.costs.rows[group].freshness;
  }
  std::uint64_t bytes(std::size_t client) const {
    return end.traffic[client].bytes_up + end.traffic[client].bytes_down;
  }
};
constexpr std::size_t screen = 1, meter = 2, poller = 3;

std::unique_ptr<sim::World> world_of(WorldKind kind, std::uint64_t seed) {
#ifdef MQTTLAB_NS3_VERSION
  if (kind == WorldKind::ns3) return std::make_unique<sim::Ns3World>(seed);
#endif
  return kind == WorldKind::memory ? std::make_unique<sim::MemoryWorld>(seed) : nullptr;
}

class RestRun : public testing::TestWithParam<WorldKind> {
 protected:
  void SetUp() override {
    if (world_of(GetParam(), 1) == nullptr) GTEST_SKIP() << "built without ns-3";
  }
  static Ran play(const Wishes& wishes = {}, std::uint64_t seed = 1) {
    auto parsed = parse(scenario(wishes), "polling.yaml");
    if (const auto* problems = std::get_if<Problems>(&parsed))
      ADD_FAILURE() << to_text("polling.yaml", problems->front());
    auto& plan = std::get<Plan>(parsed);
    plan.seed = seed;
    const auto world = world_of(GetParam(), seed);
    sim::LinkedBackend broker(broker::Settings{}, broker::Durability::power, Rng(seed));
    Ran ran;
    ran.judge = std::make_unique<Judge>(plan);
    ran.end = run(plan, *world, broker, *ran.judge);
    ran.judged = ran.judge->checks.finish();
    const auto standard = ran.judge->monitors.finish(ran.judge->now);
    EXPECT_NE(standard.overall.verdict, checks::Verdict::broken);
    EXPECT_EQ(ran.judged.verdict, checks::Judgement::Verdict::held)
        << "what HTTP does is no matter of MQTT's promises";
    return ran;
  }
};

TEST_P(RestRun, BringsEachValueWithinItsPeriod) {
  const Ran ran = play();
  EXPECT_EQ(ran.judge->failures, 0) << ran.judge->why;
  EXPECT_EQ(ran.of(poller).values, 20u);
  EXPECT_EQ(ran.of(screen).values, 20u);
  EXPECT_LT(*ran.of(poller).latency.max(), 12s) << "a period of 10 s, and the way";
  EXPECT_LT(*ran.of(screen).latency.max(), 2s);
  EXPECT_LT(ran.of(screen).age.most, ran.of(poller).age.most);
  EXPECT_GT(ran.bytes(poller), 10 * ran.bytes(screen));
  EXPECT_EQ(ran.judge->at_clients, ran.judge->at_store);
}

TEST_P(RestRun, IsTheSameToTheByteForTheSameSeed) {
  EXPECT_EQ(play({}, 7).end.hash, play({}, 7).end.hash);
  EXPECT_NE(play({}, 7).end.hash, play({}, 8).end.hash);
}

TEST_P(RestRun, CostsMoreWithAConnectionForEachRequest) {
  const Ran kept = play();
  const Ran each = play({.poller = "connection: each"});
  EXPECT_EQ(each.judge->failures, 0) << each.judge->why;
  EXPECT_EQ(each.of(poller).values, 20u);
  EXPECT_GT(each.bytes(poller), kept.bytes(poller) * 13 / 10);
  EXPECT_EQ(kept.judged.costs.rows[poller].reconnects, 0u);
  EXPECT_EQ(each.judged.costs.rows[poller].reconnects, 131u);
}

TEST_P(RestRun, GoesOverTlsAsMqttDoes) {
  const Ran plain = play();
  const Ran tls = play({.transport = "tls"});
  EXPECT_EQ(tls.judge->failures, 0) << tls.judge->why;
  EXPECT_EQ(tls.of(poller).values, 20u);
  EXPECT_GT(tls.bytes(poller), plain.bytes(poller) + 1000);
  const Ran each = play({.poller = "connection: each", .transport = "tls"});
  EXPECT_EQ(each.judge->failures, 0) << each.judge->why;
  EXPECT_GT(each.bytes(poller), 3 * tls.bytes(poller));
}

TEST_P(RestRun, ATokenIsSentEachTimeAndWhatHasNotChangedIsNot) {
  const Wishes long_values{.put = "every: 60s, payload: 2kB"};
  Wishes wishes = long_values;
  const std::uint64_t all = play(wishes).bytes(poller);
  wishes.get = "every: 10s, if_changed: true";
  const Ran changed = play(wishes);
  EXPECT_EQ(changed.of(poller).values, 20u);
  EXPECT_LT(changed.bytes(poller), all / 2);
  const Ran with_token = play({.poller = "token: 500B"});
  EXPECT_GT(with_token.bytes(poller), play().bytes(poller) + 131 * 500);
}

// The store closes what nobody asks over; whoever asks less often connects anew each time.
TEST_P(RestRun, AnIdleConnectionEndsWithoutHarm) {
  const Ran ran = play({.get = "every: 40s", .more = "store: { idle_timeout: 39s }\n"});
  EXPECT_EQ(ran.judge->failures, 0) << ran.judge->why;
  EXPECT_EQ(ran.judged.costs.rows[poller].reconnects, 32u);
  EXPECT_EQ(ran.of(poller).values, 20u);
}

TEST_P(RestRun, AsksAgainUntilTheNetworkIsBack) {
  const Ran ran = play({.more = "faults: [ { at: 5min, cut: air, for: 3min } ]\n"});
  EXPECT_GT(ran.judge->failures, 2);
  EXPECT_TRUE(ran.judge->reasons.contains("no answer in time"));
  EXPECT_GE(ran.of(poller).values, 17u) << "values of the cut are skipped but for the newest";
  EXPECT_LT(ran.of(poller).values, 20u);
  EXPECT_LT(ran.of(poller).age.most, 6min);
}

TEST_P(RestRun, OutlivesTheCrashOfTheSiteAndAPause) {
  const Ran ran = play({.more = "faults:\n  - { at: 5min, crash: broker, restart_after: 90s }\n"
                                "  - { at: 10min, pause: broker, for: 50s }\n"});
  EXPECT_GT(ran.judge->failures, 2);
  EXPECT_GE(ran.of(poller).values, 17u);
}

TEST_P(RestRun, ADeviceThatWasSwitchedOffPollsAgain) {
  const Ran ran =
      play({.more = "faults:\n  - { at: 5min, reboot: [ poller, meter ], restart_after: 90s }\n"
                    "  - { at: 10min, reset: poller }\n  - { at: 12min, nat: poller }\n"});
  EXPECT_GE(ran.of(poller).values, 17u);
  EXPECT_LT(ran.of(poller).age.most, 4min);
}

INSTANTIATE_TEST_SUITE_P(Worlds, RestRun, testing::Values(WorldKind::memory, WorldKind::ns3),
                         [](const auto& info) {
                           return std::string(info.param == WorldKind::ns3 ? "Ns3" : "Memory");
                         });

}  // namespace
}  // namespace mq::scenario
