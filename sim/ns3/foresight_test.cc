#include "sim/ns3/foresight.h"

#include <gtest/gtest.h>
#include <ns3/event-impl.h>

#include <array>
#include <set>

#include "base/rng.h"

namespace mq::sim::cell {
namespace {

class Nothing final : public ns3::EventImpl {
 protected:
  void Notify() override {}
};

using Event = ns3::Scheduler::Event;

// Against a set that ns-3's own order keeps.
TEST(ForesightScheduler, GivesEventsInTheOrderOfNs3WhateverIsAddedAndRemoved) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    Nothing nothing;
    ForesightScheduler scheduler;
    std::set<Event> expected;
    std::uint64_t now = 0;
    // Within a span of the calendar, over some spans, and beyond all that it keeps.
    const std::array<std::uint64_t, 4> reaches = {40, 30'000'000, 5'000'000'000, 60'000'000'000};
    const std::uint64_t reach = reaches.at(seed % 4);
    for (std::uint32_t uid = 1; uid < 2000; ++uid) {
      const auto what = rng.below(8);
      if (what < 4 || expected.empty()) {
        const Event event{&nothing, {now + rng.below(rng.below(2) == 0 ? reach : 40), uid, 0}};
        scheduler.Insert(event);
        expected.insert(event);
      } else if (what < 7) {
        const Event next = scheduler.PeekNext();
        EXPECT_EQ(next.key.m_uid, expected.begin()->key.m_uid);
        EXPECT_EQ(scheduler.RemoveNext().key.m_uid, next.key.m_uid);
        now = next.key.m_ts;
        expected.erase(expected.begin());
      } else {
        const auto any = std::next(expected.begin(), rng.below(expected.size()));
        scheduler.Remove(*any);
        expected.erase(any);
      }
      ASSERT_EQ(scheduler.IsEmpty(), expected.empty());
    }
    for (const Event& event : expected)
      ASSERT_EQ(scheduler.RemoveNext().key.m_uid, event.key.m_uid);
    EXPECT_TRUE(scheduler.IsEmpty());
  }
}

}  // namespace
}  // namespace mq::sim::cell
