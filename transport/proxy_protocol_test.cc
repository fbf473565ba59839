#include "transport/proxy_protocol.h"

#include <gtest/gtest.h>

#include "transport/testing/layer_pair.h"

namespace mq::transport {
namespace {

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string header(unsigned char command, unsigned char family, const std::string& rest) {
  return signature + static_cast<char>(command) + static_cast<char>(family) +
         static_cast<char>(rest.size() >> 8) + static_cast<char>(rest.size()) + rest;
}
const std::string v4_addresses("\xC0\x00\x02\x07\x0A\x00\x00\x01\xC7\x38\x07\x5B", 12);
const std::string v6_addresses = std::string("\x20\x01\x0D\xB8", 4) + std::string(11, '\0') + "\7" +
                                 std::string(16, '\1') + std::string("\xC7\x38\x07\x5B", 4);

// "+30 192.0.2.7:51000": a header of so many bytes; "..." or the fault otherwise.
std::string parsed(const std::string& bytes) {
  const auto result = parse_proxy_header(as_wire(bytes));
  if (const auto* fault = std::get_if<ProxyFault>(&result)) return fault->why;
  if (std::holds_alternative<ProxyIncomplete>(result)) return "...";
  const auto& found = std::get<ProxyHeader>(result);
  return "+" + std::to_string(found.bytes) + " " + found.address;
}

TEST(ProxyHeader, NamesTheClientBehindTheProxy) {
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses)), "+28 192.0.2.7:51000");
  EXPECT_EQ(parsed(header(0x21, 0x21, v6_addresses)), "+52 [2001:db8::7]:51000");
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses) + "MQTT"), "+28 192.0.2.7:51000");
}

TEST(ProxyHeader, OfTheProxysOwnConnectionsNamesNobody) {
  EXPECT_EQ(parsed(header(0x20, 0x00, "")), "+16 ");
  EXPECT_EQ(parsed(header(0x20, 0x11, v4_addresses)), "+28 ");
  EXPECT_EQ(parsed(header(0x21, 0x00, "whatever")), "+24 ");
  EXPECT_EQ(parsed(header(0x21, 0x31, std::string(216, 'u'))), "+232 ");
}

TEST(ProxyHeader, IsIncompleteAtEveryLengthBeforeItsEnd) {
  const std::string whole = header(0x21, 0x11, v4_addresses + std::string("\4\0\1x", 4));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(parsed(whole.substr(0, size)), "...") << size;
  EXPECT_EQ(parsed(whole), "+32 192.0.2.7:51000");
}

TEST(ProxyHeader, OfAnotherShapeIsRefused) {
  EXPECT_EQ(parsed("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"),
            "version 1 of the PROXY protocol is refused; the proxy must send version 2");
  EXPECT_EQ(parsed(std::string("\x10\x0c\0\4MQTT", 8)),
            "the connection does not begin with a PROXY header");
  EXPECT_EQ(parsed("\r\n\r\nX"), "the connection does not begin with a PROXY header");
  EXPECT_EQ(parsed(header(0x11, 0x11, v4_addresses)), "the version of the PROXY header is not 2");
  EXPECT_EQ(parsed(header(0x22, 0x11, v4_addresses)),
            "the command of the PROXY header is not known");
  EXPECT_EQ(parsed(header(0x21, 0x41, v4_addresses)),
            "the address family of the PROXY header is not known");
  EXPECT_EQ(parsed(header(0x21, 0x12, v4_addresses)), "the PROXY header is not for a stream");
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses.substr(1))),
            "the PROXY header is too short for its addresses");
  EXPECT_EQ(parsed(header(0x21, 0x21, v4_addresses)),
            "the PROXY header is too short for its addresses");
}

TEST(ProxyHeader, HasALimitThatIsKnownBeforeItsBytesCome) {
  const auto announced = [](std::size_t rest) {
    return header(0x21, 0x00, std::string(rest, 'x')).substr(0, 16);
  };
  EXPECT_EQ(parsed(announced(2048)), "...");
  EXPECT_EQ(parsed(announced(2049)), "the PROXY header is longer than 2064 bytes");
  EXPECT_EQ(parsed(announced(65535)), "the PROXY header is longer than 2064 bytes");
}

TEST(ProxyHeader, MayHaveAdditionsThatMustBeWhole) {
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses + "\1")),
            "the PROXY header is broken: an addition is cut off");
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses + std::string("\1\0\2x", 4))),
            "the PROXY header is broken: an addition is longer than the header");
}

// The check sum of the whole header, as another program computes it.
TEST(ProxyHeader, MayHaveAChecksumThatMustHold) {
  const std::string addition("\3\0\4", 3);
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses + addition + "abcd")),
            "the PROXY header is broken: the checksum does not hold");
  EXPECT_EQ(
      parsed(header(0x21, 0x11, v4_addresses + addition + std::string("\x28\xAE\xC3\x66", 4))),
      "+35 192.0.2.7:51000");
  EXPECT_EQ(parsed(header(0x21, 0x11, v4_addresses + std::string("\3\0\1x", 4))),
            "the PROXY header is broken: a checksum has 4 bytes");
}

TEST(ProxyLayer, TakesTheHeaderAndLetsTheRestPassWhereverTheBytesAreCut) {
  const std::string bytes = header(0x21, 0x11, v4_addresses) + "hello";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    LayerEnd end(proxy_layer());
    end.begin();
    end.hear(bytes.substr(0, cut));
    EXPECT_EQ(end.times_opened, cut >= 28 ? 1 : 0);
    end.hear(bytes.substr(cut));
    EXPECT_EQ(end.times_opened, 1);
    EXPECT_EQ(end.received, "hello");
    EXPECT_EQ(end.facts().address, "192.0.2.7:51000");
    end.say("world");
    EXPECT_EQ(end.take(), "world");
  }
}

TEST(ProxyLayer, FailsWithoutAHeaderAndAnswersNothing) {
  LayerEnd end(proxy_layer());
  end.begin();
  end.hear(std::string("\x10\x0c\0\4MQTT", 8));
  EXPECT_EQ(end.failure, "the connection does not begin with a PROXY header");
  end.hear(header(0x21, 0x11, v4_addresses));
  EXPECT_EQ(end.times_opened, 0);
  EXPECT_EQ(end.out + end.received, "");
}

}  // namespace
}  // namespace mq::transport
