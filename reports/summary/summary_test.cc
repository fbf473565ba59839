#include "reports/summary/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

Results run(bool hostile) {
  return testing::DemoRun({.sensors = 2, .duration = 1h, .hostile = hostile}).results();
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Summary, HasVerdictPromisesEvidenceAndHowToRepeat) {
  const std::string text = summary_markdown(run(false));
  EXPECT_THAT(text, HasSubstr("Broken: a commuter train with tunnels"));
  EXPECT_THAT(
      text,
      HasSubstr("broken | A message of QoS 1 arrives at least once | 0 lost | 3 of 4,080 lost |"));
  EXPECT_THAT(text, HasSubstr("never reached dashboard"));
  EXPECT_THAT(text, HasSubstr("\n    ./mqttlab run scenarios/commuter-train.yaml --seed 1\n"));
}

TEST(Summary, NoTextBecomesMarkdownOrHtml) {
  const std::string text = summary_markdown(run(true));
  EXPECT_EQ(lines_of(text), lines_of(summary_markdown(run(false))));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
  EXPECT_THAT(text, Not(HasSubstr("<script")));
  EXPECT_THAT(text, Not(HasSubstr("[x](")));
  EXPECT_THAT(text, Not(HasSubstr("https://")));
  EXPECT_LT(text.size(), 1U << 20);
}

// Polling beside pushing: only where somebody reads values that way.
TEST(Summary, PutsWhatValuesCostSideBySide) {
  Results results = run(false);
  EXPECT_THAT(summary_markdown(results), Not(HasSubstr("came within")));
  EXPECT_THAT(terminal_text(results, Colour::off), Not(HasSubstr("came within")));
  CostRow& pollers = results.costs.rows.emplace_back();
  pollers.group = "pollers";
  pollers.bytes_up = 1'290'000;
  pollers.microjoules = 7'850'000'000;
  pollers.values = {237, 8750ms, 20s, 30s};
  pollers.age_mean = 72'200ms;
  EXPECT_THAT(summary_markdown(results),
              HasSubstr("\n| pollers | 1.29 MB | 0 B |  | 7.85 kJ | 237 | 8.75 s | 72.2 s |\n"));
  EXPECT_THAT(terminal_text(results, Colour::off),
              ::testing::ContainsRegex("\n  pollers +1.29 MB +0 B +7.85 kJ +237 +8.75 s +72.2 s"));
}

TEST(Terminal, NoTextCarriesAnEscapeSequence) {
  const std::string text = terminal_text(run(true), Colour::off);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(lines_of(text), lines_of(terminal_text(run(false), Colour::off)));
}

TEST(Terminal, NamesWhatDidNotHold) {
  const std::string text = terminal_text(run(false), Colour::on);
  EXPECT_THAT(text, HasSubstr("\x1b[1;31mBroken\x1b[0m: 1 of 7 promises was broken."));
  EXPECT_THAT(text, HasSubstr("3 of 4,080 lost (limit: 0 lost)"));
  EXPECT_THAT(text, HasSubstr("repeat  ./mqttlab run"));
}

TEST(Terminal, APromiseBeforeAColonHasNoFullStop) {
  Results results = run(false);
  for (auto& finding : results.findings)
    if (finding.id == "qos1") finding.promise = "It arrives.";
  EXPECT_THAT(terminal_text(results, Colour::off), HasSubstr("  It arrives: 3 of 4,080 lost"));
}

}  // namespace
}  // namespace mq::report
