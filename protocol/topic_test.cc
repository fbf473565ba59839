#include "protocol/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mq {
namespace {

// v3.1.1 MQTT-4.7.3-1 and -4.7.1-1, v5 MQTT-4.7.3-1 and -4.7.0-1.
TEST(TopicName, IsAnythingButEmptyOrWithWildcards) {
  for (auto name : {"a", "/", "//", "a/b", "$SYS", "$share/g/t", " ", "a b/c"})
    EXPECT_EQ(topic_name_breaks(name), std::nullopt) << name;
  EXPECT_EQ(topic_name_breaks(""), Rule::topic_name_has_a_character);
  for (auto name : {"+", "#", "a/+", "a/#", "a+", "a#b"})
    EXPECT_EQ(topic_name_breaks(name), Rule::topic_name_has_no_wildcard) << name;
}

// v3.1.1 MQTT-4.7.1-2 and -3, v5 MQTT-4.7.1-1 and -2.
TEST(TopicFilter, HasWildcardsOnlyAsWholeLevels) {
  for (auto filter : {"#", "+", "/", "a/#", "a/+", "+/+", "/+", "+/", "a/+/b", "+/#", "/#",
                      "$SYS/#", "$share", "$sharex/a", "$SHARE/a"})
    EXPECT_EQ(topic_filter_breaks(filter), std::nullopt) << filter;
  for (auto filter :
       {"a#", "a/#/b", "#/", "##", "#/a", "a+", "+a", "a/b+", "a/+b/c", "++", "+#", "a/b#"})
    EXPECT_EQ(topic_filter_breaks(filter), Rule::topic_filter_wildcards_stand_alone) << filter;
  EXPECT_EQ(topic_filter_breaks(""), Rule::topic_filter_has_a_character);
}

// v5 MQTT-4.8.2-1 and -2.
TEST(SharedFilter, NeedsAGroupAndAFilter) {
  for (auto filter :
       {"$share/g/t", "$share/g/#", "$share/g//", "$share/g/+/a", "$share/$g/$share/x/y"})
    EXPECT_EQ(topic_filter_breaks(filter), std::nullopt) << filter;
  for (auto filter : {"$share/", "$share/g", "$share/g/", "$share//t", "$share/+/t", "$share/g#/t",
                      "$share/#", "$share//"}) {
    EXPECT_EQ(topic_filter_breaks(filter), Rule::shared_subscription_is_well_formed) << filter;
    EXPECT_FALSE(shared(filter)) << filter;
  }
  EXPECT_EQ(topic_filter_breaks("$share/g/a#"), Rule::topic_filter_wildcards_stand_alone);
}

TEST(SharedFilter, ComesApartIntoGroupAndFilter) {
  const auto parts = shared("$share/group/a/+/#");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->group, "group");
  EXPECT_EQ(parts->filter, "a/+/#");
  EXPECT_FALSE(shared("share/g/t"));
  EXPECT_FALSE(shared("$share"));
}

// To 3.1 and 3.1.1 "$share" is a level like any other.
TEST(PlainFilter, DoesNotKnowShares) {
  for (auto filter : {"$share//t", "$share/g", "$share/", "$share/+/t"})
    EXPECT_EQ(plain_topic_filter_breaks(filter), std::nullopt) << filter;
  EXPECT_EQ(plain_topic_filter_breaks("a#"), Rule::topic_filter_wildcards_stand_alone);
  EXPECT_EQ(plain_topic_filter_breaks(""), Rule::topic_filter_has_a_character);
}

struct Match {
  const char* filter;
  const char* name;
  bool matches;
};

// v3.1.1 and v5 section 4.7, MQTT-4.7.2-1.
TEST(Matching, FollowsLevels) {
  const Match table[] = {
      {"a", "a", true},           {"a", "b", false},           {"a", "a/", false},
      {"a/", "a", false},         {"a/", "a/", true},          {"a", "A", false},
      {"/a", "a", false},         {"a", "ab", false},          {"ab", "a", false},
      {"#", "a", true},           {"#", "a/b/c", true},        {"#", "/", true},
      {"a/#", "a", true},         {"a/#", "a/", true},         {"a/#", "a/b/c", true},
      {"a/#", "ab", false},       {"a/#", "b/a", false},       {"+", "a", true},
      {"+", "a/b", false},        {"+", "/a", false},          {"+/+", "/a", true},
      {"/+", "/a", true},         {"+/+", "a", false},         {"a/+", "a", false},
      {"a/+", "a/", true},        {"a/+", "a/b", true},        {"a/+", "a/b/c", false},
      {"a/+/c", "a/b/c", true},   {"a/+/c", "a//c", true},     {"a/+/c", "a/b/d", false},
      {"+/#", "a", true},         {"+/#", "a/b", true},        {"+/+/#", "a", false},
      {"a/+/#", "a/b", true},     {"a/+/#", "a", false},       {"#", "$SYS/x", false},
      {"+/x", "$SYS/x", false},   {"+", "$SYS", false},        {"$SYS/#", "$SYS/x", true},
      {"$SYS/+", "$SYS/x", true}, {"$SYS/#", "$SYS", true},    {"a/#", "a/$x", true},
      {"a/+", "a/$x", true},      {"+/b/#", "a/b", true},      {"$share/g/a/+", "a/b", true},
      {"$share/g/#", "a", true},  {"$share/g/#", "$a", false}, {"a//b", "a/b", false},
  };
  for (const Match& m : table)
    EXPECT_EQ(matches(m.filter, m.name), m.matches) << m.filter << " and " << m.name;
}

TEST(Levels, AreSplitAtEverySlash) {
  const auto split = [](std::string_view text) {
    std::vector<std::string> all;
    Levels levels(text);
    while (const auto level = levels.next()) all.emplace_back(*level);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(split("a"), Names({"a"}));
  EXPECT_EQ(split("a//b"), Names({"a", "", "b"}));
  EXPECT_EQ(split("/"), Names({"", ""}));
  EXPECT_EQ(split("/a/"), Names({"", "a", ""}));
}

}  // namespace
}  // namespace mq
