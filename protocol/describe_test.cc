#include "protocol/describe.h"

#include <gtest/gtest.h>

namespace mq {
namespace {

using namespace std::literals;

TEST(Quoted, LeavesPrintableTextAndEscapesTheRest) {
  EXPECT_EQ(quoted("Kühltheke/温度"), "\"Kühltheke/温度\"");
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted("\n\r\t\0\x1b[2J\x7f"sv), R"("\n\r\t\x00\x1b[2J\x7f")");
  EXPECT_EQ(quoted("\xff\xc3(\xe2\x82"), R"("\xff\xc3(\xe2\x82")");
  EXPECT_EQ(quoted("\xc2\x85 \xe2\x80\xae \xef\xbb\xbf"), R"("\u{85} \u{202e} \u{feff}")");
  EXPECT_EQ(quoted("\xf0\x9f\x98\x80\xf3\xa0\x80\x81"), "\"\xf0\x9f\x98\x80\\u{e0001}\"");
  EXPECT_EQ(quoted(""), "\"\"");
}

// A byte that is no UTF-8 and the character of the same number are told apart.
TEST(Quoted, IsReversible) { EXPECT_NE(quoted("\x85"), quoted("\xc2\x85")); }

TEST(Description, CutsALongPayloadAndSaysSo) {
  Publish publish;
  publish.topic = "t";
  publish.payload = Bytes::copy("0123456789");
  EXPECT_EQ(describe(publish, Version::v5, 10), R"(PUBLISH topic="t" qos=0 payload="0123456789")");
  EXPECT_EQ(describe(publish, Version::v5, 9),
            R"(PUBLISH topic="t" qos=0 payload="012345678"+1 bytes)");
}

TEST(Description, KeepsSecrets) {
  Connect connect;
  connect.password = Bytes::copy("geheim");
  connect.properties.add(PropertyId::authentication_data, Bytes::copy("token"));
  const std::string line = describe(connect, Version::v5);
  EXPECT_EQ(line.find("geheim"), std::string::npos);
  EXPECT_EQ(line.find("token"), std::string::npos);
  EXPECT_NE(line.find("password=(6 bytes)"), std::string::npos);
}

TEST(Description, OfWhatNoPeerMaySendIsStillALine) {
  Publish publish;
  publish.qos = Qos{3};
  publish.properties.add(PropertyId{0x7E}, 1U);
  EXPECT_EQ(describe(publish, Version::v5),
            R"(PUBLISH topic="" qos=3 payload="" {property_0x7e=1})");
  EXPECT_EQ(describe(ConnAck{false, ReasonCode{0x42}, {}}, Version::v3_1_1),
            "CONNACK 0x42 (Unknown return code)");
}

TEST(Description, OfAFaultNamesTheRuleAndTheByte) {
  EXPECT_EQ(describe(Malformed{Rule::topic_name_has_no_wildcard, 2}),
            "topic_name_has_no_wildcard at byte 2");
}

}  // namespace
}  // namespace mq
