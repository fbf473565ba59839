// The parts of pub's and sub's command line that can be looked at without a socket.
#include <gtest/gtest.h>

#include "client/pubsub/format.h"
#include "client/pubsub/format_json.h"
#include "client/pubsub/property_flag.h"

namespace mq::client {
namespace {

std::string formatted(std::string_view format, const Publish& message) {
  std::string out;
  append_formatted(format, message, std::chrono::milliseconds(1000500), out);
  return out;
}

TEST(Format, PrintsEachPartOfAMessage) {
  Publish message{.topic = "a/b",
                  .packet_id = PacketId{7},
                  .qos = Qos::at_least_once,
                  .dup = true,
                  .retain = true,
                  .payload = Bytes::copy(std::string_view("p\xff", 2))};
  message.properties.add(PropertyId::content_type, std::string("text"));
  message.properties.add(PropertyId::message_expiry_interval, std::uint32_t{30});
  message.properties.add(PropertyId::correlation_data, Bytes::copy("c"));
  message.properties.add_user("k", "v");
  message.properties.add_user("l", "w");
  const std::pair<const char*, const char*> rows[] = {{"%t", "a/b"},
                                                      {"%p", "p\xff"},
                                                      {"%x", "70ff"},
                                                      {"%X", "70FF"},
                                                      {"%l", "2"},
                                                      {"%q", "1"},
                                                      {"%r", "1"},
                                                      {"%d", "1"},
                                                      {"%m", "7"},
                                                      {"%U", "1000.500000000"},
                                                      {"%C", "text"},
                                                      {"%E", "30"},
                                                      {"%D", "c"},
                                                      {"%P", "k:v l:w"},
                                                      {"%R", ""},
                                                      {"%%", "%"},
                                                      {"\\n", "\n"},
                                                      {"\\t", "\t"},
                                                      {"a%ta\\\\", "aa/ba\\"}};
  for (const auto& [format, expected] : rows) {
    EXPECT_FALSE(format_breaks(format).has_value()) << format;
    EXPECT_EQ(formatted(format, message), expected) << format;
  }
}

TEST(Format, PadsAndCuts) {
  const Publish message{.topic = "a/bc", .payload = Bytes::copy("hey")};
  const std::pair<const char*, const char*> rows[] = {
      {"%6t|", "  a/bc|"},   {"%-6t|", "a/bc  |"},     {"%.2t|", "a/|"},  {"%4.2t|", "  a/|"},
      {"%06t|", "  a/bc|"},  {"%3l|", "  3|"},         {"%03l|", "003|"}, {"%-03l|", "3  |"},
      {"%.1l|", "3|"},       {"%3q|", "0|"},           {"%3A|", "   |"},  {"%03S|", "000|"},
      {"%8x|", "  686579|"}, {"%010p|", "0000000hey|"}};
  for (const auto& [format, expected] : rows) {
    EXPECT_FALSE(format_breaks(format).has_value()) << format;
    EXPECT_EQ(formatted(format, message), expected) << format;
  }
  EXPECT_FALSE(format_breaks("%9999t").has_value());
  EXPECT_TRUE(format_breaks("%10000t").has_value());
  EXPECT_TRUE(format_breaks("%99999999999999999999999t").has_value());
}

TEST(Format, CompactsJsonAndRefusesWhatIsNone) {
  const std::pair<const char*, const char*> rows[] = {
      {" { \"a\" : [ 1 , 2.50 , -3e2 , 1e400 ] , \"b\":{} } ", R"({"a":[1,2.5,-300,null],"b":{}})"},
      {"[]", "[]"},
      {"true", "true"},
      {R"("\u00fc\ud83c\udf21\n\/")", "\"\xc3\xbc\xf0\x9f\x8c\xa1\\n/\""},
      {"0.1", "0.1"},
      {"12345678901234567890", "1.2345678901234567e+19"}};
  for (const auto& [json, expected] : rows) {
    std::string out;
    EXPECT_TRUE(append_compact_json(json, out)) << json;
    EXPECT_EQ(out, expected);
  }
  const std::string deep(101, '[');
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("[1,]"), std::string("{\"a\"}"),
        std::string("tru"), std::string("1 2"), std::string("\"\\x\""), std::string("\"\\ud800\""),
        std::string("\"a"), std::string("-"), std::string("1."),
        deep + std::string(101, ']') + "]"}) {
    std::string out;
    EXPECT_FALSE(append_compact_json(bad, out)) << bad;
  }
  std::string out;
  EXPECT_FALSE(
      append_formatted("x%J", Publish{.topic = "t", .payload = Bytes::copy("{")}, {}, out));
  EXPECT_EQ(out, "");
}

TEST(Format, RefusesWhatItDoesNotKnow) {
  for (const char* format : {"%", "a%", "\\", "%z", "\\q", "@", "@q"})
    EXPECT_TRUE(format_breaks(format).has_value()) << format;
  EXPECT_FALSE(format_breaks("").has_value());
}

TEST(PropertyFlag, TakesThreeWordsOrFour) {
  const auto number = parse_property_flag({"CONNECT", "Receive-Maximum", "12", "-t"});
  ASSERT_TRUE(std::holds_alternative<PropertyFlag>(number));
  EXPECT_EQ(std::get<PropertyFlag>(number).words, 3u);
  EXPECT_EQ(std::get<PropertyFlag>(number).property.value, PropertyValue{std::uint32_t{12}});
  const auto user = parse_property_flag({"publish", "user-property", "k", "v"});
  ASSERT_TRUE(std::holds_alternative<PropertyFlag>(user));
  EXPECT_EQ(std::get<PropertyFlag>(user).words, 4u);
  const auto will = parse_property_flag({"will", "will-delay-interval", "0"});
  ASSERT_TRUE(std::holds_alternative<PropertyFlag>(will));
  const std::vector flags = {std::get<PropertyFlag>(number), std::get<PropertyFlag>(user)};
  EXPECT_EQ(properties_for(flags, place(Kind::connect)).number(PropertyId::receive_maximum), 12u);
  EXPECT_TRUE(properties_for(flags, place(Kind::subscribe)).empty());
}

TEST(PropertyFlag, SaysWhatIsWrong) {
  const std::pair<std::vector<std::string>, const char*> rows[] = {
      {{}, "PACKET PROPERTY VALUE"},
      {{"publish", "content-type"}, "PACKET PROPERTY VALUE"},
      {{"publsh", "content-type", "x"}, "did you mean publish?"},
      {{"publish", "receive-maximum", "1"}, "no property of publish"},
      {{"connect", "receive-maximum", "0"}, "from 1 to 65535"},
      {{"connect", "receive-maximum", "65536"}, "from 1 to 65535"},
      {{"connect", "receive-maximum", "1x"}, "from 1 to 65535"},
      {{"connect", "receive-maximum", "-1"}, "from 1 to 65535"},
      {{"publish", "user-property", "k"}, "a key and a value"},
      {{"publish", "content-type", std::string(65536, 'x')}, "65,535"}};
  for (const auto& [words, says] : rows) {
    const auto parsed = parse_property_flag(words);
    ASSERT_TRUE(std::holds_alternative<std::string>(parsed)) << says;
    EXPECT_NE(std::get<std::string>(parsed).find(says), std::string::npos)
        << std::get<std::string>(parsed);
  }
}

}  // namespace
}  // namespace mq::client
