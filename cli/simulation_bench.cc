// What a whole simulated message costs (client, tap, TCP, broker, store, checks, collector) beside
// bare ns-3 applications that exchange the same bytes on the same links: the limit is 1.3 times the
// CPU time. Compare `whole` with `bare_ns3`, the stack as ns-3's helpers build it.
#include <benchmark/benchmark.h>
#if MQTTLAB_MIMALLOC
#include <mimalloc.h>
#endif

#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "base/ensure.h"
#include "broker/core/settings.h"
#include "reports/record/recorder.h"
#include "scenarios/engine/run.h"
#include "scenarios/plan.h"
#include "sim/linked/linked_backend.h"
#include "sim/ns3/ns3_world.h"
#include "sim/ns3/testing/bare_fleet.h"

namespace mq::cli {
namespace {

using namespace std::chrono_literals;

constexpr int minutes = 120;
// PUBLISH of QoS 1 with 64 bytes to fleet/sensors-1/temp in 5.0, and its PUBACK.
constexpr std::size_t message_bytes = 64 + 20 + 2 + 1 + 4;
constexpr std::size_t answer_bytes = 4;

sim::LinkModel lte() {
  return {.up = {.bits_per_second = 5e6, .delay = 30ms, .jitter = 20ms, .loss = 0.001},
          .down = {.bits_per_second = 10e6, .delay = 30ms, .jitter = 20ms, .loss = 0.001}};
}

scenario::Plan plan_of(std::size_t clients) {
  scenario::Plan plan;
  plan.name = "benchmark";
  plan.duration = minutes * 60s;
  plan.calm = 1s;
  plan.links.push_back(
      {.name = "lte", .profile = {}, .model = lte(), .outages = {}, .sources = {}});
  scenario::GroupPlan group;
  group.name = "sensors";
  group.count = clients;
  group.versions = {Version::v5};
  group.keep_alive = 300s;
  group.start_spread = 60s;
  scenario::PublishPlan publish;
  publish.topic = "fleet/{id}/temp";
  publish.qos = Qos::at_least_once;
  publish.every = 60s;
  publish.payload.bytes = 64;
  group.publish.push_back(publish);
  plan.groups.push_back(group);
  return plan;
}

void whole(benchmark::State& state) {
  const auto clients = static_cast<std::size_t>(state.range(0));
  const scenario::Plan plan = plan_of(clients);
  std::int64_t messages = 0;
  for (auto _ : state) {
    sim::Ns3World world(1);
    sim::LinkedBackend broker({}, broker::Durability::power, Rng(1));
    report::Recorder recorder(scenario::run_info(plan),
                              {.folder = {}, .trace = report::TracePolicy::none});
    const auto end = scenario::run(plan, world, broker, recorder);
    const auto results = recorder.finish(end.reached);
    ensure(!results.ledger.published.empty(), "messages are published");
    messages += static_cast<std::int64_t>(results.ledger.published.front().acknowledged);
  }
  ensure(messages >= state.iterations() * minutes * static_cast<std::int64_t>(clients) * 95 / 100,
         "messages are acknowledged");
  state.SetItemsProcessed(messages);
}

template <sim::cell::Path path>
void bare(benchmark::State& state) {
  const auto clients = static_cast<std::size_t>(state.range(0));
  std::int64_t messages = 0;
  for (auto _ : state) {
    sim::BareFleet<path> fleet({clients, message_bytes, answer_bytes, lte()});
    for (int i = 0; i < minutes; ++i) fleet.run_a_minute();
    messages += static_cast<std::int64_t>(fleet.answered() / answer_bytes);
  }
  state.SetItemsProcessed(messages);
}

#if MQTTLAB_MIMALLOC
// As the worker does (sim_main.cc), for what is compared too.
[[maybe_unused]] const bool has_large_pages = [] {
  mi_option_enable(mi_option_large_os_pages);
  return true;
}();
#endif

BENCHMARK(bare<sim::cell::Path::whole_stack>)
    ->Name("bare_ns3")
    ->Arg(100)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(bare<sim::cell::Path::direct>)
    ->Name("bare_ns3_direct")
    ->Arg(100)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(whole)->Arg(100)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mq::cli
