// The limits of a queue and CoDel, seen through a lane.
#include <gtest/gtest.h>

#include "sim/link/codel.h"
#include "sim/link/lane.h"

namespace mq::sim::link {
namespace {

using namespace std::chrono_literals;

Instant at(Duration since_start) { return Instant(since_start); }

struct Link {
  Link(const LinkDirection& plain, DirectionParts parts)
      : state(std::make_shared<const Parts>(Parts{.up = std::move(parts)}), Rng(1), shared),
        lane(plain, state, Lane::Leads::up, Rng(1)) {}
  Fate send(Duration when, std::size_t bytes) {
    return lane.send(at(when), bytes, chance).passage.fate;
  }
  SharedBursts shared{Rng(1)};
  State state;
  Lane lane;
  Chance chance;
};

TEST(Queue, ALimitInBytesHoldsItAndNotOneMore) {
  Link link({.bits_per_second = 8000}, {.queue_bytes = 2000});
  EXPECT_EQ(link.send(0s, 1000), Fate::arrives) << "this one is being sent";
  EXPECT_EQ(link.send(0s, 1500), Fate::arrives);
  EXPECT_EQ(link.send(0s, 501), Fate::queue_full);
  EXPECT_EQ(link.send(0s, 500), Fate::arrives);
  EXPECT_EQ(link.send(1s - 1ns, 1), Fate::queue_full);
  EXPECT_EQ(link.send(1s, 1500), Fate::arrives);
}

TEST(Queue, ALimitInTimeHoldsItAndNotOneMore) {
  Link link({.bits_per_second = 8000}, {.queue_time = 2s});
  EXPECT_EQ(link.send(0s, 1000), Fate::arrives);
  EXPECT_EQ(link.send(0s, 1000), Fate::arrives);
  EXPECT_EQ(link.send(0s, 1), Fate::arrives) << "waits two seconds";
  EXPECT_EQ(link.send(0s, 1), Fate::queue_full);
  EXPECT_EQ(link.send(1ms, 1), Fate::arrives);
}

TEST(Queue, PacketsAreCountedToo) {
  Link link({.bits_per_second = 8000, .queue_packets = 1}, {.queue_bytes = 1'000'000});
  EXPECT_EQ(link.send(0s, 1000), Fate::arrives);
  EXPECT_EQ(link.send(0s, 10), Fate::arrives);
  EXPECT_EQ(link.send(0s, 10), Fate::queue_full);
}

// A sender twice as fast as the link, for a minute: the share lost and the delay at the end.
std::pair<double, Duration> overload(bool codel) {
  Link link({.bits_per_second = 1.2e6, .queue_packets = 1000}, {.queue_time = 1h, .codel = codel});
  int lost = 0;
  Duration last{};
  for (int i = 0; i < 12'000; ++i) {
    const auto passage = link.lane.send(at(5ms * i), 1500, link.chance).passage;
    lost += passage.fate != Fate::arrives;
    if (passage.fate == Fate::arrives) last = passage.arrival - at(5ms * i);
  }
  return {lost / 12'000.0, last};
}

TEST(Queue, CoDelKeepsTheDelayDownWhereATailDropQueueFillsUp) {
  EXPECT_NEAR(seconds(overload(false).second), 10, 0.1);
  EXPECT_LT(overload(true).second, 3s);
  EXPECT_NEAR(overload(false).first, overload(true).first, 0.1);
}

TEST(CoDel, LetsAShortQueueAloneAndDropsMoreOftenTheLongerItLasts) {
  CoDel codel;
  int dropped = 0;
  for (int i = 0; i < 1000; ++i) dropped += codel.drops(at(1ms * i), 4ms, 1ms);
  EXPECT_EQ(dropped, 0);
  std::vector<Duration> drops;
  for (int i = 0; i < 1000; ++i)
    if (codel.drops(at(1s + 1ms * i), 20ms, 1ms)) drops.push_back(1ms * i);
  ASSERT_GE(drops.size(), 4u);
  EXPECT_EQ(drops[0], 100ms) << "an interval of patience";
  EXPECT_EQ(drops[1], 200ms);
  EXPECT_LT(drops[3] - drops[2], drops[2] - drops[1]);
  EXPECT_FALSE(codel.drops(at(3s), 1ms, 1ms));
  EXPECT_FALSE(codel.drops(at(3s + 1ms), 20ms, 1ms)) << "patient again";
  EXPECT_FALSE(CoDel().drops(at(3s), 20ms, 30ms)) << "a packet takes longer than the target";
}

}  // namespace
}  // namespace mq::sim::link
