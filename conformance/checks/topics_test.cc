#include "conformance/checks/topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/topic.h"

namespace mq::checks {
namespace {

using testing::ElementsAre;

TEST(Topics, ATopicKnowsItsFiltersWhicheverCameFirst) {
  Topics topics;
  const auto early = topics.filter("fleet/+/temp");
  const auto topic = topics.topic("fleet/s1/temp");
  const auto late = topics.filter("fleet/#");
  const auto plain = topics.filter("fleet/s1/temp");
  const auto other = topics.filter("fleet/s2/temp");
  EXPECT_THAT(topics.filters_of(topic), ElementsAre(early, late, plain));
  EXPECT_THAT(topics.topics_of(late), ElementsAre(topic));
  EXPECT_TRUE(topics.matches(plain, topic));
  EXPECT_FALSE(topics.matches(other, topic));
}

TEST(Topics, TheSameTextIsTheSameNumber) {
  Topics topics;
  EXPECT_EQ(topics.topic("a"), topics.topic("a"));
  EXPECT_EQ(topics.filter("a"), topics.filter("a"));
  EXPECT_NE(topics.topic("a"), topics.topic("b"));
}

TEST(Topics, ASharedFilterMatchesByItsInnerFilter) {
  Topics topics;
  const auto plain = topics.filter("$share/workers/jobs");
  const auto wild = topics.filter("$share/workers/jobs/#");
  const auto topic = topics.topic("jobs");
  EXPECT_TRUE(topics.is_shared(plain));
  EXPECT_THAT(topics.filters_of(topic), ElementsAre(plain, wild));
}

TEST(Topics, AgreesWithTheMatcherOnEveryPair) {
  const std::vector<const char*> names = {"a",    "a/b",    "a/b/c", "/",  "/a",  "a/",
                                          "$SYS", "$SYS/a", "b//c",  "//", "a//b"};
  const std::vector<const char*> filters = {"#",     "+",     "a/#", "a/+",    "+/b",    "a/b",
                                            "/+",    "+/+",   "/#",  "$SYS/#", "$SYS/+", "+/a",
                                            "a/+/c", "b/+/c", "+/#", "a/b/#"};
  for (const bool filters_first : {true, false}) {
    Topics topics;
    if (filters_first)
      for (const auto* filter : filters) topics.filter(filter);
    for (const auto* name : names) topics.topic(name);
    for (const auto* filter : filters)
      for (const auto* name : names)
        EXPECT_EQ(topics.matches(topics.filter(filter), topics.topic(name)),
                  mq::matches(filter, name))
            << filter << " and " << name;
  }
}

}  // namespace
}  // namespace mq::checks
