#include "scenarios/language/problem.h"

#include <gtest/gtest.h>

namespace mq::scenario {
namespace {

TEST(Suggestion, QuotesTheWordThatIsNear) {
  EXPECT_EQ(suggestion("publsh", {"publish", "will"}), "; did you mean `publish`?");
  EXPECT_EQ(suggestion("nat", {"rate", "link"}), "");
}

TEST(Quoted, IsShortAndMovesNoCursor) {
  EXPECT_EQ(scenario::in_quotes("a b"), "`a b`");
  EXPECT_EQ(scenario::in_quotes("\033[2J\n\x7f"), "`?[2J??`");
  EXPECT_EQ(scenario::in_quotes("\xc2\x9b"
                                "31m"),
            "`?31m`");  // U+009B begins a control sequence as well
  EXPECT_EQ(scenario::in_quotes(std::string(60, 'a')), "`" + std::string(60, 'a') + "`");
  EXPECT_EQ(scenario::in_quotes(std::string(61, 'a')), "`" + std::string(60, 'a') + "...`");
  // Never half of a character.
  EXPECT_EQ(scenario::in_quotes(std::string(59, 'a') + "\xc3\xa4"),
            "`" + std::string(59, 'a') + "...`");
}

}  // namespace
}  // namespace mq::scenario
