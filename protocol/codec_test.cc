#include "protocol/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mq {
namespace {

using Buffer = std::vector<std::byte>;

Buffer bytes(std::string_view hex) {
  Buffer out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; };
  for (std::size_t i = 0; i < hex.size(); ++i)
    if (hex[i] != ' ') {
      out.push_back(static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1])));
      ++i;
    }
  return out;
}

Buffer encoded(const Packet& packet, Version version) {
  Buffer out;
  encode(packet, version, out);
  EXPECT_EQ(out.size(), encoded_bytes(packet, version));
  return out;
}

Publish reading() {
  Publish publish;
  publish.topic = "f2/kuehltheke/temp";
  publish.packet_id = PacketId{0x1234};
  publish.qos = Qos::at_least_once;
  publish.retain = true;
  publish.properties.add(PropertyId::message_expiry_interval, 60U);
  publish.properties.add_user("unit", "C");
  publish.payload = Bytes::copy("4.2");
  return publish;
}

TEST(Encoding, AppendsToWhatIsThere) {
  Buffer out = bytes("c0 00");
  encode(Packet(PingResp{}), Version::v5, out);
  EXPECT_EQ(out, bytes("c0 00 d0 00"));
}

// v5 sections 3.4.2.1, 3.14.2.1 and 3.15.2.1.
TEST(Encoding, TakesTheShortestForm) {
  EXPECT_EQ(encoded(PubAck{PacketId{7}, {}, {}}, Version::v5), bytes("40 02 0007"));
  EXPECT_EQ(encoded(PubAck{PacketId{7}, ReasonCode::quota_exceeded, {}}, Version::v5),
            bytes("40 03 0007 97"));
  EXPECT_EQ(encoded(Disconnect{}, Version::v5), bytes("e0 00"));
  EXPECT_EQ(encoded(Disconnect{ReasonCode::disconnect_with_will, {}}, Version::v5),
            bytes("e0 01 04"));
  EXPECT_EQ(encoded(Auth{}, Version::v5), bytes("f0 00"));
  EXPECT_EQ(encoded(Auth{ReasonCode::continue_authentication, {}}, Version::v5),
            bytes("f0 02 18 00"));
}

TEST(Encoding, LeavesOutWhatTheVersionHasNoPlaceFor) {
  Subscribe subscribe{PacketId{1}, {}, {{"a", {Qos::exactly_once, true, true, RetainHandling{2}}}}};
  subscribe.properties.add(PropertyId::subscription_identifier, 5U);
  EXPECT_EQ(encoded(subscribe, Version::v3_1_1), bytes("82 06 0001 0001 61 02"));
  EXPECT_EQ(encoded(subscribe, Version::v5), bytes("82 09 0001 02 0b05 0001 61 2e"));
  EXPECT_EQ(encoded(UnsubAck{PacketId{1}, {}, {ReasonCode::success}}, Version::v3_1_1),
            bytes("b0 02 0001"));
  EXPECT_EQ(encoded(Disconnect{ReasonCode::server_busy, {}}, Version::v3_1_1), bytes("e0 00"));
  EXPECT_EQ(encoded(PubRec{PacketId{1}, ReasonCode::quota_exceeded, {}}, Version::v3_1_1),
            bytes("50 02 0001"));
  Properties reason;
  reason.add(PropertyId::reason_string, std::string("why"));
  EXPECT_EQ(encoded(ConnAck{true, connect_return::not_authorized, reason}, Version::v3_1_1),
            bytes("20 02 01 05"));
  Connect connect;
  connect.version = Version::v3_1_1;  // this counts, not the version of the call
  connect.keep_alive = 1;
  connect.properties = reason;
  EXPECT_EQ(encoded(connect, Version::v5), bytes("10 0c 0004 4d515454 04 02 0001 0000"));
}

TEST(Encoding, GrowsTheLengthFieldAtEachLimit) {
  for (const std::size_t payload :
       {0UL, 127UL - 3, 128UL - 3, 16383UL - 3, 16384UL - 3, 2097151UL - 3, 2097152UL - 3}) {
    Publish publish;
    publish.topic = "a";
    publish.payload = Bytes::copy(std::string(payload, 'x'));
    const Buffer wire = encoded(publish, Version::v3_1_1);
    EXPECT_EQ(decode(wire, Version::v3_1_1, Sender::client), Decoded(Packet(publish)));
  }
}

TEST(Decoding, WantsExactlyOnePacket) {
  const auto breaks = [](std::size_t at) {
    return Decoded(Malformed{Rule::packet_is_as_long_as_announced, at});
  };
  EXPECT_EQ(decode({}, Version::v5, Sender::client), breaks(0));
  EXPECT_EQ(decode(bytes("c0"), Version::v5, Sender::client), breaks(1));
  EXPECT_EQ(decode(bytes("c0 00"), Version::v5, Sender::client), Decoded(Packet(PingReq{})));
  EXPECT_EQ(decode(bytes("c0 00 c0 00"), Version::v5, Sender::client), breaks(2));
}

TEST(PublishHead, WithThePayloadIsThePacket) {
  const Publish publish = reading();
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    Buffer head = bytes("ff");
    const PublishHead marks = encode_publish_head({.topic = publish.topic,
                                                   .packet_id = publish.packet_id,
                                                   .qos = publish.qos,
                                                   .retain = true,
                                                   .properties = publish.properties.all(),
                                                   .payload_bytes = publish.payload.size()},
                                                  version, head);
    EXPECT_EQ(marks.bytes + 1, head.size());
    head.insert(head.end(), publish.payload.span().begin(), publish.payload.span().end());
    head.erase(head.begin());
    EXPECT_EQ(head, encoded(publish, version));
  }
}

TEST(PublishHead, IsPatchedPerReceiver) {
  Publish publish = reading();
  const std::vector<Property> own = {{PropertyId::subscription_identifier, 300U}};
  Buffer head;
  const PublishHead marks = encode_publish_head({.topic = publish.topic,
                                                 .qos = publish.qos,
                                                 .retain = true,
                                                 .properties = publish.properties.all(),
                                                 .more_properties = own,
                                                 .payload_bytes = 3},
                                                Version::v5, head);
  marks.set_packet_id(head, PacketId{0xBEEF});
  marks.set_expiry(head, 59);
  marks.set_dup(head);
  head.insert(head.end(), publish.payload.span().begin(), publish.payload.span().end());

  publish.packet_id = PacketId{0xBEEF};
  publish.dup = true;
  publish.properties = {};
  publish.properties.add(PropertyId::message_expiry_interval, 59U);
  publish.properties.add_user("unit", "C");
  publish.properties.add(PropertyId::subscription_identifier, 300U);
  EXPECT_EQ(decode(head, Version::v5, Sender::server), Decoded(Packet(publish)));
}

TEST(PublishHead, OfQosZeroHasNoPacketId) {
  Buffer head;
  const auto marks = encode_publish_head({.topic = "a"}, Version::v3_1_1, head);
  EXPECT_EQ(marks.packet_id_at, 0U);
  EXPECT_EQ(marks.expiry_at, 0U);
  EXPECT_EQ(head, bytes("30 03 0001 61"));
}

TEST(PacketReader, TakesPacketsInAnyPortions) {
  Buffer stream;
  encode(Packet(reading()), Version::v5, stream);
  encode(Packet(PingReq{}), Version::v5, stream);
  encode(Packet(PubAck{PacketId{1}, {}, {}}), Version::v5, stream);
  for (std::size_t portion = 1; portion <= stream.size(); ++portion) {
    PacketReader reader(Sender::client, Version::v5);
    std::vector<Kind> kinds;
    Buffer wires;
    for (std::size_t at = 0; at < stream.size(); at += portion) {
      reader.feed(std::span(stream).subspan(at, std::min(portion, stream.size() - at)));
      for (;;) {
        const Decoded next = reader.next();
        if (!std::holds_alternative<Packet>(next)) break;
        kinds.push_back(kind(std::get<Packet>(next)));
        wires.insert(wires.end(), reader.wire().begin(), reader.wire().end());
      }
    }
    EXPECT_EQ(kinds, (std::vector{Kind::publish, Kind::ping_req, Kind::pub_ack}));
    EXPECT_EQ(wires, stream);
    EXPECT_EQ(reader.buffered_bytes(), 0U);
  }
}

TEST(PacketReader, LearnsTheVersionFromConnect) {
  PacketReader reader(Sender::client, Version::v5);
  Connect connect;
  connect.version = Version::v3_1_1;
  reader.feed(encoded(connect, Version::v3_1_1));
  EXPECT_TRUE(std::holds_alternative<Packet>(reader.next()));
  EXPECT_EQ(reader.version(), Version::v3_1_1);
  reader.feed(bytes("30 04 0001 61 00"));  // in 5.0 the last byte would be the property length
  const Decoded next = reader.next();
  ASSERT_TRUE(std::holds_alternative<Packet>(next));
  EXPECT_EQ(std::get<Publish>(std::get<Packet>(next)).payload.size(), 1U);
}

TEST(PacketReader, StaysAtItsFirstFault) {
  PacketReader reader(Sender::client, Version::v3_1_1);
  reader.feed(bytes("c0 00 c0 01 00 c0 00"));
  EXPECT_TRUE(std::holds_alternative<Packet>(reader.next()));
  const Malformed fault{Rule::packet_is_as_long_as_announced, 2};
  EXPECT_EQ(reader.next(), Decoded(fault));
  EXPECT_EQ(Buffer(reader.wire().begin(), reader.wire().end()), bytes("c0 01 00"));
  reader.feed(bytes("c0 00"));
  EXPECT_EQ(reader.next(), Decoded(fault));
}

TEST(PacketReader, TakesNothingMoreAfterAFault) {
  PacketReader reader(Sender::client, Version::v3_1_1, 4);
  reader.feed(bytes("30 05 0001 61 78 78"));
  const Malformed fault{Rule::packet_fits_the_maximum, 1};
  EXPECT_EQ(reader.next(), Decoded(fault));
  const std::size_t held = reader.memory_bytes();
  reader.feed(Buffer(10'000));
  EXPECT_EQ(reader.memory_bytes(), held);
  reader.allow_packet_bytes(100);  // too late
  EXPECT_EQ(reader.next(), Decoded(fault));
}

TEST(PacketReader, ForgetsWhatWasReadOfAStreamThatNeverPauses) {
  Buffer wire;
  encode(Packet(reading()), Version::v5, wire);
  PacketReader reader(Sender::client, Version::v5);
  reader.feed(std::span(wire).first(1));
  for (int i = 0; i < 1000; ++i) {
    reader.feed(std::span(wire).subspan(1));
    reader.feed(std::span(wire).first(1));
    EXPECT_TRUE(std::holds_alternative<Packet>(reader.next()));
    EXPECT_EQ(reader.next(), Decoded(NeedMore{}));
  }
  EXPECT_LE(reader.memory_bytes(), 4 * wire.size());
}

// v5 MQTT-3.2.2-15.
TEST(PacketReader, RefusesALargePacketAsSoonAsItsLengthIsThere) {
  const Buffer fits = bytes("30 05 0001 61 78 78");
  PacketReader exact(Sender::client, Version::v3_1_1, 7);
  exact.feed(fits);
  EXPECT_TRUE(std::holds_alternative<Packet>(exact.next()));
  PacketReader tight(Sender::client, Version::v3_1_1, 6);
  tight.feed(std::span(fits).first(1));
  EXPECT_EQ(tight.next(), Decoded(NeedMore{}));
  tight.feed(std::span(fits).subspan(1, 1));
  EXPECT_EQ(tight.next(), Decoded(Malformed{Rule::packet_fits_the_maximum, 1}));
}

// Whoever records what arrived wants the bytes of a bad packet too, as far as they came.
TEST(PacketReader, ShowsTheWireOfABadPacket) {
  PacketReader reader(Sender::client, Version::v3_1_1, 100);
  reader.feed(bytes("c0 00 30 ff 01 00"));
  EXPECT_TRUE(std::holds_alternative<Packet>(reader.next()));
  EXPECT_EQ(reader.next(), Decoded(Malformed{Rule::packet_fits_the_maximum, 1}));
  EXPECT_EQ(Buffer(reader.wire().begin(), reader.wire().end()), bytes("30 ff 01 00"));
}

TEST(PacketReader, RefusesAFirstByteBeforeTheRestArrives) {
  PacketReader reader(Sender::client, Version::v5);
  reader.feed(bytes("00"));
  EXPECT_EQ(reader.next(), Decoded(Malformed{Rule::packet_kind_is_known, 0}));
}

}  // namespace
}  // namespace mq
