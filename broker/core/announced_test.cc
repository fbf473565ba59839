#include "broker/core/announced.h"

#include <gtest/gtest.h>

#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

constexpr std::uint32_t none = 0;

class BrokerAnnounced : public BrokerTest {
 protected:
  static Connect hello_with(std::uint32_t maximum_packet_size) {
    Connect connect = hello(Version::v5, "a");
    connect.properties.add_user("some", "thing");
    connect.properties.add(PropertyId::session_expiry_interval, 1u);
    connect.properties.add(PropertyId::maximum_packet_size, maximum_packet_size);
    return connect;
  }
};

TEST_F(BrokerAnnounced, OfAConnectIsItsVersionAndItsMaximumPacketSize) {
  Connect connect = hello_with(77);
  const Bytes bytes = encode(connect, Version::v5);
  EXPECT_EQ(announced_by(bytes.span()).version, Version::v5);
  EXPECT_EQ(announced_by(bytes.span()).packet_bytes_max, 77u);
  connect.properties.add(PropertyId::maximum_packet_size, 30u);
  EXPECT_EQ(announced_by(encode(connect, Version::v5).span()).packet_bytes_max, 30u);
  const Bytes older = encode(hello(Version::v3_1_1, "a"), Version::v3_1_1);
  EXPECT_EQ(announced_by(older.span()).version, Version::v3_1_1);
  EXPECT_EQ(announced_by(older.span()).packet_bytes_max, none);
}

TEST_F(BrokerAnnounced, IsTakenFromWhatThereIsOfAPacketThatIsCutOffAnywhere) {
  Connect connect = hello_with(77);
  connect.will = Will{.topic = "t", .payload = Bytes::copy("p")};
  const Bytes bytes = encode(connect, Version::v5);
  bool was_known = false;
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const Announced said = announced_by(bytes.span().first(size));
    EXPECT_EQ(said.version, size < 9 ? Version::v3_1_1 : Version::v5) << size;
    EXPECT_EQ(said.packet_bytes_max, said.packet_bytes_max == none ? none : 77u) << size;
    EXPECT_FALSE(was_known && said.packet_bytes_max == none) << size;
    was_known = said.packet_bytes_max != none;
  }
  EXPECT_TRUE(was_known);
}

// v5 MQTT-3.2.2-19, v5 MQTT-3.1.2-24: also the answer to a CONNECT that broke a rule fits
TEST_F(BrokerAnnounced, ARefusalOfAFaultyConnectIsNoLargerThanItsClientTakes) {
  const auto refused_with = [&](std::uint32_t maximum, bool in_will) {
    Connect connect = hello_with(maximum);
    if (in_will)
      connect.will = Will{.topic = "a/#", .payload = {}};
    else
      connect.properties.add(PropertyId::receive_maximum, 0u);
    Peer& peer = open();
    say(peer, connect);
    EXPECT_TRUE(peer.closed.has_value());
    EXPECT_LE(peer.bytes, maximum);
    if (maximum < 5) {
      expect_silence(peer);
      return ConnAck{};
    }
    return expect<ConnAck>(peer);
  };
  for (const bool in_will : {false, true}) {
    const ConnAck whole = refused_with(1000, in_will);
    EXPECT_NE(whole.properties.text(PropertyId::reason_string), nullptr);
    const auto bytes = static_cast<std::uint32_t>(encoded_bytes(Packet(whole), Version::v5));
    EXPECT_EQ(refused_with(bytes, in_will).properties, whole.properties);
    EXPECT_EQ(refused_with(bytes - 1, in_will).properties, Properties{});
    EXPECT_EQ(refused_with(5, in_will).properties, Properties{});
    refused_with(4, in_will);
  }
}

}  // namespace
}  // namespace mq::broker
