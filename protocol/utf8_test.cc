#include "protocol/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace mq {
namespace {

using namespace std::literals;

constexpr auto no_null = Rule::string_has_no_null;
constexpr auto utf8 = Rule::string_is_utf8;

TEST(Utf8, TakesEveryFirstAndLastCodePointOfEachLength) {
  for (auto text : {"", "\x01", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                    "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(utf8_breaks(text), std::nullopt) << text;
}

// v3.1.1 MQTT-1.5.3-3, v5 MQTT-1.5.4-3: U+FEFF is a character like any other.
TEST(Utf8, TakesAByteOrderMarkAnywhere) {
  EXPECT_EQ(utf8_breaks("\xEF\xBB\xBF"
                        "a\xEF\xBB\xBF"),
            std::nullopt);
}

struct Case {
  std::string_view text;
  Rule rule;
  std::size_t offset;
};

// v3.1.1 MQTT-1.5.3-1 and -2, v5 MQTT-1.5.4-1 and -2.
TEST(Utf8, NamesTheFirstByteThatCannotStandThere) {
  const Case cases[] = {
      {"\0"sv, no_null, 0},
      {"abcdefgh\0"sv, no_null, 8},
      {"abcd\0fghijklmnop"sv, no_null, 4},
      {"\x80"sv, utf8, 0},
      {"abcdefghijk\xFF"sv, utf8, 11},
      {"\xC0\x80"sv, utf8, 0},             // U+0000, overlong
      {"\xC1\xBF"sv, utf8, 0},             // U+007F, overlong
      {"\xC2"sv, utf8, 0},                 // cut off
      {"\xC2g"sv, utf8, 1},                // no continuation
      {"\xE0\x9F\xBF"sv, utf8, 1},         // U+07FF, overlong
      {"\xED\xA0\x80"sv, utf8, 1},         // U+D800, a surrogate
      {"\xED\xBF\xBF"sv, utf8, 1},         // U+DFFF, the last surrogate
      {"a\xE2\x82"sv, utf8, 1},            // cut off after two of three
      {"\xE2\x82z"sv, utf8, 2},            //
      {"\xF0\x8F\xBF\xBF"sv, utf8, 1},     // U+FFFF, overlong
      {"\xF4\x90\x80\x80"sv, utf8, 1},     // U+110000
      {"\xF5\x80\x80\x80"sv, utf8, 0},     //
      {"\xF0\x90\x80"sv, utf8, 0},         //
      {"1234567\xC3\xA4\xC3"sv, utf8, 9},  // a good one over the edge of eight, then a bad one
  };
  for (const Case& c : cases)
    EXPECT_EQ(utf8_breaks(c.text), (Utf8Fault{c.rule, c.offset})) << testing::PrintToString(c.text);
}

TEST(Utf8, FindsAFaultAtEveryPositionOfALongText) {
  for (std::size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\0';
    EXPECT_EQ(utf8_breaks(text), (Utf8Fault{no_null, at}));
    text[at] = '\x80';
    EXPECT_EQ(utf8_breaks(text), (Utf8Fault{utf8, at}));
  }
}

}  // namespace
}  // namespace mq
