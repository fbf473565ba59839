#include "reports/record/glance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;

class Watched : public ::testing::Test {
 protected:
  boost::json::value seen() {
    Glance glance(trace.run());
    trace.feed(glance);
    return boost::json::parse(glance.to_json(trace.now()));
  }
  boost::json::value group(const boost::json::value& glance, std::size_t index) {
    return glance.at("groups").at(index);
  }

  checks::TraceBuilder trace;
  trace::ClientIndex one = trace.add_client({.id = "s-1", .group = "s", .link = "gprs"});
  trace::ClientIndex two = trace.add_client({.id = "s-2", .group = "s", .link = "gprs"});
  trace::ClientIndex screen = trace.add_client({.id = "screen", .group = "screen"});
};

TEST_F(Watched, GroupsAreCountedAsTheyComeAndGo) {
  trace.broker_starts().connects(one).connects(two).connects(screen);
  EXPECT_EQ(group(seen(), 0).at("connected").to_number<int>(), 2);
  trace.loses_link(two);
  const auto glance = seen();
  EXPECT_EQ(group(glance, 0).at("clients").to_number<int>(), 2);
  EXPECT_EQ(group(glance, 0).at("connected").to_number<int>(), 1);
  EXPECT_EQ(group(glance, 1).at("connected").to_number<int>(), 1);
  EXPECT_EQ(glance.at("lost_connections").to_number<int>(), 1);
  EXPECT_TRUE(glance.at("broker").as_bool());
}

TEST_F(Watched, LatencyIsThatOfTheLastMessages) {
  trace.broker_starts().connects(one).connects(screen).subscribes(screen, "#", Qos::at_least_once);
  const auto message = trace.publishes(one, "a/b", Qos::at_least_once);
  trace.after(2s).delivers(message, screen, Qos::at_least_once);
  const auto glance = seen();
  EXPECT_NEAR(glance.at("latency").at("p50").as_double(), 2, 0.1);
  const auto& shown = glance.at("messages").at(0);
  EXPECT_EQ(shown.at("topic").as_string(), "a/b");
  EXPECT_EQ(shown.at("to").as_string(), "screen");
}

TEST_F(Watched, ABrokerThatCrashesIsDownAndAClientHasGoneWhenItKnows) {
  trace.broker_starts().connects(one).broker_crashes();
  EXPECT_FALSE(seen().at("broker").as_bool());
  EXPECT_EQ(group(seen(), 0).at("connected").to_number<int>(), 1);
  trace.loses_link(one);
  EXPECT_EQ(group(seen(), 0).at("connected").to_number<int>(), 0);
}

TEST_F(Watched, WhatIsKeptOfMessagesIsBounded) {
  trace.broker_starts().connects(one).connects(screen).subscribes(screen, "#", Qos::at_most_once);
  for (int i = 0; i < 13; ++i)
    trace.delivers(trace.publishes(one, "a", Qos::at_most_once), screen, Qos::at_most_once);
  EXPECT_EQ(seen().at("messages").as_array().size(), 12U);
  EXPECT_EQ(seen().at("delivered").to_number<int>(), 13);
}

}  // namespace
}  // namespace mq::report
