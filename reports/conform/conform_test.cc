#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "reports/conform/evidence.h"
#include "reports/conform/junit.h"
#include "reports/conform/matrix.h"
#include "reports/conform/page.h"
#include "reports/conform/results_json.h"
#include "reports/conform/summary.h"
#include "reports/testing/demo_conform.h"

namespace mq::report {
namespace {

using ::testing::AllOf;
using testing::demo_conform;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using V = ConformVerdict;

ConformResults held() { return demo_conform({}); }
ConformResults deviates() { return demo_conform({.deviates = true}); }
ConformResults hostile() { return demo_conform({.deviates = true, .hostile = true}); }

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

// ---- results.json

TEST(ConformJson, WhatIsWrittenIsRead) {
  const std::string text = to_json(deviates());
  EXPECT_TRUE(std::holds_alternative<ConformResults>(any_from_json(text)));
  const auto read = conform_from_json(text);
  ASSERT_TRUE(std::holds_alternative<ConformResults>(read)) << std::get<Unreadable>(read).why;
  EXPECT_EQ(to_json(std::get<ConformResults>(read)), text);
}

TEST(ConformJson, AnotherFileIsRefusedWithAReason) {
  // Neither of `run`, whose results are read as such.
  EXPECT_TRUE(std::holds_alternative<Unreadable>(any_from_json("{\"schema_version\": 1}")));
  EXPECT_TRUE(std::holds_alternative<Unreadable>(any_from_json("nonsense")));
  const std::pair<std::string, const char*> wrong[] = {
      {"{", "not complete JSON"},
      {"[]", "not an object"},
      {"{\"kind\":\"run\"}", "not of `conform`"},
      {"{\"kind\":\"conform\",\"schema_version\":2}",
       "schema version 2, this program reads version 1"},
      {"{\"kind\":\"conform\",\"schema_version\":1}", "program_version: missing"}};
  for (const auto& [text, why] : wrong) {
    const auto read = conform_from_json(text);
    ASSERT_TRUE(std::holds_alternative<Unreadable>(read)) << text;
    EXPECT_THAT(std::get<Unreadable>(read).why, HasSubstr(why));
  }
}

// ---- What follows from results

TEST(Conform, TheWordSaysWhatTheRunProved) {
  EXPECT_EQ(conform_word(held()), "Conforms");
  EXPECT_EQ(conform_word(deviates()), "Deviates");
  ConformResults results = held();
  results.lost = "it stopped answering";
  EXPECT_EQ(conform_word(results), "Incomplete");
  results = held();
  for (ConformJudged& one : results.judged) one.verdict = V::not_applicable;
  EXPECT_EQ(conform_word(results), "Nothing tested");
  results.judged[0].verdict = V::known;
  EXPECT_EQ(conform_word(results), "Deviates as known");
}

TEST(Conform, APassAmongWhatDoesNotApplyIsAPassAndAFailureOutweighsAll) {
  ConformJudged pass{.verdict = V::pass};
  ConformJudged none{.verdict = V::not_applicable};
  ConformJudged known{.verdict = V::known};
  ConformJudged fail{.verdict = V::fail};
  EXPECT_EQ(gravest({}), std::nullopt);
  EXPECT_EQ(gravest({&none}), V::not_applicable);
  EXPECT_EQ(gravest({&none, &pass}), V::pass);
  EXPECT_EQ(gravest({&pass, &known, &none}), V::known);
  EXPECT_EQ(gravest({&known, &fail, &pass}), V::fail);
}

TEST(ConformMatrix, ARowDiffersOnlyIfTargetsThatWereTriedDo) {
  const std::vector<ConformResults> both = {held(), deviates()};
  const auto groups = matrix_of(both);
  ASSERT_FALSE(groups.empty());
  EXPECT_EQ(groups[0].section, "4.1");
  const MatrixRow& first = groups[0].rows[0];  // pass, fail, pass
  EXPECT_TRUE(first.differs && first.must_differs && first.fails);
  EXPECT_EQ(first.cells[0].verdict, V::pass);
  EXPECT_EQ(first.cells[1].verdict, V::fail);
  EXPECT_EQ(first.cells[1].amiss, 1U);
  EXPECT_EQ(first.cells[1].decided, 3U);
  const MatrixRow& last = groups[0].rows[5];  // nobody can check it
  EXPECT_FALSE(last.differs || last.fails || last.is_touched());
  EXPECT_FALSE(matrix_of({held(), held()})[0].rows[0].differs);
  // Not applicable here and a pass there is no difference.
  std::vector<ConformResults> one = {held(), held()};
  for (ConformJudged& judged : one[1].judged) judged.verdict = V::not_applicable;
  EXPECT_FALSE(matrix_of(one)[0].rows[0].differs);
}

TEST(ConformMatrix, WhatIsOnlyRecommendedIsNoDifferenceOfMust) {
  const std::vector<ConformResults> both = {held(), deviates()};
  const auto groups = matrix_of(both);
  const MatrixRow& row = groups[0].rows[2];  // pass, info, pass
  EXPECT_TRUE(row.differs);
  EXPECT_FALSE(row.must_differs);
  EXPECT_FALSE(row.must_fails);
}

TEST(ConformMatrix, OfASelectionOnlyWhatWasTouchedIsShown) {
  ConformResults results = held();
  results.selection = "--only x";
  results.judged.resize(1);
  const std::vector<ConformResults> one = {results};
  const auto groups = matrix_of(one);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].rows.size(), 1U);
}

// ---- Four things

TEST(ConformEvidence, SaysStatementExpectedGotCommandAndPackets) {
  const ConformResults results = deviates();
  const std::string text = evidence_text(results.judged[1], results);
  EXPECT_THAT(text, AllOf(HasSubstr("v5/MQTT-4.1.0-1: A message that was acknowledged"),
                          HasSubstr("expected  PUBLISH dup=1"),
                          HasSubstr("got       PUBLISH topic=\"a\" qos=1 dup"),
                          HasSubstr("--only v5/case-1 --seed 1"), HasSubstr("capture.pcap"),
                          HasSubstr("320600016100017a")));
  const std::string page = conform_page({results});
  EXPECT_THAT(page, AllOf(HasSubstr("PUBLISH dup=1"), HasSubstr("--only v5/case-1 --seed 1"),
                          HasSubstr("320600016100017a"), HasSubstr("id=\"v5/MQTT-4.1.0-1\""),
                          HasSubstr("id=\"v5/MQTT-4.1.0-1@1\"")));
  EXPECT_THAT(page, HasSubstr("Not the same each time: fail pass"));
}

TEST(ConformPage, WhatWasSeenBesideTheCasesHasRuleConnectionAndPackets) {
  const std::string page = conform_page({deviates()});
  EXPECT_THAT(page,
              AllOf(HasSubstr("2 statements put to the test"), HasSubstr("1 seen to break"),
                    HasSubstr("href=\"#v5/MQTT-4.2.0-2@1\""), HasSubstr("watched: broken 1 time"),
                    HasSubstr("conn_ack_comes_first"), HasSubstr("PINGRESP before CONNACK"),
                    HasSubstr("d000"), HasSubstr("--only v5/case-3 --seed 1")));
  EXPECT_THAT(conform_page({held()}), HasSubstr("0 seen to break"));
}

// A rule that broke brings its statement into view, whatever was selected.
TEST(ConformMatrix, AStatementSeenToBreakIsShownInASelectionToo) {
  ConformResults results = deviates();
  results.selection = "--only x";
  results.judged.resize(1);
  const std::vector<ConformResults> one = {results};
  const auto groups = matrix_of(one);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[1].rows[0].statement->id, "v5/MQTT-4.2.0-2");
  EXPECT_EQ(groups[1].rows[0].cells[0].watched->broken, 1U);
}

TEST(ConformPage, EveryVerdictHasASignAndAWord) {
  const std::string page = conform_page({deviates()});
  for (const char* word : {"pass", "fail", "non-strict", "info", "n/a", "known", "fixed", "error"})
    EXPECT_THAT(page, HasSubstr(std::string("</span> ") + word + "</span>")) << word;
  EXPECT_THAT(page, HasSubstr("Nobody sees it from outside."));
}

TEST(ConformPage, AllowsItsOwnStyleAndScriptAndNothingElse) {
  const std::string page = conform_page({held()});
  EXPECT_THAT(page, AllOf(HasSubstr("default-src 'none'"), Not(HasSubstr("unsafe-inline")),
                          Not(HasSubstr(" style=\"")), Not(HasSubstr("http://")),
                          Not(HasSubstr("https://"))));
}

TEST(ConformPage, NoTextOfAPeerBecomesMarkup) {
  const std::string tame = conform_page({deviates()});
  const std::string bad = conform_page({hostile()});
  EXPECT_EQ(count_of(bad, "<script"), count_of(tame, "<script"));
  EXPECT_THAT(bad, Not(HasSubstr("<img")));
}

// ---- JUnit and Markdown

TEST(ConformJunit, HasACaseForEachAndNamesWhatFailed) {
  const ConformResults results = deviates();
  pugi::xml_document document;
  const std::string text = conform_junit_xml(results);
  ASSERT_TRUE(document.load_string(text.c_str()));
  const auto suite = document.child("testsuites").child("testsuite");
  EXPECT_EQ(suite.attribute("tests").as_uint(), results.judged.size() + 1);
  const ConformTally counts = tally_of(results);
  EXPECT_EQ(suite.attribute("failures").as_uint(), counts[V::fail] + counts[V::fixed]);
  EXPECT_EQ(suite.attribute("errors").as_uint(), counts[V::error]);
  EXPECT_EQ(suite.attribute("skipped").as_uint(), counts[V::known] + counts[V::not_applicable]);
  const auto failed =
      suite.find_child([](auto node) { return static_cast<bool>(node.child("failure")); });
  EXPECT_STREQ(failed.attribute("classname").value(), "mosquitto.v5.qos1");
  EXPECT_STREQ(failed.attribute("time").value(), "0.120");
  EXPECT_THAT(failed.child("failure").attribute("message").value(),
              HasSubstr("expected PUBLISH dup=1"));
  EXPECT_THAT(failed.child("failure").text().get(), HasSubstr("again     mqttlab conform"));
}

TEST(ConformJunit, ALostTargetIsNotGreenAndHostileTextsStayTexts) {
  ConformResults results = held();
  results.lost = "it stopped answering";
  EXPECT_THAT(conform_junit_xml(results), HasSubstr("errors=\"1\""));
  pugi::xml_document document;
  EXPECT_TRUE(document.load_string(conform_junit_xml(hostile()).c_str()));
  EXPECT_EQ(count_of(conform_junit_xml(hostile()), "<testcase"),
            count_of(conform_junit_xml(deviates()), "<testcase"));
}

TEST(ConformSummary, TellsLevelsApartAndWhatFails) {
  const std::string text = conform_summary_markdown(deviates());
  EXPECT_THAT(text, AllOf(HasSubstr("Deviates: mosquitto version 2.0.11"), HasSubstr("| MUST |"),
                          HasSubstr("| SHOULD |"), HasSubstr("| MAY |"),
                          HasSubstr("What fails the run"), HasSubstr("What differs from one time"),
                          HasSubstr("20 of the 20 statements of MQTT 5.0")));
  EXPECT_THAT(conform_summary_markdown(held()), Not(HasSubstr("What fails")));
}

}  // namespace
}  // namespace mq::report
