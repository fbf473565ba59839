#include "broker/core/outgoing.h"

#include <gtest/gtest.h>

#include "broker/core/timers.h"

namespace mq::broker {
namespace {

class Queue : public ::testing::Test {
 protected:
  PacketId send() {
    Delivery& delivery = queue.push(Delivery{.bytes = 10});
    delivery.packet_id = queue.free_packet_id();
    queue.mark_sent();
    return delivery.packet_id;
  }

  QueueTotals totals;
  Outgoing queue{totals};
};

TEST_F(Queue, CountsMessagesAndBytesHereAndInTotal) {
  send();
  queue.push(Delivery{.bytes = 5});
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.sent(), 1u);
  EXPECT_EQ(queue.bytes(), 15u);
  EXPECT_EQ(totals.messages, 2u);
  EXPECT_EQ(totals.bytes, 15u);
  queue.erase(0);
  EXPECT_EQ(queue.sent(), 0u);
  EXPECT_EQ(totals.bytes, 5u);
  queue.clear();
  EXPECT_EQ(totals.messages, 0u);
  EXPECT_EQ(totals.bytes, 0u);
}

// v3.1.1 MQTT-2.3.1-4, v5 MQTT-2.2.1-4: whatever stays in flight, no id is used twice.
TEST_F(Queue, GivesNoIdThatIsInUse) {
  const PacketId stuck = send();
  std::vector<PacketId> ring;
  for (int i = 0; i < 5; ++i) ring.push_back(send());
  for (int i = 0; i < 200'000; ++i) {
    const PacketId given = send();
    ASSERT_NE(given, PacketId::none);
    ASSERT_NE(given, stuck);
    for (PacketId used : ring) ASSERT_NE(given, used);
    queue.erase(queue.find(ring[static_cast<std::size_t>(i % 5)]));
    ring[static_cast<std::size_t>(i % 5)] = given;
  }
  EXPECT_EQ(queue.find(stuck), 0u);
}

TEST_F(Queue, FindsByIdAndForgetsInAnyOrder) {
  std::vector<PacketId> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(send());
  for (std::size_t i = 0; i < 300; i += 2) queue.erase(queue.find(ids[i]));
  for (std::size_t i = 0; i < 300; ++i)
    EXPECT_EQ(queue.find(ids[i]) == queue.size(), i % 2 == 0) << i;
  for (std::size_t i = 1; i < 300; i += 2) {
    EXPECT_EQ(queue.find(ids[i]), 0u);
    queue.erase(0);
  }
  EXPECT_TRUE(queue.empty());
}

TEST_F(Queue, AfterALostLinkEverythingIsToBeSentAgain) {
  send();
  send();
  queue.push(Delivery{});
  queue.rewind();
  EXPECT_EQ(queue.sent(), 0u);
  EXPECT_EQ(queue.next().packet_id, PacketId{1});
  EXPECT_EQ(queue.find(PacketId{2}), 1u);
}

TEST(DueTimes, HoldOneEntryForEachSubject) {
  Timers timers;
  std::optional<Instant> one, two;
  const Instant start{};
  const auto at = [&](int seconds) { return start + std::chrono::seconds(seconds); };
  timers.arm(Timer::Kind::link, 1, one, at(5));
  timers.arm(Timer::Kind::session, 1, two, at(5));
  timers.arm(Timer::Kind::link, 1, one, at(3));
  EXPECT_EQ(timers.size(), 2u);
  EXPECT_EQ(timers.deadline(), at(3));
  EXPECT_FALSE(timers.take(at(2)));
  EXPECT_EQ(timers.take(at(9))->kind, Timer::Kind::link);
  timers.arm(Timer::Kind::session, 1, two, std::nullopt);
  EXPECT_EQ(timers.deadline(), std::nullopt);
}

}  // namespace
}  // namespace mq::broker
