// Results of `conform` side by side: statements are the promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate/compare.h"
#include "gate/render.h"
#include "reports/testing/demo_conform.h"

namespace mq::gate {
namespace {

using report::ConformResults;
using report::ConformVerdict;
using report::testing::demo_conform;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ConformResults held() { return demo_conform({}); }
Comparison of(const ConformResults& base, const ConformResults& now) {
  return compare({facts_of(base, "base")}, {facts_of(now, "new")}, {});
}
void fail(ConformResults& results, std::size_t at, ConformVerdict verdict) {
  results.judged.at(at).verdict = verdict;
  results.judged[at].miss = {"x.cases:1", "PUBACK", "nothing"};
}
const PromiseChange& first(const Comparison& c) { return c.scenarios.at(0).promises.at(0); }

TEST(GateOfConform, AStatementNewlyFailingFailsAndNamesItsCase) {
  ConformResults now = held();
  fail(now, 1, ConformVerdict::fail);
  const Comparison c = of(held(), now);
  EXPECT_TRUE(c.worse());
  EXPECT_EQ(first(c).id, "v5/MQTT-4.1.0-1");
  EXPECT_THAT(first(c).newly, ElementsAre("v5/case-1"));
  EXPECT_THAT(terminal_text(c, Colour::off),
              AllOf(HasSubstr("v5/MQTT-4.1.0-1: A message that was acknowledged"),
                    HasSubstr("newly broken: v5/case-1"), HasSubstr("expected PUBACK, got nothing"),
                    HasSubstr("new/report.html")));
  EXPECT_EQ(headline(c), "NEW is worse than BASE: 1 promise worse");
}

// An entry in the expectations makes a deviation known; it does not make it go away.
TEST(GateOfConform, WhatIsNewlyKnownToFailIsNewToo) {
  ConformResults now = held();
  fail(now, 1, ConformVerdict::known);
  EXPECT_TRUE(of(held(), now).worse());
}

TEST(GateOfConform, ANewPassIsShownAndDoesNotFail) {
  ConformResults base = held();
  fail(base, 1, ConformVerdict::fail);
  const Comparison c = of(base, held());
  EXPECT_FALSE(c.worse());
  EXPECT_EQ(c.promises(Change::better), 1U);
  EXPECT_THAT(terminal_text(c, Colour::off), HasSubstr("better"));
}

TEST(GateOfConform, AnotherCaseOfAStatementThatFailsAlreadyIsNew) {
  ConformResults base = held();
  fail(base, 1, ConformVerdict::known);
  ConformResults now = base;
  EXPECT_FALSE(of(base, now).worse());
  fail(now, 2, ConformVerdict::known);
  const Comparison c = of(base, now);
  EXPECT_TRUE(c.worse());
  EXPECT_THAT(first(c).newly, ElementsAre("v5/case-2"));
}

TEST(GateOfConform, WhatNoCaseTriesAnyMoreIsWorse) {
  ConformResults now = held();
  for (auto& one : now.judged)
    if (one.statements.front() == "v5/MQTT-4.1.0-1") one.verdict = ConformVerdict::not_applicable;
  EXPECT_TRUE(of(held(), now).worse());
}

TEST(GateOfConform, ARuleThatIsNewlySeenToBreakIsWorse) {
  ConformResults now = held();
  now.watched[0].broken = 1;
  now.watched[0].breaches = {{.rule = "again_has_dup",
                              .sentence = {},
                              .in_case = "v5/case-7",
                              .link = "A",
                              .seen = "PUBLISH id=1 without DUP",
                              .again = {},
                              .packets = {},
                              .transcript = {}}};
  const Comparison c = of(held(), now);
  EXPECT_TRUE(c.worse());
  EXPECT_THAT(first(c).newly, ElementsAre("the rule again_has_dup"));
  EXPECT_THAT(first(c).evidence, HasSubstr("PUBLISH id=1 without DUP"));
}

TEST(GateOfConform, AnInterruptedOrLostRunIsNotComparedAndNeitherIsAnotherSelection) {
  ConformResults now = held();
  now.is_interrupted = true;
  EXPECT_THAT(of(held(), now).problems, ElementsAre(HasSubstr("interrupted")));
  now = held();
  now.lost = "it stopped answering";
  EXPECT_THAT(of(held(), now).problems, ElementsAre(HasSubstr("it stopped answering")));
  now = held();
  now.selection = "--only x";
  EXPECT_THAT(of(held(), now).problems, ElementsAre(HasSubstr("--only x, not all cases")));
}

}  // namespace
}  // namespace mq::gate
