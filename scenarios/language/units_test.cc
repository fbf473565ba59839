#include "scenarios/language/units.h"

#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <string>

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;

TEST(Units, ADurationHasPartsWithUnits) {
  const std::pair<std::string, Duration> good[] = {
      {"500ms", 500ms}, {"45s", 45s},     {"10min", 10min}, {"2h", 2h},
      {"3d", 72h},      {"1w", 168h},     {"1.5h", 90min},  {"1h 30min", 90min},
      {"0", 0s},        {"0s", 0s},       {"2 s", 2s},      {"1 h 30 min", 90min},
      {"7us", 7us},     {"0.5us", 500ns}, {"0.1s", 100ms},  {"100w", 16'800h},
  };
  for (const auto& [text, expected] : good) EXPECT_EQ(parse_duration(text), expected) << text;
  for (const std::string text :
       {"",          " ",    "5",    "s",    "-5s", "+5s", "5m",   "5S",   "5 sec", "1h30min",
        "1h  30min", " 5s",  "5s ",  "5  s", "5.s", ".5s", "1e3s", "0x5s", "5s,",   "99999999999w",
        "1,5s",      "5s\n", "1..5s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Units, TheLongestDurationFits) {
  EXPECT_TRUE(parse_duration("9000000000s"));
  EXPECT_FALSE(parse_duration("9000000001s"));
  EXPECT_FALSE(parse_duration("9000000000s 1s"));
  EXPECT_FALSE(parse_duration(std::string(400, '9') + "s"));
}

TEST(Units, ARateIsInBitsAndPowersOfAThousand) {
  EXPECT_EQ(parse_rate("20 kbit/s"), 20e3);
  EXPECT_EQ(parse_rate("20kb/s"), 20e3);
  EXPECT_EQ(parse_rate("20kbps"), 20e3);
  EXPECT_EQ(parse_rate("1.5 Mbit/s"), 1.5e6);
  EXPECT_EQ(parse_rate("2 Gb/s"), 2e9);
  EXPECT_EQ(parse_rate("9600 bit/s"), 9600);
  for (const std::string text :
       {"20", "0", "20 kB/s", "20 Kbit/s", "20 kbit", "kbit/s", "-1 bit/s"})
    EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(Units, ASizeIsAWholeNumberOfBytes) {
  EXPECT_EQ(parse_size("64B"), 64u);
  EXPECT_EQ(parse_size("4kB"), 4'000u);
  EXPECT_EQ(parse_size("4KiB"), 4'096u);
  EXPECT_EQ(parse_size("1.5 kB"), 1'500u);
  EXPECT_EQ(parse_size("1MiB"), 1'048'576u);
  EXPECT_EQ(parse_size("0"), 0u);
  for (const std::string text :
       {"64", "0.5B", "1.0005kB", "64b", "4 KB", "99999999999999999999MiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Units, APercentageHasItsSign) {
  EXPECT_DOUBLE_EQ(parse_percentage("2%").value_or(-1), 0.02);
  EXPECT_DOUBLE_EQ(parse_percentage("0.5 %").value_or(-1), 0.005);
  EXPECT_EQ(parse_percentage("0"), 0);
  for (const std::string text : {"2", "2%%", "%", "-2%", "two%"})
    EXPECT_FALSE(parse_percentage(text)) << text;
}

TEST(Units, AWholeNumberHasNoLeadingZero) {
  EXPECT_EQ(parse_whole("0"), 0u);
  EXPECT_EQ(parse_whole("18446744073709551615"), 18446744073709551615u);
  for (const std::string text :
       {"", "010", "+1", "-1", "1.0", "1_000", "18446744073709551616", "٣"})
    EXPECT_FALSE(parse_whole(text)) << text;
}

// What the schema's patterns take is what the functions take.
TEST(Units, ThePatternsOfTheSchemaAgree) {
  const std::regex durations{std::string(duration_pattern)}, rates{std::string(rate_pattern)},
      sizes{std::string(size_pattern)}, percentages{std::string(percentage_pattern)};
  const std::string numbers[] = {"", "5", "1.5", "-5", ".5", "5.", "05", "1e3", "5 5"};
  const std::string gaps[] = {"", " ", "  ", "\t"};
  const std::string units[] = {"",   "us",    "ms",     "s",      "min",   "h",    "d",
                               "w",  "m",     "B",      "kB",     "KiB",   "MB",   "MiB",
                               "GB", "bit/s", "kb/s",   "kbps",   "Mb/s",  "Gbps", "kB/s",
                               "%",  "%%",    "kbit/s", "Tbit/s", "s 5ms", "h30s"};
  for (const std::string& number : numbers)
    for (const std::string& gap : gaps)
      for (const std::string& unit : units) {
        const std::string text = number + gap + unit;
        EXPECT_EQ(std::regex_match(text, durations), parse_duration(text).has_value()) << text;
        EXPECT_EQ(std::regex_match(text, rates), parse_rate(text).has_value()) << text;
        EXPECT_EQ(std::regex_match(text, percentages), parse_percentage(text).has_value()) << text;
        // Half a byte fits the pattern, not the function.
        if (text != "1.5B" && text != "1.5 B") {
          EXPECT_EQ(std::regex_match(text, sizes), parse_size(text).has_value()) << text;
        }
      }
}

TEST(Units, ADurationIsWrittenShortly) {
  EXPECT_EQ(to_text(Duration(0)), "0s");
  EXPECT_EQ(to_text(90min), "1h 30min");
  EXPECT_EQ(to_text(24h + 1ms), "1d 1ms");
}

}  // namespace
}  // namespace mq::scenario
