#include "gate/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "gate/render.h"
#include "reports/testing/demo_run.h"

namespace mq::gate {
namespace {

using namespace std::chrono_literals;
using checks::Verdict;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Metric latency() {
  return {.id = "latency-p99-qos1",
          .name = "p99 latency of QoS 1",
          .unit = Unit::seconds,
          .least_share = 0.10,
          .least_absolute = 0.001};
}

// Runs of seeds 1, 2, ...: one promise, and one figure that is `value` plus a little per seed.
std::vector<Facts> runs(std::size_t number, double value, Verdict verdict = Verdict::held) {
  std::vector<Facts> all;
  for (std::size_t i = 0; i < number; ++i) {
    Facts facts{.folder = "results/seed-" + std::to_string(i + 1),
                .scenario = "train",
                .world = "ns3",
                .seed = i + 1,
                .shape = "50 clients"};
    facts.promises.push_back({.id = "qos1", .promise = "QoS 1 arrives", .verdict = verdict});
    facts.figures.push_back({latency(), value + 0.01 * static_cast<double>(i)});
    all.push_back(facts);
  }
  return all;
}

const PromiseChange& promise(const Comparison& c) { return c.scenarios.at(0).promises.at(0); }
const MetricChange& metric(const Comparison& c) { return c.scenarios.at(0).metrics.at(0); }

TEST(Gate, TheSameRunsAreNotWorse) {
  const Comparison c = compare(runs(10, 1), runs(10, 1), {});
  EXPECT_FALSE(c.worse());
  EXPECT_TRUE(c.compared());
  EXPECT_EQ(promise(c).change, Change::same);
  EXPECT_EQ(metric(c).change, Change::same);
  EXPECT_EQ(headline(c), "NEW is not worse than BASE");
}

TEST(Gate, APromiseThatOneSeedNewlyBreaksFailsAndIsNamedWithItsFolder) {
  auto now = runs(30, 1);
  now[16].promises[0].verdict = Verdict::broken;
  now[16].promises[0].evidence = "message 7 never reached dashboard";
  const Comparison c = compare(runs(30, 1), now, {});
  EXPECT_TRUE(c.worse());
  EXPECT_EQ(promise(c).why, "broken in 1 of 30 runs, in BASE in none of 30");
  EXPECT_THAT(promise(c).folders, ElementsAre("results/seed-17"));
  const std::string text = terminal_text(c, Colour::off);
  EXPECT_THAT(text, HasSubstr("message 7 never reached dashboard"));
  EXPECT_THAT(text, HasSubstr("results/seed-17/report.html"));
  EXPECT_EQ(headline(c), "NEW is worse than BASE: 1 promise worse");
}

TEST(Gate, APromiseBrokenBeforeFailsOnlyWhenItBreaksFarMoreOften) {
  const auto broken_in = [](std::size_t number) {
    auto all = runs(30, 1);
    for (std::size_t i = 0; i < number; ++i) all[i].promises[0].verdict = Verdict::broken;
    return all;
  };
  EXPECT_EQ(promise(compare(broken_in(3), broken_in(4), {})).change, Change::same);
  EXPECT_EQ(promise(compare(broken_in(3), broken_in(20), {})).change, Change::worse);
  EXPECT_EQ(promise(compare(broken_in(20), broken_in(3), {})).change, Change::better);
  EXPECT_EQ(promise(compare(broken_in(3), broken_in(0), {})).change, Change::better);
  EXPECT_THAT(terminal_text(compare(broken_in(3), broken_in(4), {}), Colour::off),
              HasSubstr("broken in 4 of 30 runs, in BASE in 3 of 30 runs"));
}

TEST(Gate, WhatIsNoLongerTriedIsWorse) {
  const Comparison c = compare(runs(10, 1), runs(10, 1, Verdict::not_tried), {});
  EXPECT_EQ(promise(c).change, Change::worse);
  EXPECT_EQ(
      promise(compare(runs(3, 1, Verdict::not_tried), runs(3, 1, Verdict::not_tried), {})).change,
      Change::same);
}

TEST(Gate, AFigureThatIsClearlyLargerIsWorseAndOneThatIsSmallerIsBetter) {
  const Comparison worse = compare(runs(10, 1), runs(10, 1.5), {});
  EXPECT_TRUE(worse.worse());
  EXPECT_EQ(metric(worse).change, Change::worse);
  const Comparison better = compare(runs(10, 1.5), runs(10, 1), {});
  EXPECT_FALSE(better.worse());
  EXPECT_EQ(metric(better).change, Change::better);
  EXPECT_EQ(headline(better), "NEW is not worse than BASE: 1 figure better");
}

TEST(Gate, MoreIsBetterWhereMoreIsBetter) {
  auto base = runs(10, 0.9);
  auto now = runs(10, 0.5);
  for (auto* side : {&base, &now})
    for (Facts& run : *side) run.figures[0].metric.better = Better::higher;
  EXPECT_EQ(metric(compare(base, now, {})).change, Change::worse);
  EXPECT_EQ(metric(compare(now, base, {})).change, Change::better);
}

TEST(Gate, ADifferenceThatDoesNotMatterIsNone) {
  // Every run of NEW lies above every run of BASE, by less than a tenth.
  const auto base = runs(10, 10);
  const auto now = runs(10, 10.5);
  EXPECT_EQ(metric(compare(base, now, {})).change, Change::same);
  Rules strict;
  strict.tolerances = {{"latency-*", 0.01}};
  EXPECT_EQ(metric(compare(base, now, strict)).change, Change::worse);
  strict.tolerances.push_back({"latency-p99-*", 0.2});
  EXPECT_EQ(metric(compare(base, now, strict)).change, Change::same);
}

TEST(Gate, WhatChanceMayDoIsNoDifference) {
  // The middles differ by far; the runs overlap.
  auto base = runs(6, 1);
  auto now = runs(6, 1);
  now[0].figures[0].value = 9;
  now[1].figures[0].value = 9;
  now[2].figures[0].value = 9;
  now[3].figures[0].value = 9;
  base[0].figures[0].value = 8;
  base[1].figures[0].value = 10;
  EXPECT_EQ(metric(compare(base, now, {})).change, Change::same);
}

TEST(Gate, FiveRunsAreEnoughForFiguresAndFourAreNot) {
  EXPECT_EQ(metric(compare(runs(5, 1), runs(5, 9), {})).change, Change::worse);
  const Comparison c = compare(runs(4, 1), runs(5, 9), {});
  EXPECT_THAT(c.scenarios[0].metrics, IsEmpty());
  EXPECT_THAT(c.scenarios[0].remarks,
              ElementsAre("only promises are compared: figures need 5 runs on each side"));
  EXPECT_FALSE(c.worse());
}

TEST(Gate, AFigureThatFewRunsHaveIsNotComparedAndSaysSo) {
  auto now = runs(6, 1);
  now[0].figures.clear();
  now[1].figures.clear();
  const Comparison c = compare(runs(6, 1), now, {});
  EXPECT_EQ(metric(c).change, Change::not_compared);
  EXPECT_THAT(metric(c).why, HasSubstr("6 runs of BASE and 4 of NEW"));
}

TEST(Gate, WhatIsSkippedIsNotCompared) {
  Rules rules;
  rules.skip = {"latency-*"};
  EXPECT_THAT(compare(runs(9, 1), runs(9, 5), rules).scenarios[0].metrics, IsEmpty());
}

TEST(Gate, AScenarioThatNewLacksFailsAndOneThatBaseLacksDoesNot) {
  auto both = runs(3, 1);
  auto more = both;
  for (Facts run : runs(3, 1)) {
    run.scenario = "boats";
    more.push_back(run);
  }
  EXPECT_TRUE(compare(more, both, {}).worse());
  EXPECT_EQ(headline(compare(more, both, {})), "NEW is worse than BASE: 1 scenario missing");
  EXPECT_FALSE(compare(both, more, {}).worse());
  EXPECT_FALSE(compare({}, both, {}).compared());
}

TEST(Gate, RunsThatSayNothingAndScenariosThatDifferAreProblems) {
  auto now = runs(3, 1);
  now[1].unjudged = "it was interrupted";
  EXPECT_THAT(compare(runs(3, 1), now, {}).problems, ElementsAre(HasSubstr("seed 2")));
  now = runs(3, 1);
  now[2].shape = "51 clients";
  EXPECT_THAT(compare(runs(3, 1), now, {}).problems,
              ElementsAre(HasSubstr("51 clients, not 50 clients")));
  now = runs(3, 1);
  now[2].seed = 1;
  EXPECT_THAT(compare(runs(3, 1), now, {}).problems, ElementsAre(HasSubstr("two runs of seed 1")));
}

// Of what a real run leaves behind.
TEST(Gate, TakesPromisesAndFiguresFromResults) {
  const report::testing::DemoRun demo({.sensors = 3, .duration = 1h});
  const Facts facts = facts_of(demo.results(), "here");
  EXPECT_EQ(facts.folder, "here");
  EXPECT_THAT(facts.unjudged, IsEmpty());
  EXPECT_FALSE(facts.promises.empty());
  std::vector<std::string> ids;
  for (const Figure& figure : facts.figures) ids.push_back(figure.metric.id);
  EXPECT_THAT(ids, ::testing::IsSupersetOf({"latency-p50-qos1", "latency-max-qos1", "lost-qos1",
                                            "connects", "connected", "bytes-up", "bytes-down"}));
  auto results = demo.results();
  results.complete = false;
  EXPECT_EQ(facts_of(results, "").unjudged, "it was interrupted");
}

TEST(GateReports, AreWellFormedWhateverNamesSay) {
  auto now = runs(5, 9, Verdict::broken);
  for (Facts& run : now) {
    run.scenario = "<script>|`]]>\n\x1b[31m";
    run.promises[0].evidence = "</failure><b>\xff";
  }
  auto base = runs(5, 1);
  for (Facts& run : base) run.scenario = now[0].scenario;
  const Comparison c = compare(base, now, {});
  pugi::xml_document document;
  const std::string xml = junit_xml(c);
  ASSERT_TRUE(document.load_buffer(xml.data(), xml.size()));
  const auto suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("tests").as_int(), 3);
  EXPECT_EQ(suite.attribute("failures").as_int(), 2);
  EXPECT_EQ(std::distance(suite.children("testcase").begin(), suite.children("testcase").end()), 3);
  EXPECT_THAT(terminal_text(c, Colour::off), Not(HasSubstr("\x1b")));
  EXPECT_THAT(summary_markdown(c), Not(HasSubstr("<script>")));
  EXPECT_THAT(to_json(c), HasSubstr("\"worse\":true"));
}

TEST(GateReports, EveryUnitHasItsWordInJson) {
  auto base = runs(5, 1);
  auto now = runs(5, 1);
  const std::vector<std::pair<Unit, std::string>> units = {{Unit::seconds, "seconds"},
                                                           {Unit::share, "share"},
                                                           {Unit::count, "count"},
                                                           {Unit::bytes, "bytes"},
                                                           {Unit::joules, "joules"}};
  for (std::vector<Facts>* side : {&base, &now})
    for (Facts& run : *side)
      for (const auto& [unit, word] : units)
        run.figures.push_back({{.id = "in-" + word, .name = word, .unit = unit}, 1});
  const std::string json = to_json(compare(base, now, {}));
  for (const auto& [unit, word] : units)
    EXPECT_THAT(json, HasSubstr("\"unit\":\"" + word + "\"")) << word;
}

TEST(GateReports, JunitHasAHeadlineAndLinesBelowIt) {
  auto now = runs(1, 1, Verdict::broken);
  now[0].promises[0].evidence = "message 7 never reached dashboard";
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(junit_xml(compare(runs(1, 1), now, {})).c_str()));
  const auto failure = document.select_node("//failure").node();
  EXPECT_STREQ(failure.attribute("message").value(), "broken in 1 of 1 run, in BASE in none of 1");
  EXPECT_STREQ(failure.text().get(),
               "broken in 1 of 1 run, in BASE in none of 1\nmessage 7 never reached dashboard\n"
               "results/seed-1/report.html");
}

TEST(Gate, RunsOfTwoVersionsOnOneSideAreRemarkedOn) {
  auto now = runs(3, 1);
  for (Facts& run : now) run.made_by = "mosquitto, by mqttlab 2";
  EXPECT_THAT(compare(runs(3, 1), now, {}).scenarios[0].remarks,
              ElementsAre(HasSubstr("only promises")));
  now[2].made_by = "mosquitto, by mqttlab 1";
  EXPECT_THAT(compare(runs(3, 1), now, {}).scenarios[0].remarks,
              ElementsAre("the runs of NEW are not of one kind: mosquitto, by mqttlab 1, "
                          "mosquitto, by mqttlab 2",
                          HasSubstr("only promises")));
}

TEST(Gate, APatternThatNoFigureHasIsKnownAsSuch) {
  EXPECT_TRUE(fits_a_metric("latency-p9?-*"));
  EXPECT_TRUE(fits_a_metric("*"));
  EXPECT_FALSE(fits_a_metric("latncy-*"));
  EXPECT_FALSE(fits_a_metric("qos1"));
}

TEST(GateReports, AProblemIsAFailureInJunit) {
  auto now = runs(3, 1);
  now[1].unjudged = "it was interrupted";
  const std::string xml = junit_xml(compare(runs(3, 1), now, {}));
  EXPECT_THAT(xml, HasSubstr("testsuite name=\"the results\" tests=\"1\" failures=\"1\""));
}

}  // namespace
}  // namespace mq::gate
