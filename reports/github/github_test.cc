#include "reports/github/github.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace mq::report::github {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Github, AnAnnotationIsOneLineWhateverItsTextSays) {
  const std::string line = commands({{.level = Level::error,
                                      .title = "a: b, c\n::error::x",
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

}  // namespace
}  // namespace mq::report::github
