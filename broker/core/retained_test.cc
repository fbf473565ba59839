#include "broker/core/retained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::broker {
namespace {

class Keeping : public ::testing::Test {
 protected:
  void set(const std::string& topic, const std::string& payload,
           std::optional<Instant> expires_at = {}) {
    auto letter = std::make_shared<Letter>();
    letter->message.topic = topic;
    letter->message.payload = Bytes::copy(payload);
    letter->message.expires_at = expires_at;
    retained.set(letter);
  }
  std::vector<std::string> topics(const std::string& filter) {
    std::vector<std::string> found;
    retained.for_each(filter, [&](const LetterRef& l) { found.push_back(l->message.topic); });
    return found;
  }

  Retained retained;
};

using ::testing::ElementsAre;

TEST_F(Keeping, FindsByFilterInTheOrderOfTheLevels) {
  for (const char* topic : {"b", "a/b", "a", "a/b/c", "/", "$s/a"}) set(topic, "x");
  EXPECT_THAT(topics("#"), ElementsAre("/", "a", "a/b", "a/b/c", "b"));
  EXPECT_THAT(topics("a/#"), ElementsAre("a", "a/b", "a/b/c"));
  EXPECT_THAT(topics("+"), ElementsAre("a", "b"));
  EXPECT_THAT(topics("+/b"), ElementsAre("a/b"));
  EXPECT_THAT(topics("+/+"), ElementsAre("/", "a/b"));
  EXPECT_THAT(topics("a"), ElementsAre("a"));
  EXPECT_THAT(topics("$s/+"), ElementsAre("$s/a"));
  EXPECT_THAT(topics("c"), ElementsAre());
}

TEST_F(Keeping, CountsWhatItHolds) {
  set("a", "xx");
  set("a/b", "xx");
  EXPECT_EQ(retained.bytes(), 8u);
  set("a", "x");
  EXPECT_EQ(retained.size(), 2u);
  EXPECT_EQ(retained.bytes(), 7u);
  EXPECT_TRUE(retained.erase("a"));
  EXPECT_FALSE(retained.erase("a"));
  EXPECT_FALSE(retained.erase("a/b/c"));
  EXPECT_EQ((*retained.find("a/b"))->message.topic, "a/b");
  EXPECT_TRUE(retained.erase("a/b"));
  EXPECT_EQ(retained.size(), 0u);
  EXPECT_EQ(retained.bytes(), 0u);
  EXPECT_EQ(retained.find("a/b"), nullptr);
}

TEST_F(Keeping, NamesTheFirstToExpire) {
  const Instant start{};
  set("a", "x", start + std::chrono::seconds(2));
  set("b", "x", start + std::chrono::seconds(1));
  EXPECT_EQ(retained.deadline(), start + std::chrono::seconds(1));
  EXPECT_EQ(retained.first_expired(start), std::nullopt);
  EXPECT_EQ(retained.first_expired(start + std::chrono::seconds(5)), "b");
  set("b", "y");  // replaced by one that stays
  EXPECT_EQ(retained.deadline(), start + std::chrono::seconds(2));
  retained.erase("a");
  EXPECT_EQ(retained.deadline(), std::nullopt);
}

}  // namespace
}  // namespace mq::broker
