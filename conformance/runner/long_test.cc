// Cases with the tag `long`: so many packets that they take minutes where memory is watched.
#include <gtest/gtest.h>

#include "conformance/runner/library.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

TEST(Library, OurBrokerPassesEveryLongCase) {
  const Library library = embedded_library();
  const auto all = selected(library, {.only = {"tag:long"}});
  EXPECT_GE(all.size(), 3u);
  for (const Case* one : all)
    EXPECT_EQ(play_against_ours(*one, 1).verdict, Verdict::pass) << one->id;
}

}  // namespace
}  // namespace mq::conformance
