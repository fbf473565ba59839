#include <gtest/gtest.h>

#include "reports/testing/demo_run.h"
#include "reports/text/escape.h"
#include "reports/text/format.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;

TEST(Visible, SpellsOutWhatCannotBeSeen) {
  EXPECT_EQ(visible("plain \xC3\xA4\xE2\x82\xAC\xF0\x9F\x9A\x82"),
            "plain \xC3\xA4\xE2\x82\xAC\xF0\x9F\x9A\x82");
  EXPECT_EQ(visible(std::string_view("a\0b\n\x1b", 5)), "a\\u0000b\\u000a\\u001b");
  EXPECT_EQ(visible("\xE2\x80\xAE"
                    "abc\xE2\x80\xA8\x7F\xC2\x85"),
            "\\u202eabc\\u2028\\u007f\\u0085");
}

TEST(Visible, ReplacesBrokenBytesOneByOne) {
  EXPECT_EQ(visible("\xFFx"), "\xEF\xBF\xBDx");
  EXPECT_EQ(visible("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(visible("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(visible("\xF4\x90\x80\x80").size(), 12U);                          // beyond Unicode
  EXPECT_EQ(visible("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // cut short
}

TEST(Visible, CutsLongTextsAndSaysSo) {
  EXPECT_EQ(visible(std::string(512, 'a')), std::string(512, 'a'));
  EXPECT_EQ(visible(std::string(513, 'a')), std::string(512, 'a') + "\xE2\x80\xA6 (513 bytes)");
}

TEST(Markup, LeavesNothingThatHtmlOrXmlGivesAMeaning) {
  EXPECT_EQ(markup("<a b='c' d=\"e\">&]]>"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;]]&gt;");
}

TEST(JsonIsland, CannotEndItsElement) {
  EXPECT_EQ(json_island(R"({"a":"</script><!--&"})"),
            R"({"a":"\u003c/script\u003e\u003c!--\u0026"})");
  EXPECT_EQ(json_island("\"\xE2\x80\xA8\xE2\x80\xA9\""), R"("\u2028\u2029")");
}

TEST(Markdown, IsTextOnly) {
  EXPECT_EQ(markdown("a|b [x](y) `c` <i> *d*_e_"),
            "a\\|b \\[x\\](y) \\`c\\` &lt;i&gt; \\*d\\*\\_e\\_");
  EXPECT_EQ(markdown("https://evil.example www.evil.example @all #1"),
            "https&#58;//evil.example www&#46;evil.example &#64;all &#35;1");
  EXPECT_EQ(markdown("line\n# heading"), "line\\\\u000a&#35; heading");
}

TEST(Format, DurationsHaveThreeDigits) {
  EXPECT_EQ(short_duration(0s), "0 s");
  EXPECT_EQ(short_duration(870us), "870 us");
  EXPECT_EQ(short_duration(1ms), "1.00 ms");
  EXPECT_EQ(short_duration(12'340ms), "12.3 s");
  EXPECT_EQ(short_duration(999'600us), "1.00 s");
  EXPECT_EQ(short_duration(119'949ms), "120 s");
  EXPECT_EQ(short_duration(119'950ms), "2 min");
  EXPECT_EQ(long_duration(119'970ms), "2 min");
  EXPECT_EQ(long_duration(-119'970ms), "-2 min");
  EXPECT_EQ(short_duration(150s), "2 min 30 s");
  EXPECT_EQ(long_duration(2h + 5min), "2 h 5 min");
  EXPECT_EQ(long_duration(7 * 24h), "7 d");
  EXPECT_EQ(long_duration(90s), "90 s");
  EXPECT_EQ(long_duration(1500ms), "1.50 s");
}

TEST(Format, ClockCountsFromTheStartOfTheRun) {
  EXPECT_EQ(clock(Instant(3723456ms)), "01:02:03.456");
  EXPECT_EQ(clock(Instant(1'999'999us)), "00:00:01.999") << "never later than it was";
  EXPECT_EQ(clock(Instant(48h + 600s)), "48:10:00.000");
}

TEST(Format, NeverRoundsALossAway) {
  EXPECT_EQ(percent(1.0), "100 %");
  EXPECT_EQ(percent(0.99999), "99.99 %");
  EXPECT_EQ(percent(0.5), "50.00 %");
  EXPECT_EQ(count(1'234'567), "1,234,567");
  EXPECT_EQ(count(1, "client"), "1 client");
  EXPECT_EQ(bytes(3'400'000), "3.40 MB");
}

}  // namespace
}  // namespace mq::report
