// Runs with TLS and WebSocket: the same to the byte, whatever the clock of this machine says.
#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <variant>

#include "broker/core/settings.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"
#include "sim/linked/linked_backend.h"
#include "sim/memory/memory_world.h"

namespace {
std::time_t clock_offset = 0;  // of this process, in seconds
int clock_readings = 0;
}  // namespace

// OpenSSL asks these for the time: this program's answer instead of the C library's.
extern "C" std::time_t time(std::time_t* into) {
  ++clock_readings;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::time_t seconds = now.tv_sec + clock_offset;
  if (into != nullptr) *into = seconds;
  return seconds;
}

namespace mq::scenario {
namespace {

constexpr std::string_view scenario = R"(
version: 1
name: all transports
duration: 20min
calm: 3min
world: memory
links:
  slow: { rate: 20 kbit/s, delay: 300ms, jitter: 100ms, loss: 2% }
fleet:
  plain: { link: slow, clean_start: false, publish: [ { topic: "a/{id}", qos: 1, every: 10s } ] }
  tls: { link: slow, transport: tls, clean_start: false, keep_alive: 20s,
         publish: [ { topic: "a/{id}", qos: 2, every: 10s } ] }
  websocket: { link: slow, transport: websocket, clean_start: false, keep_alive: 20s,
               publish: [ { topic: "a/{id}", qos: 2, every: 10s, payload: 3kB } ] }
  wss: { link: slow, transport: wss, clean_start: false, keep_alive: 20s,
         publish: [ { topic: "a/{id}", qos: 1, every: 10s } ],
         subscribe: [ { filter: "a/#", qos: 1 } ] }
  office: { transport: tls, clean_start: false, subscribe: [ { filter: "a/#", qos: 2 } ] }
faults:
  - { at: 3min, cut: slow, for: 1min, every: 4min }
  - { at: 9min, crash: broker, restart_after: 5s }
)";

class Counter final : public trace::Observer {
 public:
  void observe(const trace::Event& event) override {
    if (std::holds_alternative<trace::Delivered>(event.what)) ++delivered;
    if (std::holds_alternative<trace::MalformedSeen>(event.what)) ++malformed;
    if (const auto* opened = std::get_if<trace::LinkOpened>(&event.what))
      ++(opened->end == trace::End::broker ? opened_at_broker : opened_at_client);
  }
  int delivered = 0, malformed = 0, opened_at_broker = 0, opened_at_client = 0;
};

struct Ran {
  RunEnd end;
  Counter counter;
};

Ran run_once(std::uint64_t seed) {
  auto parsed = parse(scenario, "all-transports.yaml");
  auto& plan = std::get<Plan>(parsed);
  plan.seed = seed;
  Ran ran;
  sim::MemoryWorld world(seed);
  sim::LinkedBackend broker(broker::Settings{}, broker::Durability::power, Rng(seed));
  ran.end = run(plan, world, broker, ran.counter);
  return ran;
}

TEST(SecureRun, IsTheSameToTheByteYearsApart) {
  const Ran now = run_once(7);
  ASSERT_TRUE(now.end.complete);
  EXPECT_GT(now.counter.delivered, 500);
  EXPECT_EQ(now.counter.malformed, 0);
  // Cut off four times and a crash: every device came back.
  EXPECT_GT(now.counter.opened_at_client, 4 * 5);
  for (const std::time_t offset : {61L, 40L * 365 * 86'400, -20L * 365 * 86'400}) {
    clock_offset = offset;
    const Ran later = run_once(7);
    EXPECT_EQ(later.end.hash, now.end.hash) << offset;
    for (std::size_t i = 0; i < now.end.traffic.size(); ++i) {
      EXPECT_EQ(later.end.traffic[i].bytes_up, now.end.traffic[i].bytes_up) << i;
      EXPECT_EQ(later.end.traffic[i].bytes_down, now.end.traffic[i].bytes_down) << i;
    }
  }
  clock_offset = 0;
  EXPECT_NE(run_once(8).end.hash, now.end.hash);
  // The clock that is moved is one that somebody reads.
  EXPECT_GT(clock_readings, 0);
}

TEST(SecureRun, TlsAndWebSocketCostBytes) {
  const Ran ran = run_once(1);
  const auto up = [&](std::size_t client) { return ran.end.traffic.at(client).bytes_up; };
  EXPECT_GT(up(3), up(0) + 2000);  // the handshakes of wss, and an acknowledgement per delivery
}

}  // namespace
}  // namespace mq::scenario
