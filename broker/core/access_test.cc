// Rules of who may do what, by themselves (mosquitto's access lists; security.md, section 1).
#include "broker/core/access.h"

#include <gtest/gtest.h>

namespace mq::broker {
namespace {

using Grant = AccessRules::Grant;
using Part = AccessRules::Part;

constexpr Who ann{"ann", "a1"};
constexpr Who nobody{"", "n1"};

TEST(AccessRules, NothingIsGrantedWithoutARule) {
  const AccessRules rules;
  EXPECT_FALSE(rules.may_read(ann, "t"));
  EXPECT_FALSE(rules.may_write(ann, "t"));
  EXPECT_EQ(rules.may_subscribe(ann, "#"), Part::nothing);
}

TEST(AccessRules, AGrantIsForItsUserAndItsDirection) {
  AccessRules rules;
  rules.add("ann", Grant::read, "in/#");
  rules.add("ann", Grant::write, "out/+");
  rules.add("ann", Grant::read_and_write, "both");
  EXPECT_TRUE(rules.may_read(ann, "in/a/b"));
  EXPECT_TRUE(rules.may_read(ann, "in"));
  EXPECT_FALSE(rules.may_write(ann, "in/a/b"));
  EXPECT_TRUE(rules.may_write(ann, "out/a"));
  EXPECT_FALSE(rules.may_read(ann, "out/a"));
  EXPECT_FALSE(rules.may_write(ann, "out/a/b"));
  EXPECT_TRUE(rules.may_read(ann, "both") && rules.may_write(ann, "both"));
  EXPECT_FALSE(rules.may_read({"bob", "a1"}, "in/a"));
  EXPECT_FALSE(rules.may_read(nobody, "in/a"));
}

TEST(AccessRules, RulesWithoutAUserAreForNobodyElse) {
  AccessRules rules;
  rules.add("", Grant::read, "public/#");
  EXPECT_TRUE(rules.may_read(nobody, "public/a"));
  EXPECT_FALSE(rules.may_read(ann, "public/a"));
}

TEST(AccessRules, ADenialOutweighsEveryGrantWhereverItStands) {
  AccessRules rules;
  rules.add("ann", Grant::read_and_write, "a/#");
  rules.add("ann", Grant::deny, "a/secret");
  rules.add_pattern(Grant::read, "a/secret");
  rules.add_pattern(Grant::deny, "a/%u/no");
  EXPECT_TRUE(rules.may_read(ann, "a/b"));
  EXPECT_FALSE(rules.may_read(ann, "a/secret"));
  EXPECT_FALSE(rules.may_write(ann, "a/secret"));
  EXPECT_FALSE(rules.may_read(ann, "a/ann/no"));
  EXPECT_TRUE(rules.may_read({"bob", "b"}, "a/secret"));
}

TEST(AccessRules, PatternsAreFilledInForEachClient) {
  AccessRules rules;
  rules.add_pattern(Grant::write, "dev/%c/up");
  rules.add_pattern(Grant::read, "user-%u/%c/+/#");
  EXPECT_TRUE(rules.may_write(ann, "dev/a1/up"));
  EXPECT_TRUE(rules.may_write(nobody, "dev/n1/up"));
  EXPECT_FALSE(rules.may_write(ann, "dev/n1/up"));
  EXPECT_FALSE(rules.may_write(ann, "dev/a1/up/more"));
  EXPECT_TRUE(rules.may_read(ann, "user-ann/a1/x"));
  EXPECT_TRUE(rules.may_read(ann, "user-ann/a1/x/y/z"));
  EXPECT_FALSE(rules.may_read(ann, "user-ann/a1"));
  EXPECT_FALSE(rules.may_read(nobody, "user-/n1/x"));  // moquette #963
}

// CVE-2017-7650: a name made of wildcards or levels widens nothing.
TEST(AccessRules, NamesNeverWidenAPattern) {
  AccessRules rules;
  rules.add_pattern(Grant::read_and_write, "u/%u/x");
  rules.add_pattern(Grant::read_and_write, "c/%c");
  for (const char* name : {"#", "+", "a/b", "+/x", "x#", "/", "a+"}) {
    const Who who{name, name};
    for (const char* topic : {"u/ann/x", "u/a/b/x", "c/a/b", "c/a", "c//", "c", "u//x", "u/a/x"}) {
      EXPECT_FALSE(rules.may_read(who, topic)) << name << " " << topic;
      EXPECT_FALSE(rules.may_write(who, topic)) << name << " " << topic;
    }
    EXPECT_EQ(rules.may_subscribe(who, "u/#"), Part::nothing) << name;
    EXPECT_EQ(rules.may_subscribe(who, "c/+"), Part::nothing) << name;
    EXPECT_EQ(rules.may_subscribe(who, "#"), Part::nothing) << name;
  }
}

TEST(AccessRules, NamesNeverNarrowADenial) {
  AccessRules rules;
  rules.add("a/b", Grant::read_and_write, "#");
  rules.add_pattern(Grant::deny, "u/%u/x");
  EXPECT_FALSE(rules.may_read({"a/b", "c"}, "u/a/b/x"));
  EXPECT_TRUE(rules.may_read({"a/b", "c"}, "u/a/x"));
  rules.add("+", Grant::read_and_write, "#");
  EXPECT_TRUE(rules.may_read({"+", "c"}, "u/a/x"));  // text, so it denies nothing
  EXPECT_EQ(rules.may_subscribe({"+", "c"}, "u/+/x"), Part::all);
}

TEST(AccessRules, APlaceholderInAUsersOwnRuleIsText) {
  AccessRules rules;
  rules.add("ann", Grant::read, "%u");
  EXPECT_TRUE(rules.may_read(ann, "%u"));
  EXPECT_FALSE(rules.may_read(ann, "ann"));
}

TEST(AccessRules, WildcardsDoNotReachTheBrokersTopics) {
  AccessRules rules;
  rules.add("ann", Grant::read, "#");
  rules.add_pattern(Grant::read, "+/x");
  EXPECT_FALSE(rules.may_read(ann, "$SYS/x"));
  EXPECT_EQ(rules.may_subscribe(ann, "$SYS/#"), Part::nothing);
  rules.add("ann", Grant::read, "$SYS/#");
  EXPECT_TRUE(rules.may_read(ann, "$SYS/x"));
  EXPECT_EQ(rules.may_subscribe(ann, "$SYS/#"), Part::all);
}

struct Case {
  const char* rule;
  const char* filter;
  Part part;
};

TEST(AccessRules, AFilterMayBeReadInPart) {
  const Case cases[] = {
      {"a/b", "a/b", Part::all},
      {"a/b", "a/+", Part::some},
      {"a/b", "#", Part::some},
      {"a/b", "a/c", Part::nothing},
      {"a/b", "a", Part::nothing},
      {"a/b", "a/b/#", Part::some},
      {"a/b", "a/b/+", Part::nothing},
      {"a/#", "a", Part::all},
      {"a/#", "a/+/c", Part::all},
      {"a/#", "#", Part::some},
      {"a/+", "a/+", Part::all},
      {"a/+", "a/#", Part::some},
      {"a/+", "+/b", Part::some},
      {"a/+", "+/b/c", Part::nothing},
      {"#", "#", Part::all},
      {"#", "+/a", Part::all},
      {"#", "$SYS/a", Part::nothing},
      {"+/a", "$SYS/a", Part::nothing},
      {"$SYS/a", "#", Part::nothing},
      {"$SYS/a", "+/a", Part::nothing},
      {"$SYS/+", "$SYS/#", Part::some},
      {"a/#", "$share/g/a/b", Part::all},
      {"a/b", "$share/g/a/#", Part::some},
      {"a/b", "$share/g/c", Part::nothing},
      {"+", "a", Part::all},
      {"+", "/a", Part::nothing},
      {"/#", "/a", Part::all},
      {"a/+/c", "+/b/+", Part::some},
  };
  for (const Case& one : cases) {
    AccessRules rules;
    rules.add("ann", Grant::read, one.rule);
    EXPECT_EQ(rules.may_subscribe(ann, one.filter), one.part) << one.rule << " " << one.filter;
  }
}

TEST(AccessRules, DenialsAndWritingCountForFilters) {
  AccessRules rules;
  rules.add("ann", Grant::read, "a/#");
  rules.add("ann", Grant::deny, "a/b/#");
  rules.add("ann", Grant::write, "w/#");
  EXPECT_EQ(rules.may_subscribe(ann, "a/#"), Part::some);
  EXPECT_EQ(rules.may_subscribe(ann, "a/c"), Part::all);
  EXPECT_EQ(rules.may_subscribe(ann, "a/b/c"), Part::nothing);
  EXPECT_EQ(rules.may_subscribe(ann, "a/b/#"), Part::nothing);
  EXPECT_EQ(rules.may_subscribe(ann, "w/a"), Part::nothing);
  rules.add_pattern(Grant::read, "p/%u/#");
  EXPECT_EQ(rules.may_subscribe(ann, "p/ann/+"), Part::all);
  EXPECT_EQ(rules.may_subscribe(ann, "p/+"), Part::some);
}

}  // namespace
}  // namespace mq::broker
