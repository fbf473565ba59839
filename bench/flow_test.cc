// The count of deliveries, against a broker that lies.
#include "bench/flow.h"

#include <gtest/gtest.h>

#include <cstring>

#include "bench/testing/liar.h"

namespace mq::bench {
namespace {

constexpr int messages = 20;

// How long nothing may come until it counts as lost; long where nothing is.
constexpr std::chrono::milliseconds short_patience{500}, long_patience{20'000};

Outcome outcome_with(Liar::Twist twist, std::chrono::milliseconds patience = short_patience) {
  Liar liar(std::move(twist));
  FlowPlan plan = fan_in_plan(2);
  plan.warm_up = 2;
  plan.messages = messages - 2;
  plan.window = 4;
  return Flow(plan, {.port = liar.port(), .usage = [] { return peers::Usage{}; }}, patience).run();
}

std::vector<Publish> as_it_is(int, const Publish& message) { return {message}; }

Publish with_byte(Publish message, std::size_t at, std::byte value) {
  message.payload = Bytes::make(message.payload.size(), [&](std::span<std::byte> bytes) {
    std::memcpy(bytes.data(), message.payload.data(), bytes.size());
    bytes[at] = value;
  });
  return message;
}

TEST(Flow, CountsEveryDeliveryOfAnHonestBroker) {
  const Outcome outcome = outcome_with(as_it_is, long_patience);
  EXPECT_TRUE(outcome.is_sound()) << outcome.fault;
  EXPECT_EQ(outcome.units, messages - 2u);
  EXPECT_TRUE(outcome.p50_us && *outcome.p50_us > 0);
}

TEST(Flow, SeesAMissingDelivery) {
  const Outcome outcome = outcome_with([](int number, const Publish& message) {
    return number == 11 ? std::vector<Publish>{} : std::vector<Publish>{message};
  });
  EXPECT_EQ(outcome.lost, 1u);
  EXPECT_FALSE(outcome.is_sound());
}

TEST(Flow, SeesTheLastDeliveryMissing) {
  const Outcome outcome = outcome_with([](int number, const Publish& message) {
    return number == messages - 1 ? std::vector<Publish>{} : std::vector<Publish>{message};
  });
  EXPECT_EQ(outcome.lost, 1u);
}

TEST(Flow, SeesADeliveryThatComesTwice) {
  const Outcome outcome = outcome_with([](int number, const Publish& message) {
    return std::vector<Publish>(number == 11 ? 2 : 1, message);
  });
  EXPECT_EQ(outcome.duplicated, 1u);
  EXPECT_EQ(outcome.lost, 0u);
  EXPECT_FALSE(outcome.is_sound());
}

TEST(Flow, SeesAnOlderMessageBehindANewerOne) {
  // Of the same stream, or it would be no matter of order.
  std::vector<Publish> held;
  const Outcome outcome = outcome_with([&](int number, const Publish& message) {
    if (number == 6 || (number == 7 && message.topic != held.front().topic)) {
      held.push_back(message);
      return std::vector<Publish>{};
    }
    if (number < 8 || held.empty()) return std::vector<Publish>{message};
    std::vector<Publish> now{message};
    now.insert(now.end(), held.begin(), held.end());
    held.clear();
    return now;
  });
  EXPECT_GT(outcome.disordered, 0u);
  EXPECT_FALSE(outcome.is_sound());
}

TEST(Flow, SeesAlteredBytesAndALengthThatIsNotTheirs) {
  const Outcome first = outcome_with([](int number, const Publish& message) {
    return std::vector<Publish>{number == 11 ? with_byte(message, sign_bytes, std::byte{'?'})
                                             : message};
  });
  EXPECT_EQ(first.altered, 1u);
  EXPECT_EQ(first.lost, 1u);
  const Outcome second = outcome_with([](int number, const Publish& message) {
    Publish shorter = message;
    if (number == 11) shorter.payload = message.payload.slice(0, message.payload.size() - 1);
    return std::vector<Publish>{shorter};
  });
  EXPECT_EQ(second.altered, 1u);
}

TEST(Flow, SeesAMessageOfNoStream) {
  const Outcome outcome = outcome_with([](int number, const Publish& message) {
    return std::vector<Publish>{number == 11 ? with_byte(message, 1, std::byte{7}) : message};
  });
  EXPECT_EQ(outcome.altered, 1u);
}

TEST(Flow, SeesAMessageAtTheWrongSubscriber) {
  Liar liar(as_it_is);  // to every subscriber
  const Outcome outcome =
      Flow(
          [] {
            FlowPlan plan = matching_plan(20);
            plan.messages = 20;
            return plan;
          }(),
          {.port = liar.port(), .usage = [] { return peers::Usage{}; }}, short_patience)
          .run();
  EXPECT_EQ(outcome.astray, 20u * 9u);
}

TEST(Flow, SaysThatNobodyListens) {
  const Outcome outcome =
      Flow(fan_in_plan(1), {.port = 1, .usage = [] { return peers::Usage{}; }}, short_patience)
          .run();
  EXPECT_FALSE(outcome.fault.empty());
  EXPECT_FALSE(outcome.is_sound());
}

TEST(MatchingPlan, HasOneReceiverForEachTopicAndAsManyTopicsAsFilters) {
  const FlowPlan plan = matching_plan(100);
  std::size_t filters = 0;
  for (const auto& each : plan.subscribers) filters += each.size();
  EXPECT_EQ(filters, 100u);
  EXPECT_EQ(plan.streams.size(), 100u);
  for (const auto& stream : plan.streams) EXPECT_EQ(stream.receivers.size(), 1u);
}

}  // namespace
}  // namespace mq::bench
