#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/results_json.h"
#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string why(std::string_view text) {
  const auto read = from_json(text);
  const auto* unreadable = std::get_if<Unreadable>(&read);
  return unreadable == nullptr ? std::string() : unreadable->why;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(ResultsJson, ReadAndWrittenAgainIsTheSame) {
  for (const bool hostile : {false, true}) {
    const testing::DemoRun demo({.sensors = 10, .duration = 1h, .hostile = hostile});
    const std::string text = to_json(demo.results());
    const auto read = from_json(text);
    ASSERT_TRUE(std::holds_alternative<Results>(read)) << why(text);
    EXPECT_TRUE(to_json(std::get<Results>(read)) == text);
  }
}

TEST(ResultsJson, OtherVersionsAndDamageAreNamed) {
  const std::string text = to_json(testing::DemoRun({.sensors = 2, .duration = 30min}).results());
  EXPECT_THAT(why(""), HasSubstr("not complete JSON"));
  EXPECT_THAT(why(text.substr(0, text.size() / 2)), HasSubstr("not complete JSON"));
  EXPECT_THAT(why("[]"), HasSubstr("not an object"));
  EXPECT_THAT(why("{}"), HasSubstr("no schema_version"));
  EXPECT_THAT(why(std::string(100'000, '[')), HasSubstr("not complete JSON"));
  EXPECT_THAT(why(replaced(text, "\"schema_version\":1", "\"schema_version\":2")),
              HasSubstr("schema version 2, this program reads version 1"));
  EXPECT_THAT(why(replaced(text, "\"verdict\":\"broken\"", "\"verdict\":\"perhaps\"")),
              HasSubstr("verdict: not one of the words"));
  EXPECT_THAT(why(replaced(text, "\"exit_code\":1", "\"exit_code\":1e300")),
              HasSubstr("exit_code"));
  EXPECT_THAT(why(replaced(text, "\"promise\":", "\"premise\":")),
              HasSubstr("findings[0].promise: missing"));
}

TEST(ResultsJson, TimesBeyondAllMeasureAreNamed) {
  const std::string text = to_json(testing::DemoRun({.sensors = 2, .duration = 30min}).results());
  EXPECT_THAT(why(replaced(text, "\"calm_ns\":300000000000", "\"calm_ns\":9000000000000000000")),
              HasSubstr("run.calm_ns: too long a time"));
}

// What points into another part of the file must point to something.
TEST(ResultsJson, PositionsOutOfRangeAreNamed) {
  const std::string text = to_json(testing::DemoRun({.sensors = 2, .duration = 1h}).results());
  EXPECT_THAT(why(replaced(text, "\"fault\":0", "\"fault\":2")), HasSubstr("series.bands[0]"));
  EXPECT_THAT(why(replaced(text, "\"client\":0,", "\"client\":3,")),
              HasSubstr("series.timelines[0]"));
  EXPECT_THAT(why(replaced(text, "\"other\":0,", "\"other\":3,")), HasSubstr("journeys[0]"));
  EXPECT_THAT(why(replaced(text, "\"clients\":[1,2]", "\"clients\":[1,3]")), HasSubstr("evidence"));
}

}  // namespace
}  // namespace mq::report
