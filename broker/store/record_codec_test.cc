#include "broker/store/record_codec.h"

#include <gtest/gtest.h>

#include "broker/store/testing/sample.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

std::vector<std::byte> encoded(const Record& record, WallClock clock = {}) {
  std::vector<std::byte> bytes;
  encode_record(record, clock, bytes);
  return bytes;
}

TEST(RecordCodec, EveryFieldOfEveryKindComesBack) {
  for (const Record& record : sample::one_of_each()) {
    const auto bytes = encoded(record);
    const auto back = decode_record(bytes, {});
    ASSERT_TRUE(back);
    EXPECT_EQ(back->index(), record.index());
    EXPECT_EQ(encoded(*back), bytes);
  }
  const auto all = sample::one_of_each();
  const auto message = *std::get<SaveMessage>(*decode_record(encoded(all[0]), {})).message;
  const auto& sent = *std::get<SaveMessage>(all[0]).message;
  EXPECT_EQ(message.topic, sent.topic);
  EXPECT_EQ(message.payload, sent.payload);
  EXPECT_EQ(message.qos, sent.qos);
  EXPECT_EQ(message.retain, sent.retain);
  EXPECT_EQ(message.expires_at, sent.expires_at);
  EXPECT_EQ(message.properties, sent.properties);
  EXPECT_EQ(message.author, (Author{"ann", "the one who said so"}));
  const auto session = std::get<SaveSession>(*decode_record(encoded(all[1]), {}));
  EXPECT_EQ(session.version, Version::v3_1_1);
  EXPECT_EQ(session.expiry, std::chrono::seconds(0xFFFFFFFF));
  EXPECT_EQ(session.disconnected_at, Instant(3s));
  EXPECT_EQ(session.user, "ann");
  const auto subscription = std::get<SaveSubscription>(*decode_record(encoded(all[2]), {}));
  EXPECT_EQ(subscription.entry, std::get<SaveSubscription>(all[2]).entry);
  EXPECT_EQ(subscription.identifier, 7u);
  const auto delivery = std::get<SaveDelivery>(*decode_record(encoded(all[3]), {}));
  EXPECT_EQ(delivery.share, "$share/g/t");
  const auto will = std::get<SaveWill>(*decode_record(encoded(all[6]), {}));
  EXPECT_EQ(will.will, std::get<SaveWill>(all[6]).will);
  EXPECT_EQ(will.due, Instant(5s));
  EXPECT_EQ(will.user, "ann");
}

TEST(RecordCodec, TimesAreOfTheWallClock) {
  const Record at_noon = SaveSession{"s", Version::v5, 60s, Instant(10s)};
  const auto bytes = encoded(at_noon, {.at_zero = 1000s});
  const auto back = std::get<SaveSession>(*decode_record(bytes, {.at_zero = 1500s}));
  EXPECT_EQ(back.disconnected_at, Instant(-490s));
  const Record never = SaveSession{"s", Version::v5, 60s, {}};
  EXPECT_FALSE(std::get<SaveSession>(*decode_record(encoded(never), {})).disconnected_at);
}

TEST(RecordCodec, APieceOfARecordIsNoneAndNeitherIsOneWithSomethingBehindIt) {
  for (const Record& record : sample::one_of_each()) {
    auto bytes = encoded(record);
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(decode_record(std::span(bytes).first(length), {}));
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode_record(bytes, {}));
  }
}

}  // namespace
}  // namespace mq::broker
