// Who gets a message, among many filters: an answer that is remembered, one that has to be found by
// walking the tree, and coming and going of a subscription. The tree alone.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <deque>
#include <string>
#include <vector>

#include "broker/core/session.h"
#include "broker/core/subscriptions.h"

namespace mq::broker {
namespace {

// `count` filters, two thirds of them with wildcards, of a hundred subscriptions per session; each
// topic is matched by one of them.
class Forest {
 public:
  explicit Forest(std::int64_t count) {
    const std::size_t before = mallinfo2().uordblks;
    for (std::int64_t i = 0; i < count; ++i) {
      if (i % 100 == 0) sessions_.emplace_back(totals_).number = sessions_.size();
      const std::string area = "area" + std::to_string(i / 1000);
      const std::string id = std::to_string(i);
      Subscription& added = subscriptions_.emplace_back();
      added.session = &sessions_.back();
      added.session_number = added.session->number;
      added.entry.filter = i % 3 == 0   ? area + "/device" + id + "/+/state"
                           : i % 3 == 1 ? area + "/+/sensor" + id + "/#"
                                        : area + "/line" + id + "/temperature";
      topics.push_back(i % 3 == 0   ? area + "/device" + id + "/engine/state"
                       : i % 3 == 1 ? area + "/cell/sensor" + id + "/value"
                                    : added.entry.filter);
      tree.add(added);
    }
    bytes_each = static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(count);
  }

  // Far apart, so that neighbours do not help.
  const std::string& next_topic() { return topics[at_ = (at_ + 7919) % topics.size()]; }

  Subscription& last() { return subscriptions_.back(); }

  Subscriptions tree;
  std::vector<std::string> topics;
  double bytes_each = 0;

 private:
  QueueTotals totals_;
  std::deque<Session> sessions_;
  std::deque<Subscription> subscriptions_;
  std::size_t at_ = 0;
};

void find(benchmark::State& state) {
  Forest forest(state.range(0));
  std::size_t found = 0;
  for (auto _ : state) found += forest.tree.find(forest.next_topic()).receivers.size();
  if (found != static_cast<std::size_t>(state.iterations()))
    state.SkipWithError("each topic has one receiver");
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_each"] = forest.bytes_each;
}
BENCHMARK(find)->Arg(10'000);
BENCHMARK(find)->Arg(1'000'000)->Iterations(500'000);  // planting takes its time: once

// The same few topics again and again, as a fleet's are.
void find_among_few_topics(benchmark::State& state) {
  Forest forest(state.range(0));
  std::size_t found = 0;
  std::size_t i = 0;
  for (auto _ : state) found += forest.tree.find(forest.topics[i++ % 1000]).receivers.size();
  if (found != static_cast<std::size_t>(state.iterations()))
    state.SkipWithError("each topic has one receiver");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_among_few_topics)->Arg(10'000);

void leave_and_come_back(benchmark::State& state) {
  Forest forest(state.range(0));
  for (auto _ : state) {
    forest.tree.remove(forest.last());
    forest.tree.add(forest.last());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(leave_and_come_back)->Arg(10'000);
BENCHMARK(leave_and_come_back)->Arg(1'000'000)->Iterations(500'000);

// After a change nothing is remembered that it may concern.
void find_after_a_change(benchmark::State& state) {
  Forest forest(state.range(0));
  for (auto _ : state) {
    forest.tree.remove(forest.last());
    forest.tree.add(forest.last());
    benchmark::DoNotOptimize(forest.tree.find(forest.next_topic()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(find_after_a_change)->Arg(10'000);
BENCHMARK(find_after_a_change)->Arg(1'000'000)->Iterations(200'000);

}  // namespace
}  // namespace mq::broker
