#include "broker/core/frames.h"

#include <gtest/gtest.h>

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

class Framing : public ::testing::Test {
 protected:
  Letter letter(std::size_t payload, bool rich) {
    Letter made;
    made.serial = ++serial;
    made.message.topic = "a/topic";
    made.message.payload = Bytes::copy(std::string(payload, 'x'));
    if (rich) {
      made.message.properties.add_user("k", "v");
      made.message.expires_at = Instant{} + 100s;
    }
    return made;
  }
  // What the receiver reads.
  static Publish read(const Frame& frame, bool v5) {
    std::vector<std::byte> bytes(frame.head.span().begin(), frame.head.span().end());
    bytes.insert(bytes.end(), frame.payload.span().begin(), frame.payload.span().end());
    const Decoded decoded = decode(bytes, v5 ? Version::v5 : Version::v3_1_1, Sender::server);
    if (!std::holds_alternative<Packet>(decoded)) {
      ADD_FAILURE() << "not a packet";
      return {};
    }
    return std::get<Publish>(std::get<Packet>(decoded));
  }

  Frames frames;
  std::uint64_t serial = 0;
};

// Every shape of every message, asked for in any order, says what the plain encoder says.
TEST_F(Framing, EveryShapeIsAsThePlainEncoderWouldWriteIt) {
  const Identifiers identifiers{7, 300'000};
  for (std::size_t payload : {0u, 255u, 256u, 5000u})
    for (bool rich : {false, true}) {
      const Letter made = letter(payload, rich);
      for (int round = 0; round < 2; ++round)
        for (unsigned bits = 0; bits < 48; ++bits) {
          const Qos qos{static_cast<std::uint8_t>(bits % 3)};
          const Shape shape{.v5 = (bits / 3 & 1) != 0,
                            .qos = qos,
                            .dup = qos != Qos::at_most_once && (bits / 6 & 1) != 0,
                            .retain = (bits / 12 & 1) != 0,
                            .identifiers = (bits / 24 & 1) != 0 ? &identifiers : nullptr};
          const PacketId id{qos == Qos::at_most_once ? std::uint16_t{0} : std::uint16_t(bits + 1)};
          if (!shape.v5 && shape.identifiers != nullptr) continue;
          const Publish got =
              read(frames.make(made, shape, id, Instant{} + 1ms + round * 30s), shape.v5);
          EXPECT_EQ(got.topic, "a/topic");
          EXPECT_EQ(got.payload, made.message.payload);
          EXPECT_EQ(got.packet_id, id);
          EXPECT_EQ(got.qos, qos);
          EXPECT_EQ(got.dup, shape.dup);
          EXPECT_EQ(got.retain, shape.retain);
          Properties wanted;
          if (shape.v5) wanted = made.message.properties;
          if (shape.v5 && rich)
            wanted.add(PropertyId::message_expiry_interval, round == 0 ? 100u : 70u);
          if (shape.identifiers != nullptr)
            for (std::uint32_t identifier : identifiers)
              wanted.add(PropertyId::subscription_identifier, identifier);
          EXPECT_EQ(got.properties, wanted);
        }
    }
}

TEST_F(Framing, AQosZeroPacketAndALargePayloadAreSharedNotCopied) {
  const Letter small = letter(10, false), large = letter(256, false);
  const Shape shape{.v5 = false};
  const Frame one = frames.make(small, shape, PacketId::none, {});
  const Frame two = frames.make(small, shape, PacketId::none, {});
  EXPECT_EQ(one.head.data(), two.head.data());
  EXPECT_TRUE(one.payload.empty());
  const Frame big = frames.make(large, {.qos = Qos::at_least_once}, PacketId{1}, {});
  EXPECT_EQ(big.payload.data(), large.message.payload.data());
}

// v5 3.3.2.3.4: what is kept for one number is not taken for another.
TEST_F(Framing, EachReceiverGetsItsOwnAlias) {
  const Letter one = letter(10, false);
  for (const Qos qos : {Qos::at_most_once, Qos::at_least_once})
    for (const auto alias : std::initializer_list<std::uint16_t>{0, 1, 1, 2, 0, 1})
      for (const bool known : {false, true}) {
        const Shape shape{.qos = qos, .alias = alias, .alias_is_known = known && alias != 0};
        const PacketId id = qos == Qos::at_most_once ? PacketId::none : PacketId{9};
        const Publish got = read(frames.make(one, shape, id, Instant{}), true);
        EXPECT_EQ(got.topic, shape.alias_is_known ? "" : "a/topic");
        EXPECT_EQ(got.properties.number(PropertyId::topic_alias).value_or(0), alias);
        EXPECT_EQ(got.packet_id, id);
        EXPECT_EQ(got.payload, one.message.payload);
      }
}

}  // namespace
}  // namespace mq::broker
