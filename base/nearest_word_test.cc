#include "base/nearest_word.h"

#include <gtest/gtest.h>

namespace mq {
namespace {

TEST(NearestWord, ForgivesASlipOfTheFinger) {
  const std::vector<std::string_view> words = {"publish", "subscribe", "will", "link"};
  EXPECT_EQ(nearest_word("publsh", words), "publish");
  EXPECT_EQ(nearest_word("pubilsh", words), "publish");
  EXPECT_EQ(nearest_word("Will", words), "will");
  EXPECT_EQ(nearest_word("subscribes", words), "subscribe");
  EXPECT_EQ(did_you_mean("lnk", {"link"}), ", did you mean link?");
}

TEST(NearestWord, IsSilentAboutAnotherWord) {
  EXPECT_EQ(nearest_word("nat", {"rate", "link"}), "");
  EXPECT_EQ(nearest_word("", {"a"}), "");
  EXPECT_EQ(nearest_word("x", {"a"}), "");
  EXPECT_EQ(nearest_word(std::string(1'000'000, 'a'), {"a"}), "");
  EXPECT_EQ(nearest_word("a", {}), "");
  EXPECT_EQ(did_you_mean("something else", {"--topic", "--will-topic"}), "");
}

}  // namespace
}  // namespace mq
