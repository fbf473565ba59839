#include "broker/access/acl_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::broker {
namespace {

AccessRules parse(std::string_view text) { return parse_acl(text, "acl"); }

std::string fault(std::string_view text) {
  try {
    parse(text);
  } catch (const FileFault& error) {
    return error.what();
  }
  return "no fault";
}

TEST(AclFile, IsReadAsMosquittoReadsIt) {
  const AccessRules rules = parse(
      "# who may do what\n"
      "topic read public/#\n"
      "\n"
      "user ann\r\n"
      "topic write f2/kuehltheke/temp\n"
      "  topic\tboth/+ \n"
      "topic deny both/not\n"
      "user bob the builder\n"
      "topic readwrite with blanks/#\n"
      "pattern write dev/%c/up\n"
      "topic read\n"
      "#topic readwrite #");
  EXPECT_TRUE(rules.may_read({"", "x"}, "public/a"));
  EXPECT_FALSE(rules.may_read({"ann", "x"}, "public/a"));
  EXPECT_TRUE(rules.may_write({"ann", "x"}, "f2/kuehltheke/temp"));
  EXPECT_FALSE(rules.may_write({"bob", "x"}, "f2/kuehltheke/temp"));
  EXPECT_TRUE(rules.may_read({"ann", "x"}, "both/a"));
  EXPECT_TRUE(rules.may_write({"ann", "x"}, "both/a"));
  EXPECT_FALSE(rules.may_read({"ann", "x"}, "both/not"));
  EXPECT_TRUE(rules.may_write({"bob the builder", "x"}, "with blanks/a"));
  EXPECT_TRUE(rules.may_write({"ann", "x"}, "dev/x/up"));
  EXPECT_TRUE(rules.may_read({"bob the builder", "x"}, "read"));  // a topic of that name
  EXPECT_EQ(rules.size(), 7u);
}

// CVE-2018-12550: an empty file is no file that allows everything.
TEST(AclFile, AnEmptyFileAllowsNothing) {
  for (const char* text : {"", "\n\n", "# nothing\n"}) {
    const AccessRules rules = parse(text);
    EXPECT_FALSE(rules.may_write({"ann", "a"}, "t"));
    EXPECT_FALSE(rules.may_read({"", "a"}, "t"));
  }
}

TEST(AclFile, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_EQ(fault("topic a\nusr ann\n"),
            "acl:2:1: expected user, topic or pattern, got \"usr\", did you mean user?");
  EXPECT_EQ(fault("  topic raed a/b"),
            "acl:1:9: expected read, write, readwrite or deny, got \"raed\", did you mean read?");
  EXPECT_EQ(fault("user"), "acl:1:5: expected the name of a user behind user");
  EXPECT_EQ(fault("topic"), "acl:1:6: expected a topic");
  EXPECT_THAT(fault("topic read a#"), testing::StartsWith("acl:1:12: \"a#\" is no topic filter"));
  EXPECT_THAT(fault("pattern a/+b\r"), testing::StartsWith("acl:1:9: \"a/+b\" is no topic filter"));
  EXPECT_THAT(fault("topic $share/g/a"), testing::StartsWith("acl:1:7: expected the topics"));
  EXPECT_EQ(fault("topic \xFF"), "acl:1:7: expected UTF-8 text");
  EXPECT_EQ(fault("\x1B[31m"), "acl:1:1: expected user, topic or pattern, got \"?[31m\"");
}

TEST(AclFile, AFileThatIsNotThereIsAFault) {
  EXPECT_THROW(read_acl_file("/nowhere/acl"), FileFault);
  EXPECT_THROW(read_acl_file("/"), FileFault);
}

}  // namespace
}  // namespace mq::broker
