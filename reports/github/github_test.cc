#include "reports/github/github.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "reports/github/annotations.h"
#include "reports/testing/demo_conform.h"

namespace mq::report::github {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Github, AnAnnotationIsOneLineWhateverItsTextSays) {
  const std::string line = commands({{.title = "a: b, c\n::error::x",
                                      .message = "100 % of\r\n::warning title=y::z",
                                      .file = "scenarios/a.yaml"}});
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_THAT(line, StartsWith("::error title=a%3A b%2C c"));
  EXPECT_THAT(line, HasSubstr(",file=scenarios/a.yaml::100 %25 of"));
}

TEST(Github, TenAnnotationsAreShownAndOfElevenTheLastSaysHowManyAreLeft) {
  const auto lines = [](std::size_t number) {
    const std::string text =
        commands(std::vector<Annotation>(number, {.title = "t", .message = "m"}));
    return std::pair(std::count(text.begin(), text.end(), '\n'), text);
  };
  EXPECT_EQ(lines(annotations_max).first, 10);
  EXPECT_THAT(lines(annotations_max).second, Not(HasSubstr("more;")));
  EXPECT_EQ(lines(annotations_max + 1).first, 10);
  EXPECT_THAT(lines(annotations_max + 1).second, HasSubstr("::2 more;"));
}

TEST(Github, ASummaryFitsAtTheLimitAndIsCutAtALineOneBytePastIt) {
  std::string text(summary_bytes_max, 'x');
  for (std::size_t i = 99; i < text.size(); i += 100) text[i] = '\n';
  EXPECT_EQ(fitting(text, 0), text);
  const std::string shorter = fitting(text, 1);
  EXPECT_LT(shorter.size() + 1, summary_bytes_max);
  EXPECT_THAT(shorter, EndsWith("see the results folder.\n"));
  EXPECT_THAT(shorter, HasSubstr("x\n\n\nThe rest"));
  EXPECT_EQ(fitting("more", summary_bytes_max), "");
}

TEST(Github, WhatFailsARunOfConformIsAnnotatedAndWhatIsKnownIsNot) {
  const ConformResults results = testing::demo_conform({.deviates = true});
  const std::vector<Annotation> all = annotations_of(results);
  const ConformTally counts = tally_of(results);
  EXPECT_EQ(all.size(), counts[ConformVerdict::fail] + counts[ConformVerdict::fixed] +
                            counts[ConformVerdict::error]);
  EXPECT_EQ(all[0].title, "mosquitto: v5/MQTT-4.1.0-1");
  EXPECT_THAT(all[0].message, StartsWith("v5/case-1 fail: expected PUBLISH dup=1, got PUBLISH"));
  EXPECT_THAT(annotations_of(testing::demo_conform({})), ::testing::IsEmpty());
  ConformResults lost = testing::demo_conform({});
  lost.lost = "it stopped answering";
  EXPECT_EQ(annotations_of(lost).at(0).message, "it stopped answering");
}

TEST(Github, APromiseThatARunBrokeIsAnnotatedWithWhatWasSeen) {
  Results results;
  results.complete = true;
  results.run.scenario = "train";
  results.findings.push_back({.id = "qos1",
                              .promise = "QoS 1 arrives.",
                              .verdict = checks::Verdict::broken,
                              .limit = "0 lost",
                              .measured = "3 of 9 lost"});
  results.findings.push_back({.id = "qos2", .promise = {}, .verdict = checks::Verdict::held});
  const std::vector<Annotation> all = annotations_of(results);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "train: qos1");
  EXPECT_EQ(all[0].message, "QoS 1 arrives. 3 of 9 lost (limit: 0 lost)");
}

}  // namespace
}  // namespace mq::report::github
