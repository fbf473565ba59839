#include "sim/timer_queue.h"

#include <gtest/gtest.h>

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
