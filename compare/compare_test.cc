#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "compare/comparison.h"
#include "compare/page.h"
#include "compare/render.h"
#include "compare/testing/demo.h"

namespace mq::compare {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

auto says(const char* text) { return Field(&Difference::text, HasSubstr(text)); }

TEST(Differences, AreSentencesWithBothValues) {
  const Comparison all = testing::demo();
  EXPECT_THAT(all.differences, Contains(says("late drops a silent client 6.00 s")));
  EXPECT_THAT(all.differences, Contains(says("late delivers later of QoS 1: p99 latency")));
  EXPECT_THAT(all.differences, Contains(says("late loses more deliveries of QoS 1")));
  EXPECT_THAT(all.differences, Contains(says("late takes more processor time for a PUBLISH")));
  EXPECT_THAT(all.differences, Contains(says("late breaks a promise: \xE2\x80\x9C"
                                             "every QoS 1 message")));
}

TEST(Differences, OfBrokersThatAreAlikeAreNone) {
  EXPECT_THAT(testing::demo().differences, Each(Not(says("twin"))));
}

// One pays system calls, the other none.
TEST(Differences, BetweenALinkedBrokerAndAProgramAreNotOfProcessorTime) {
  Comparison all;
  all.sides = {{.name = "ours"}, {.name = "late"}};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    report::Results program = testing::results_of(seed, 6, true);
    program.configuration.versions.push_back({"back end", "vtime-token", ""});
    add_run(all.sides[0], testing::results_of(seed, 0, false), "ours");
    add_run(all.sides[1], program, "late");
  }
  const Comparison compared = compare(std::move(all));
  EXPECT_FALSE(compared.differences.empty());
  EXPECT_THAT(compared.differences, Each(Not(says("processor time"))));
}

TEST(Differences, CarryTestAndRuns) {
  for (const Difference& difference : testing::demo().differences) {
    EXPECT_THAT(difference.evidence.front(), HasSubstr("p ")) << difference.text;
    EXPECT_THAT(difference.folders, Contains(HasSubstr("late/seed-"))) << difference.text;
  }
}

TEST(Differences, AreNotReadOffFourRuns) {
  const Comparison all = testing::demo({.seeds = 4});
  EXPECT_TRUE(all.differences.empty());
  EXPECT_FALSE(testing::demo({.seeds = 5}).differences.empty());
}

TEST(Differences, OfFewRunsAreShownAsSeen) {
  const Comparison all = testing::demo({.seeds = 1});
  EXPECT_THAT(all.seldom, Contains(says("late breaks a promise")));
  EXPECT_THAT(all.seldom,
              Contains(AllOf(says("late delivers later of QoS 1: p99 latency"),
                             Field(&Difference::evidence,
                                   Contains(HasSubstr("seen in 1 run and 1, not tested"))))));
  EXPECT_THAT(all.seldom, Each(Not(says("twin"))));
  EXPECT_FALSE(all.figures.empty());
  EXPECT_THAT(headline(all), HasSubstr("in too few runs to be sure"));
}

TEST(Differences, OneBrokenRunOfTenMayBeChance) {
  const Comparison all = testing::demo({.loses_always = false});
  EXPECT_THAT(all.differences, Each(Not(says("breaks a promise"))));
  EXPECT_THAT(all.seldom, Contains(says("late breaks a promise")));
  EXPECT_TRUE(is_broken(all));
}

TEST(Differences, NameTheStatementsThatOnlyOneFails) {
  const Comparison all = testing::demo({.with_conformance = true});
  EXPECT_THAT(all.differences,
              Contains(AllOf(says("late fails 1 case"),
                             Field(&Difference::shown_by, HasSubstr("v5/MQTT-4.3.2-4")))));
}

TEST(Comparison, AddsUpTheLedgersOfAllSeeds) {
  const Comparison all = testing::demo();
  EXPECT_EQ(all.sides[1].ledger.deliveries.at(0).lost, 70U);
  EXPECT_EQ(all.sides[0].ledger.deliveries.at(0).owed, 10'000U);
}

TEST(Comparison, AnotherScenarioIsAProblem) {
  Comparison all;
  all.sides = {{.name = "ours"}, {.name = "other"}};
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    add_run(all.sides[0], testing::results_of(seed, 0, false), "ours");
    report::Results results = testing::results_of(seed, 0, false);
    results.run.clients.pop_back();
    add_run(all.sides[1], results, "other");
  }
  EXPECT_THAT(compare(all).problems, Contains(HasSubstr("another scenario")));
}

TEST(Json, HoldsWhatThePageShows) {
  const auto json = boost::json::parse(to_json(testing::demo({.with_conformance = true})));
  EXPECT_EQ(json.at("brokers").as_array().size(), 3U);
  EXPECT_EQ(json.at("brokers").at(1).at("runs").as_array().size(), 10U);
  EXPECT_EQ(json.at("brokers").at(1).at("conformance").at("v5/qos1-is-acknowledged"), "fail");
  EXPECT_FALSE(json.at("differences").as_array().empty());
}

TEST(Page, LeavesNoTextOfARunUnescaped) {
  const std::string page = html_page(testing::demo({.late_name = "<script>alert(1)</script>"}));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert"));
}

TEST(Page, OfStoredResultsSpeaksOfResults) {
  Comparison all;
  all.of = Of::results;
  all.sides = {{.name = "before"}, {.name = "after"}};
  add_run(all.sides[0], testing::results_of(1, 0, false), "../before");
  add_run(all.sides[1], testing::results_of(1, 6, true), "../after");
  const std::string page = html_page(compare(std::move(all)));
  EXPECT_THAT(page, HasSubstr("1 run of before, 1 run of after"));
  EXPECT_THAT(page, HasSubstr("<h2>The results, and how it was run</h2>"));
  EXPECT_THAT(page, HasSubstr("<a href=\"../after/report.html\">"));
  EXPECT_THAT(page, Not(HasSubstr("brokers")));
}

TEST(Text, BeginsWithWhatMatters) {
  const std::string text = plain_text(testing::demo());
  EXPECT_LT(text.find("The differences that matter"), text.find("Promises and figures"));
  EXPECT_THAT(text, HasSubstr("BROKEN in 10 of 10"));
}

}  // namespace
}  // namespace mq::compare
