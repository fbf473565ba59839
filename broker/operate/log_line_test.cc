#include "broker/operate/log_line.h"

#include <gtest/gtest.h>

#include "broker/operate/log.h"

namespace mq::broker {
namespace {

constexpr auto text = LogConfig::Form::text;
constexpr auto json = LogConfig::Form::json;

TEST(LogLine, IsKeysAndValuesOrJson) {
  const std::vector<Field> fields = {{"client", "sensor-1"}, {"reason", "Not authorized"}};
  EXPECT_EQ(log_line(text, "12:00", Level::notice, "refused", fields),
            "12:00 notice refused client=sensor-1 reason=\"Not authorized\"");
  EXPECT_EQ(log_line(json, "12:00", Level::notice, "refused", fields),
            R"({"time":"12:00","level":"notice","event":"refused","client":"sensor-1",)"
            R"("reason":"Not authorized"})");
  EXPECT_EQ(log_line(text, "", Level::error, "x", {}), "error x");
  EXPECT_EQ(log_line(json, "", Level::error, "x", {}), R"({"level":"error","event":"x"})");
}

TEST(LogLine, WhatAClientChoseEndsNoLineAndMovesNoCursor) {
  const std::pair<std::string, const char*> rows[] = {
      {"", R"("")"},
      {"a b", R"("a b")"},
      {"a=b", R"("a=b")"},
      {"a\"b\\c", R"("a\"b\\c")"},
      {"a\nlevel=error", R"("a\u000alevel=error")"},
      {"\x1b[2J", R"("\u001b[2J")"},
      {"\x7f", R"("\u007f")"},
      {std::string("\0", 1), R"("\u0000")"},
      {"\xc2\x9b"
       "31m",
       R"("\u009b31m")"},  // a control sequence of the other set
      {"\xe2\x80\xae"
       "txt",
       R"("\u202etxt")"},               // turns the direction of writing
      {"\xe2\x80\xa8", R"("\u2028")"},  // ends a line for some
      {"k\xc3\xbchl", "\"k\xc3\xbchl\""},
      {"\xf0\x9f\x8c\xa1", "\"\xf0\x9f\x8c\xa1\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"\xc3", "\"\xef\xbf\xbd\""},                                  // cut short
      {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // longer than needed
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // a surrogate
      {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}};
  for (const auto& [value, written] : rows) {
    EXPECT_EQ(log_line(text, "", Level::notice, "e", {{"k", value}}),
              std::string("notice e k=") + written);
    EXPECT_EQ(log_line(json, "", Level::notice, "e", {{"k", value}}),
              std::string(R"({"level":"notice","event":"e","k":)") + written + "}");
  }
}

TEST(LogLine, IsNoLongerThanAValueMayMakeIt) {
  const std::string line = log_line(text, "", Level::notice, "e", {{"k", std::string(65535, 'x')}});
  EXPECT_EQ(line.size(), std::string("notice e k=\"\"").size() + 1024);
}

TEST(LineRate, LetsSoManyThroughInASecondAndCountsTheRest) {
  LineRate rate(2);
  EXPECT_TRUE(rate.lets_through(7));
  EXPECT_TRUE(rate.lets_through(7));
  EXPECT_FALSE(rate.lets_through(7));
  EXPECT_FALSE(rate.lets_through(7));
  EXPECT_EQ(rate.take_suppressed(7), 0u);  // this second may bring more
  EXPECT_EQ(rate.take_suppressed(8), 2u);
  EXPECT_EQ(rate.take_suppressed(8), 0u);
  EXPECT_TRUE(rate.lets_through(8));
}

}  // namespace
}  // namespace mq::broker
