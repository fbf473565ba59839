// What listening to a run costs per event: the collector, events.ndjson, capture.pcap.
#include <benchmark/benchmark.h>

#include "reports/collect/collector.h"
#include "reports/ndjson/event_writer.h"
#include "reports/pcap/capture_writer.h"
#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

const testing::DemoRun& demo() {
  static const testing::DemoRun run({.sensors = 50});
  return run;
}

void per_event(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(demo().events().size()));
}

void collect(benchmark::State& state) {
  demo();
  for (auto _ : state) {
    Collector collector(demo().run());
    demo().play(collector);
    benchmark::DoNotOptimize(collector);
  }
  per_event(state);
}
BENCHMARK(collect)->Unit(benchmark::kMillisecond);

void write_events(benchmark::State& state) {
  demo();
  for (auto _ : state) {
    OutputFile out("/dev/null");
    EventWriter writer(out, demo().run());
    demo().play(writer);
  }
  per_event(state);
}
BENCHMARK(write_events)->Unit(benchmark::kMillisecond);

void write_capture(benchmark::State& state) {
  demo();
  for (auto _ : state) {
    OutputFile out("/dev/null");
    CaptureWriter writer(out, {});
    demo().play(writer);
  }
  per_event(state);
}
BENCHMARK(write_capture)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mq::report
