// What is known of a target from files: target files and expectations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "conformance/runner/expectations.h"
#include "conformance/runner/needs.h"
#include "conformance/runner/target_file.h"

namespace mq::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TargetFile, SaysWhatTheOutsideDoesNotShow) {
  Target target;
  EXPECT_THAT(read_target("version: 1\n"
                          "tls: {ca_file: ca.pem, checks_name: false}\n"
                          "login: {user: a, password: b, wrong_password: c}\n"
                          "restricted: {user: d, password: e, denied_topic: f, allowed_topic: g}\n"
                          "configured: {maximum_qos: 1}\n"
                          "lacks: {retain: \"switched off\"}\n"
                          "protocols: [5.0]\n",
                          "/folder", target),
              IsEmpty());
  EXPECT_EQ(target.ca_file, "/folder/ca.pem");
  EXPECT_FALSE(target.checks_certificate_name);
  EXPECT_EQ(target.given.at("wrong_password"), "c");
  EXPECT_EQ(target.given.at("allowed_topic"), "g");
  EXPECT_THAT(target.configured, ElementsAre("maximum_qos=1"));
  EXPECT_THAT(target.versions, ElementsAre(Version::v5));
  EXPECT_EQ(target.lacks.at("retain"), "switched off");
}

TEST(TargetFile, EveryMistakeIsToldWithItsPlace) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"version: 2\n", "x:1:10"},
      {"version: 1\nlogn: {}\n", "x:2:1"},
      {"version: 1\nlogin: {user: a}\n", "password"},
      {"version: 1\nconfigured: {maximum_qs: 1}\n", "did you mean maximum_qos?"},
      {"version: 1\nlacks: {retian: x}\n", "did you mean retain?"},
      {"version: 1\nprotocols: [4]\n", "x:2:13"},
  };
  for (const auto& [yaml, told] : mistakes) {
    Target target;
    std::string all;
    for (const auto& problem : read_target(yaml, "", target)) all += to_text("x", problem) + "\n";
    EXPECT_THAT(all, HasSubstr(told)) << yaml;
  }
}

TEST(Needs, WhatATargetLacksDoesNotApplyForTheReasonGiven) {
  Case one;
  one.needs = {"retain"};
  one.config = {"maximum_qos=1"};
  Abilities abilities;
  abilities.lacks["retain"] = "switched off";
  EXPECT_EQ(does_not_apply(one, abilities, {}), "switched off");
  abilities.lacks.clear();
  EXPECT_THAT(does_not_apply(one, abilities, {}), HasSubstr("configured with maximum_qos=1"));
  abilities.configured = {"maximum_qos=1"};
  EXPECT_EQ(does_not_apply(one, abilities, {}), "");
}

struct Known : testing::Test {
  const Case a{.id = "v5/a/1"}, b{.id = "v5/a/2"}, c{.id = "v5/c"};
  std::vector<CaseResult> results(Verdict first, Verdict second, Verdict third) {
    std::vector<CaseResult> all;
    for (const auto& [which, verdict] :
         {std::pair{&a, first}, std::pair{&b, second}, std::pair{&c, third}}) {
      all.push_back({which, Level::must, {}, ""});
      all.back().outcome.verdict = verdict;
    }
    return all;
  }
  static Expectations expected(const std::string& cases) {
    Expectations expectations;
    EXPECT_THAT(read_expectations("version: 1\ntarget: x\ncases:\n" + cases, expectations),
                IsEmpty());
    return expectations;
  }
};

TEST_F(Known, WhatFailsAsExpectedIsKnownAndWhatPassesIsFixed) {
  const auto expectations = expected("  v5/a/*: {verdict: fail, reason: r, link: l}\n");
  auto all = results(Verdict::fail, Verdict::pass, Verdict::fail);
  apply(expectations, all);
  EXPECT_EQ(all[0].outcome.verdict, Verdict::known);
  EXPECT_EQ(all[0].outcome.reason, "r");
  EXPECT_EQ(all[0].link, "l");
  EXPECT_EQ(all[1].outcome.verdict, Verdict::fixed);
  EXPECT_EQ(all[2].outcome.verdict, Verdict::fail);
  EXPECT_EQ(exit_code({all[0]}), 0);
  EXPECT_EQ(exit_code({all[1]}), 1);
}

TEST_F(Known, WhatDependsOnChanceIsNoNewsEitherWay) {
  const auto expectations = expected("  v5/a/*: {verdict: sometimes, reason: r}\n");
  auto all = results(Verdict::fail, Verdict::pass, Verdict::error);
  apply(expectations, all);
  EXPECT_EQ(all[0].outcome.verdict, Verdict::known);
  EXPECT_EQ(all[1].outcome.verdict, Verdict::pass);
}

TEST_F(Known, AnErrorOrWhatDoesNotApplyIsNeverKnown) {
  const auto expectations = expected("  v5/*: {verdict: fail, reason: r}\n");
  auto all = results(Verdict::error, Verdict::not_applicable, Verdict::skipped);
  apply(expectations, all);
  EXPECT_EQ(all[0].outcome.verdict, Verdict::error);
  EXPECT_EQ(all[1].outcome.verdict, Verdict::not_applicable);
  EXPECT_EQ(all[2].outcome.verdict, Verdict::skipped);
}

TEST_F(Known, TheFileIsUpdatedByWhatWasDecided) {
  const auto expectations = expected(
      "  v5/a/1: {verdict: fail, reason: \"a \\\"reason\\\"\"}\n"
      "  v5/a/2: {verdict: fail, reason: gone}\n");
  auto all = results(Verdict::fail, Verdict::pass, Verdict::fail);
  apply(expectations, all);
  Expectations again;
  EXPECT_THAT(read_expectations(updated(expectations, all), again), IsEmpty());
  ASSERT_EQ(again.cases.size(), 2u);
  EXPECT_EQ(again.cases[0].pattern, "v5/a/1");
  EXPECT_EQ(again.cases[0].reason, "a \"reason\"");
  EXPECT_EQ(again.cases[1].pattern, "v5/c");
  EXPECT_THAT(again.cases[1].reason, HasSubstr("to be argued"));
}

TEST_F(Known, OneReasonCoversTheCasesOfOneCauseAndHidesNoOther) {
  Expectations expectations;
  EXPECT_THAT(read_expectations("version: 1\ncauses:\n"
                                "  - reason: r\n    got: PUBACK*\n    cases: [v5/a/*, v5/c]\n",
                                expectations),
              IsEmpty());
  auto all = results(Verdict::fail, Verdict::fail, Verdict::pass);
  all[0].outcome.failure = Failure{.place = {}, .step = {}, .expected = {}, .got = "PUBACK id=1"};
  all[1].outcome.failure = Failure{.place = {}, .step = {}, .expected = {}, .got = "a close"};
  mq::conformance::apply(expectations, all);
  EXPECT_EQ(all[0].outcome.verdict, Verdict::known);
  EXPECT_EQ(all[1].outcome.verdict, Verdict::fail);  // with something else
  EXPECT_EQ(all[2].outcome.verdict, Verdict::fixed);
  const std::string text = updated(expectations, all);
  EXPECT_THAT(text, HasSubstr("causes:\n  - verdict: fail\n    reason: \"r\"\n"
                              "    got: \"PUBACK*\"\n    cases:\n      - v5/a/*\ncases:\n"
                              "  v5/a/2:\n"));
  Expectations again;
  EXPECT_THAT(read_expectations(text, again), IsEmpty());
  EXPECT_EQ(again.cases.size(), 2u);
}

TEST_F(Known, EveryMistakeIsToldWithItsPlace) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"version: 2\n", "x:1:10: expected 1"},
      {"csaes: {}\n", "did you mean `cases`?"},
      {"cases:\n  a: {verdict: fail, reason: r}\n", "x:2:3: expected a case's id"},
      {"cases:\n  v5/a: {verdict: fails, reason: r}\n", "expected fail or sometimes"},
      {"cases:\n  v5/a: {verdict: fail}\n", "says its reason"},
      {"cases:\n  v5/a: {verdict: fail, reson: r}\n", "did you mean `reason`?"},
      {"cases:\n  v5/a: fail\n", "expected {verdict"},
      {"causes: x\n", "x:1:9: expected a list of causes"},
      {"causes:\n  - {reason: r}\n", "expected the ids of its cases"},
      {"causes:\n  - {reason: r, cases: [a]}\n", "expected a case's id"},
      {"causes:\n  - {cases: [v5/a]}\n", "says its reason"},
      {"causes:\n  - {reasons: r, cases: [v5/a]}\n", "`reasons` is no key"},
  };
  for (const auto& [yaml, told] : mistakes) {
    Expectations expectations;
    std::string all;
    for (const auto& problem : read_expectations(yaml, expectations))
      all += scenario::to_text("x", problem) + "\n";
    EXPECT_THAT(all, HasSubstr(told)) << yaml;
  }
}

TEST_F(Known, TheCommittedFilesAreInOrder) {
  const Library library = embedded_library();
  for (const char* name : {"mosquitto", "client-mosquitto", "client-mqttjs"}) {
    std::ifstream in(std::string(MQ_SOURCE_DIR "/conformance/expectations/") + name + ".yaml");
    const std::string yaml((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    Expectations expectations;
    EXPECT_THAT(read_expectations(yaml, expectations), IsEmpty());
    EXPECT_THAT(idle_patterns(expectations, library), IsEmpty());
    for (const Expected& one : expectations.cases)
      EXPECT_THAT(one.reason, testing::Not(HasSubstr("to be argued"))) << one.pattern;
  }
}

}  // namespace
}  // namespace mq::conformance
