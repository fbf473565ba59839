#include "sim/pipe.h"

#include <gtest/gtest.h>

namespace mq::sim {
namespace {

using namespace std::chrono_literals;
using Fate = Pipe::Fate;

Instant at(Duration since_start) { return Instant(since_start); }

TEST(Pipe, APacketMeetsTheRateAndThenTheDelay) {
  Chance chance;
  Pipe pipe({.bits_per_second = 8000, .delay = 50ms}, Rng(1));
  EXPECT_EQ(pipe.send(at(1s), 100, chance).arrival, at(1s + 100ms + 50ms));
  EXPECT_EQ(pipe.send(at(1s), 100, chance).arrival, at(1s + 200ms + 50ms));
  EXPECT_EQ(pipe.send(at(5s), 100, chance).arrival, at(5s + 100ms + 50ms));
  EXPECT_EQ(pipe.counts().packets, 3u);
  EXPECT_EQ(pipe.counts().bytes, 300u);
}

TEST(Pipe, TheQueueHoldsItsLimitAndNotOneMore) {
  Chance chance;
  Pipe pipe({.bits_per_second = 8000, .queue_packets = 3, .delay = 50ms}, Rng(1));
  for (int i = 0; i < 4; ++i)  // one is being sent, three wait
    EXPECT_EQ(pipe.send(at(0s), 1000, chance).fate, Fate::arrives) << i;
  EXPECT_EQ(pipe.send(at(0s), 1000, chance).fate, Fate::queue_full);
  EXPECT_EQ(pipe.send(at(1s) - 1ns, 1000, chance).fate, Fate::queue_full);
  EXPECT_EQ(pipe.send(at(1s), 1000, chance).fate, Fate::arrives);
  EXPECT_EQ(pipe.send(at(1s), 1000, chance).fate, Fate::queue_full);
  EXPECT_EQ(pipe.counts().lost, 3u);
}

TEST(Pipe, WithoutAQueueOnlyTheIdleTransmitterTakesAPacket) {
  Chance chance;
  Pipe pipe({.bits_per_second = 8000, .queue_packets = 0}, Rng(1));
  EXPECT_EQ(pipe.send(at(0s), 1000, chance).fate, Fate::arrives);
  EXPECT_EQ(pipe.send(at(1s) - 1ns, 1000, chance).fate, Fate::queue_full);
  EXPECT_EQ(pipe.send(at(1s), 1000, chance).fate, Fate::arrives);
}

TEST(Pipe, JitterIsUniformAndNeverReorders) {
  Chance chance;
  Pipe pipe({.delay = 50ms, .jitter = 20ms}, Rng(1));
  Duration sum{};
  for (int i = 0; i < 10000; ++i) {
    const Instant sent = at(1s * i);
    const Duration took = pipe.send(sent, 100, chance).arrival - sent;
    EXPECT_GE(took, 50ms);
    EXPECT_LE(took, 70ms);
    sum += took;
  }
  EXPECT_NEAR(seconds(sum) / 10000, 0.060, 0.0005);
  Instant last{};
  for (int i = 0; i < 1000; ++i) {
    const Instant arrival = pipe.send(at(20000s + 1ms * i), 100, chance).arrival;
    EXPECT_GE(arrival, last);
    last = arrival;
  }
}

TEST(Pipe, TroubleOfOneKindIsAsLikelyAsItSaysAndShiftsNoOtherChance) {
  const auto fates = [](bool troubled) {
    Chance chance;
    Pipe pipe({.delay = 50ms, .loss = 0.1}, Rng(1));
    std::vector<bool> lost;
    for (int i = 0; i < 10'000; ++i) {
      if (troubled && i == 5'000) pipe.trouble({.duplicated = 0.2});
      lost.push_back(pipe.send(at(1ms * i), 100, chance).fate == Fate::lost);
    }
    EXPECT_NEAR(static_cast<double>(pipe.counts().duplicated) / 5000, troubled ? 0.18 : 0, 0.02);
    return lost;
  };
  EXPECT_EQ(fates(true), fates(false));
}

TEST(Pipe, APacketThatIsHeldBackIsOvertaken) {
  Chance chance;
  Pipe pipe({.delay = 50ms}, Rng(1));
  pipe.trouble({.reordered = 1, .held_back = 200ms});
  EXPECT_EQ(pipe.send(at(1s), 100, chance).arrival, at(1s + 250ms));
  pipe.trouble({});
  EXPECT_EQ(pipe.send(at(1s + 1ms), 100, chance).arrival, at(1s + 51ms));
}

TEST(Pipe, TheQueueOfASlowerBottleneckIsAsLongAsTheLinks) {
  Chance chance;
  Pipe pipe({.queue_packets = 3}, Rng(1));
  pipe.trouble({.bits_per_second = 12'000});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(pipe.send(at(0s), 1500, chance).fate, Fate::arrives) << i;
  EXPECT_EQ(pipe.send(at(0s), 1500, chance).fate, Fate::queue_full);
  EXPECT_EQ(pipe.send(at(1s), 1500, chance).arrival, at(5s));
}

TEST(Pipe, LossIsAsLikelyAsItSays) {
  Chance chance;
  Pipe pipe({.delay = 50ms, .loss = 0.1}, Rng(1));
  int lost = 0;
  for (int i = 0; i < 20000; ++i) lost += pipe.send(at(1ms * i), 100, chance).fate == Fate::lost;
  EXPECT_NEAR(lost / 20000.0, 0.1, 0.01);
  EXPECT_EQ(pipe.counts().lost, static_cast<std::uint64_t>(lost));
  EXPECT_EQ(pipe.counts().packets, 20000u);
}

TEST(Pipe, ALinkThatIsDownTakesNothingAndDrawsNothing) {
  Chance chance;
  Pipe pipe({.delay = 50ms, .jitter = 5ms, .loss = 0.1}, Rng(1));
  const std::uint64_t before = chance.digest();
  pipe.set_works(false);
  EXPECT_EQ(pipe.send(at(1s), 100, chance).fate, Fate::link_is_down);
  EXPECT_EQ(pipe.counts().packets, 0u);
  EXPECT_EQ(pipe.counts().lost, 1u);
  EXPECT_EQ(chance.digest(), before);
}

}  // namespace
}  // namespace mq::sim
