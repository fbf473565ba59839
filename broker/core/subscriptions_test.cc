#include "broker/core/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/rng.h"
#include "broker/core/session.h"
#include "protocol/topic.h"

namespace mq::broker {
namespace {

class Tree : public ::testing::Test {
 protected:
  Session& session(std::uint64_t number) {
    while (sessions.size() < number) {
      sessions.push_back(std::make_unique<Session>(totals));
      sessions.back()->number = sessions.size();
    }
    return *sessions[number - 1];
  }
  Subscription& add(std::uint64_t who, const std::string& filter, SubscriptionOptions options = {},
                    std::optional<std::uint32_t> identifier = {}) {
    auto made = std::make_unique<Subscription>();
    made->session = &session(who);
    made->session_number = who;
    made->entry = {filter, options};
    made->identifier = identifier;
    Subscription& added = *made;
    auto& all = session(who).subscriptions;
    all.insert(session(who).place(filter), std::move(made));
    tree.add(added);
    return added;
  }
  void remove(std::uint64_t who, const std::string& filter) {
    tree.remove(*session(who).find_subscription(filter));
    session(who).subscriptions.erase(session(who).place(filter));
  }
  std::vector<std::uint64_t> receivers(const std::string& topic) {
    std::vector<std::uint64_t> numbers;
    for (const Receiver& receiver : tree.find(topic).receivers)
      numbers.push_back(receiver.session->number);
    return numbers;
  }

  QueueTotals totals;
  std::vector<std::unique_ptr<Session>> sessions;
  Subscriptions tree;
};

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(Tree, ReceiversComeInTheOrderOfTheirSessions) {
  add(3, "a/b");
  add(1, "a/+");
  add(2, "#");
  EXPECT_THAT(receivers("a/b"), ElementsAre(1, 2, 3));
  EXPECT_THAT(receivers("a/c"), ElementsAre(1, 2));
  EXPECT_THAT(receivers("c"), ElementsAre(2));
}

TEST_F(Tree, WhatWasRememberedIsForgottenWhenASubscriptionChanges) {
  EXPECT_THAT(receivers("a"), IsEmpty());
  Subscription& exact = add(1, "a");
  EXPECT_THAT(receivers("a"), ElementsAre(1));
  add(2, "+");
  EXPECT_THAT(receivers("a"), ElementsAre(1, 2));
  exact.entry.options.qos = Qos::exactly_once;
  tree.changed(exact);
  EXPECT_EQ(tree.find("a").receivers[0].qos, Qos::exactly_once);
  remove(1, "a");
  EXPECT_THAT(receivers("a"), ElementsAre(2));
  remove(2, "+");
  EXPECT_THAT(receivers("a"), IsEmpty());
}

TEST_F(Tree, FiltersOfOneSessionAreOneReceiver) {
  add(1, "a", {.qos = Qos::at_least_once}, 4);
  add(1, "+", {.qos = Qos::exactly_once, .retain_as_published = true});
  add(1, "#", {}, 5);
  const Matches& found = tree.find("a");
  ASSERT_EQ(found.receivers.size(), 1u);
  EXPECT_EQ(found.receivers[0].qos, Qos::exactly_once);
  EXPECT_TRUE(found.receivers[0].retain_as_published);
  EXPECT_THAT(found.receivers[0].identifiers, ::testing::UnorderedElementsAre(4, 5));
}

TEST_F(Tree, WithoutSubscriptionsNothingIsLeftOfTheTree) {
  const std::vector<std::string> filters{"a/b/c", "a/+/c", "a/#", "+", "#", "$share/g/a/b", "/"};
  for (std::uint64_t who : {1, 2, 3})
    for (const auto& filter : filters) add(who, filter);
  EXPECT_EQ(tree.size(), 21u);
  for (std::uint64_t who : {2, 1, 3})
    for (const auto& filter : filters) remove(who, filter);
  EXPECT_EQ(tree.size(), 0u);
  EXPECT_EQ(tree.nodes(), 1u);  // the root
}

TEST_F(Tree, GroupsAreApartFromSubscribersAndFromEachOther) {
  add(1, "$share/g/a");
  add(2, "$share/g/a");
  add(3, "$share/h/a");
  add(1, "a");
  EXPECT_THAT(receivers("a"), ElementsAre(1));
  ASSERT_EQ(tree.find("a").groups.size(), 2u);
  EXPECT_EQ(tree.find("a").groups[0]->members.size(), 2u);
  remove(1, "$share/g/a");
  remove(2, "$share/g/a");
  ASSERT_EQ(tree.find("a").groups.size(), 1u);
  EXPECT_EQ(tree.find("a").groups[0]->name, "h");
}

// Against the definition in protocol/topic.h, with additions and removals in between.
TEST_F(Tree, AgreesWithMatchingOneByOne) {
  Rng rng(7);
  const char* levels[] = {"a", "b", "", "+", "$x"};
  const auto text = [&](bool filter) {
    std::string made;
    const auto depth = 1 + rng.below(4);
    for (std::uint64_t i = 0; i < depth; ++i) {
      if (i > 0) made += '/';
      if (filter && i + 1 == depth && rng.below(4) == 0) return made + "#";
      std::string level = levels[rng.below(5)];
      made += !filter && level == "+" ? "b" : level;
    }
    return made.empty() ? std::string("a") : made;
  };
  for (int step = 0; step < 5000; ++step) {
    const std::uint64_t who = 1 + rng.below(5);
    const std::string filter = text(true);
    if (session(who).find_subscription(filter) == nullptr)
      add(who, filter);
    else
      remove(who, filter);
    if (rng.below(3) == 0 && !session(who).subscriptions.empty())
      remove(who, std::string(session(who).subscriptions.front()->entry.filter));
    const std::string topic = text(false);
    std::set<std::uint64_t> wanted;
    for (const auto& each : sessions)
      for (const auto& subscription : each->subscriptions)
        if (matches(subscription->entry.filter, topic)) wanted.insert(each->number);
    EXPECT_THAT(receivers(topic), ::testing::ElementsAreArray(wanted)) << topic;
  }
}

}  // namespace
}  // namespace mq::broker
