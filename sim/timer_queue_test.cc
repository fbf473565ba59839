#include "sim/timer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace mq::sim {
namespace {

Instant at(int nanoseconds) { return Instant(Duration(nanoseconds)); }

TEST(TimerQueue, GivesTimersByInstantAndThenByOrder) {
  TimerQueue queue;
  std::vector<int> called;
  for (const int when : {3, 1, 2, 1, 3})
    queue.add(at(when), [&called, when] { called.push_back(when); });
  std::vector<std::uint64_t> orders;
  while (const TimerQueue::Entry* next = queue.next()) {
    orders.push_back(next->order);
    queue.take_next()();
  }
  EXPECT_EQ(called, (std::vector{1, 1, 2, 3, 3}));
  EXPECT_EQ(orders, (std::vector<std::uint64_t>{1, 3, 2, 0, 4}));
}

TEST(TimerQueue, TimersOfAnyDistanceComeInOrder) {
  TimerQueue queue;
  Rng rng(1);
  std::vector<Instant> asked;
  const auto add = [&](Instant from) {
    // From nanoseconds to weeks.
    const auto distance = static_cast<std::int64_t>(rng.next() >> (10 + rng.below(54)));
    asked.push_back(from + Duration(distance));
    queue.add(asked.back(), [] {});
  };
  for (int i = 0; i < 1000; ++i) add(Instant{});
  std::vector<Instant> came;
  while (const TimerQueue::Entry* next = queue.next()) {
    came.push_back(next->when);
    queue.take_next();
    if (asked.size() < 3000) add(came.back());
  }
  EXPECT_TRUE(std::is_sorted(came.begin(), came.end()));
  std::sort(asked.begin(), asked.end());
  EXPECT_EQ(came, asked);
  EXPECT_EQ(queue.entries(), 0u);
}

TEST(TimerQueue, ACancelledTimerNeverComesAndItsIdIsNotUsedAgain) {
  TimerQueue queue;
  int called = 0;
  const TimerId gone = queue.add(at(1), [&] { called += 1; });
  queue.cancel(gone);
  const TimerId next = queue.add(at(1), [&] { called += 10; });
  EXPECT_NE(gone, next);
  queue.cancel(gone);
  queue.cancel(TimerId::none);
  ASSERT_NE(queue.next(), nullptr);
  queue.take_next()();
  EXPECT_EQ(queue.next(), nullptr);
  EXPECT_EQ(called, 10);
}

TEST(TimerQueue, ATimerThatIsPutOffAgainAndAgainDoesNotFillTheQueue) {
  TimerQueue queue;
  for (int i = 0; i < 100; ++i) queue.add(at(5), [] {});
  TimerId keep_alive = TimerId::none;
  for (int i = 0; i < 100'000; ++i) {
    queue.cancel(keep_alive);
    keep_alive = queue.add(at(1'000'000 + i), [] {});
  }
  EXPECT_LE(queue.entries(), 300u);
  int left = 0;
  for (; queue.next() != nullptr; ++left) queue.take_next();
  EXPECT_EQ(left, 101);
}

}  // namespace
}  // namespace mq::sim
