// The queue of one session: a message comes, is sent, is acknowledged; with few or many before it.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "base/ensure.h"
#include "broker/core/outgoing.h"

namespace mq::broker {
namespace {

LetterRef letter() {
  auto made = std::make_shared<Letter>();
  made->message.topic = "fleet/truck/position";
  made->message.payload = Bytes::copy(std::string(64, 'x'));
  return made;
}

// `waiting` messages are in the queue all the time; the first of them is acknowledged.
void in_order(benchmark::State& state) {
  QueueTotals totals;
  Outgoing queue(totals);
  const LetterRef shared = letter();
  const auto add = [&] {
    Delivery& added = queue.push({.letter = shared});
    added.packet_id = queue.free_packet_id();
    queue.mark_sent();
  };
  for (std::int64_t i = 0; i < state.range(0); ++i) add();
  for (auto _ : state) {
    add();
    const std::size_t first = queue.find(queue[0].packet_id);
    ensure(first == 0, "acknowledged in order");
    queue.erase(first);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(in_order)->Arg(1)->Arg(100)->Arg(10'000);

// A client that acknowledges what came last first.
void in_reverse(benchmark::State& state) {
  QueueTotals totals;
  Outgoing queue(totals);
  const LetterRef shared = letter();
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      Delivery& added = queue.push({.letter = shared});
      added.packet_id = queue.free_packet_id();
      queue.mark_sent();
    }
    while (!queue.empty()) queue.erase(queue.find(queue[queue.size() - 1].packet_id));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(in_reverse)->Arg(100)->Arg(10'000);

// For a client that is away: they only wait.
void fill_and_clear(benchmark::State& state) {
  QueueTotals totals;
  Outgoing queue(totals);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) queue.push({.letter = letter()});
    queue.clear();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fill_and_clear)->Arg(1000)->Arg(100'000);

}  // namespace
}  // namespace mq::broker
