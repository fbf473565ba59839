// A few bugs of the catalogue; all of them are for catalogue_long_test.cc.
#include <gtest/gtest.h>

#include "explore/testing/expect_found.h"

namespace mq::explore {
namespace {

TEST(Catalogue, EveryBugHasANameOfItsOwnAndOneSwitch) {
  std::set<std::string> names;
  const auto bugs = all_bugs();
  for (const Bug& bug : bugs) {
    EXPECT_TRUE(names.insert((bug.of_client ? "client " : "broker ") + bug.name).second)
        << bug.name;
    const int switches = (bug.broker_fault != broker::Fault::none) +
                         (bug.client_fault != client::Fault::none) + bool(bug.behaviour);
    EXPECT_EQ(switches, 1) << bug.name;
    EXPECT_FALSE(bug.promises.empty()) << bug.name;
  }
  EXPECT_GE(bugs.size(), 40U);
}

TEST(Catalogue, BugsAreFoundMadeSmallAndNamedRightly) {
  for (const char* name :
       {"empties a session that it says it has resumed", "sends PUBREL once only",
        "publishes a will although its client came back in time", "does not store subscriptions"})
    expect_found(bug_called(name));
}

// Nothing is found where nothing is wrong. As many as the commit tier has time for.
TEST(Catalogue, OursBreakNoPromise) { expect_sound(1, 300); }

}  // namespace
}  // namespace mq::explore
