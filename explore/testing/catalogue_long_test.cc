#include <gtest/gtest.h>

#include "explore/testing/expect_found.h"

namespace mq::explore {
namespace {

TEST(CatalogueLong, EveryBugIsFoundMadeSmallAndNamedRightly) {
  for (const Bug& bug : all_bugs()) expect_found(bug);
}

TEST(CatalogueLong, OursBreakNoPromiseInAHundredThousandRuns) { expect_sound(1, 100'000); }

}  // namespace
}  // namespace mq::explore
