#include "conformance/checks/calls.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class CallsTest : public LedgerTest {
 protected:
  Finding judge(const std::string& wanted) {
    trace.run().expectations.push_back({.id = "calls", .argument = wanted});
    return finding(judged(), "calls");
  }
  void is_called(bool answered, Duration took) {
    trace.after(took);
    trace.happens(trace::Called{sensor, answered, took});
  }
};

TEST_F(CallsTest, WhoCannotBeCalledIsSaidWithHowLongItWasTried) {
  is_called(false, 127s);
  is_called(false, 63s);
  const Finding found = judge("unanswered");
  EXPECT_EQ(found.verdict, held);
  EXPECT_EQ(found.measured, "0 of 2 answered, given up after 2.12 min");
}

TEST_F(CallsTest, OneAnswerBreaksIt) {
  is_called(false, 127s);
  is_called(true, 60ms);
  const Finding found = judge("unanswered");
  EXPECT_EQ(found.verdict, broken);
  EXPECT_EQ(found.broken, 1u);
  EXPECT_NE(found.evidence.at(0).text.find("called sensor"), std::string::npos);
  EXPECT_NE(found.evidence.at(0).text.find("was answered after 60 ms"), std::string::npos);
}

TEST_F(CallsTest, WhoIsToBeReachedMustAnswer) {
  is_called(true, 60ms);
  EXPECT_EQ(judge("answered").verdict, held);
  is_called(false, 127s);
  EXPECT_EQ(judge("answered").verdict, broken);
}

TEST_F(CallsTest, NobodyWhoWasNotCalledHasKeptAnything) {
  EXPECT_EQ(judge("unanswered").verdict, not_tried);
}

TEST_F(CallsTest, WithoutAnExpectationNothingIsSaid) {
  is_called(true, 60ms);
  for (const Finding& one : judged().findings) EXPECT_NE(one.id, "calls");
}

}  // namespace
}  // namespace mq::checks
