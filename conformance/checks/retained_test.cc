#include "conformance/checks/retained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string temp = "f2/kuehltheke/temp";

class RetainedTest : public testing::Test {
 protected:
  RetainedTest() {
    trace.broker_starts();
    sensor = trace.add_client({.id = "sensor"});
    dashboard = trace.add_client({.id = "dashboard"});
    trace.connects(sensor).connects(dashboard);
  }
  Stamp keeps(Qos qos = q1) { return trace.publishes(sensor, temp, qos, {.retain = true}); }
  void clears() { trace.publishes(sensor, temp, q1, {.retain = true, .empty = true}); }
  TraceBuilder& comes(Stamp stamp, bool retain = true) {
    return trace.delivers(stamp, dashboard, q1, {.retain = retain});
  }
  static Verdict verdict(TraceBuilder& story) {
    story.after(1s).calm().after(5min);
    return finding(story.judged(), "retained").verdict;
  }
  static std::string evidence(TraceBuilder& story) {
    const auto judgement = story.judged();
    const auto& all = finding(judgement, "retained").evidence;
    return all.empty() ? "" : all.front().text;
  }
  TraceBuilder trace;
  ClientIndex sensor{};
  ClientIndex dashboard{};
};

TEST_F(RetainedTest, WithoutRetainedMessagesNothingIsTried) {
  trace.publishes(sensor, temp, q1);
  trace.subscribes(dashboard, "f2/+/temp", q1);
  EXPECT_EQ(verdict(trace), not_tried);
}

// v3.1.1 MQTT-3.3.1-6, v5 MQTT-3.3.1-9
TEST_F(RetainedTest, ANewSubscriptionBringsTheLastValue) {
  for (const Qos qos : {q0, q1}) {
    TraceBuilder story = trace;
    story.publishes(sensor, temp, qos, {.retain = true});
    const auto last = story.publishes(sensor, temp, qos, {.retain = true});
    story.subscribes(dashboard, "f2/+/temp", q1);
    TraceBuilder fault = story;
    story.delivers(last, dashboard, qos, {.retain = true});
    EXPECT_EQ(verdict(story), held);
    EXPECT_EQ(verdict(fault), broken);
    EXPECT_THAT(evidence(fault), HasSubstr("dashboard subscribed to f2/+/temp at"));
    EXPECT_THAT(evidence(fault), HasSubstr("held message 2 of sensor, but no retained message"));
  }
}

// v5 MQTT-3.3.1-13: what waited for a subscription that keeps the flag has it, and may be older.
TEST_F(RetainedTest, WhatWaitedForAnOlderSubscriptionIsNotWhatANewOneBrings) {
  for (const bool has_older : {true, false}) {
    TraceBuilder story;
    story.broker_starts();
    const ClientIndex writer = story.add_client({.id = "sensor"});
    const ClientIndex reader =
        story.add_client({.id = "reader", .clean_start = false, .session_expiry = 3600});
    story.connects(writer).connects(reader);
    if (has_older) story.subscribes(reader, "f2/+/temp", {.qos = q1, .retain_as_published = true});
    story.loses_link(reader).after(1s);
    const auto first = story.publishes(writer, temp, q1, {.retain = true});
    const auto last = story.publishes(writer, temp, q1, {.retain = true});
    story.after(1s).connects(reader).subscribes(reader, "#",
                                                {.qos = q1, .retain_as_published = true});
    story.delivers(first, reader, q1, {.retain = true});
    story.delivers(last, reader, q1, {.retain = true});
    if (has_older) story.delivers(last, reader, q1, {.retain = true});
    EXPECT_EQ(verdict(story), has_older ? held : broken);
  }
}

TEST_F(RetainedTest, AnOlderValueIsStale) {
  const auto older = keeps();
  keeps();
  trace.subscribes(dashboard, temp, q1);
  comes(older);
  EXPECT_EQ(verdict(trace), broken);
  EXPECT_THAT(evidence(trace), HasSubstr("which had been replaced by message 2."));
}

TEST_F(RetainedTest, WithNoLocalOnesOwnWillMayHideTheValue) {
  for (const bool has_will : {true, false}) {
    TraceBuilder story = trace;
    story.loses_link(dashboard);
    if (has_will)
      story.connects(dashboard, {.will = Will{temp, Bytes::copy("gone"), q1, true, {}}});
    else
      story.connects(dashboard);
    story.publishes(sensor, temp, q1, {.retain = true});
    story.subscribes(dashboard, "f2/+/temp", SubscriptionOptions{.qos = q1, .no_local = true});
    EXPECT_EQ(verdict(story) == broken, !has_will);
  }
}

TEST_F(RetainedTest, AValueThatIsNotAcknowledgedMayHoldOrNot) {
  const auto older = keeps();
  const auto newer = trace.attempts(sensor, temp, q1, {.retain = true});
  trace.sends(newer).subscribes(dashboard, temp, q1);
  for (const auto& stamp : {older, newer}) {
    TraceBuilder story = trace;
    story.delivers(stamp, dashboard, q1, {.retain = true});
    EXPECT_EQ(verdict(story), held);
  }
}

TEST_F(RetainedTest, AnEvenNewerValueMayCome) {
  keeps();
  trace.asks_for(dashboard, temp, {.qos = q1});
  const auto newer = keeps();
  trace.is_granted(dashboard, q1);
  comes(newer);
  EXPECT_EQ(verdict(trace), held);
}

// v5 MQTT-3.3.1-6
TEST_F(RetainedTest, AClearedTopicBringsNothing) {
  const auto cleared = keeps();
  clears();
  trace.subscribes(dashboard, temp, q1);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(trace), not_tried);
  fault.delivers(cleared, dashboard, q1, {.retain = true});
  EXPECT_EQ(verdict(fault), broken);
  EXPECT_THAT(evidence(fault), HasSubstr("which had been cleared before."));
}

// v5 MQTT-3.3.1-11
TEST_F(RetainedTest, WhoAsksForNoneGetsNone) {
  const auto stamp = keeps();
  trace.subscribes(dashboard, temp,
                   SubscriptionOptions{.qos = q1, .retain_handling = RetainHandling::do_not_send});
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(trace), not_tried);
  fault.delivers(stamp, dashboard, q1, {.retain = true});
  EXPECT_EQ(verdict(fault), broken);
}

// v5 MQTT-3.3.1-10
TEST_F(RetainedTest, SendIfNewOwesOnlyNewSubscriptions) {
  const SubscriptionOptions options{.qos = q1, .retain_handling = RetainHandling::send_if_new};
  const auto stamp = keeps();
  trace.subscribes(dashboard, temp, options);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(fault), broken);
  comes(stamp);
  trace.subscribes(dashboard, temp, options);
  EXPECT_EQ(verdict(trace), held);
}

TEST_F(RetainedTest, SubscribingAgainBringsItAgain) {
  const auto stamp = keeps();
  trace.subscribes(dashboard, temp, q1);
  comes(stamp);
  trace.subscribes(dashboard, temp, q1);
  TraceBuilder fault = trace;
  comes(stamp);
  EXPECT_EQ(verdict(trace), held);
  EXPECT_EQ(verdict(fault), broken);
}

TEST_F(RetainedTest, ASharedSubscriptionBringsNone) {
  keeps();
  trace.subscribes(dashboard, "$share/g/" + temp, q1);
  EXPECT_EQ(verdict(trace), not_tried);
}

// v3.1.1 MQTT-3.3.1-9, v5 MQTT-3.3.1-12
TEST_F(RetainedTest, ALiveMessageHasNoRetainFlag) {
  trace.subscribes(dashboard, temp, q1).after(1ms);
  const auto live = keeps();
  TraceBuilder fault = trace;
  comes(live, /*retain=*/false);
  EXPECT_EQ(verdict(trace), not_tried);
  fault.delivers(live, dashboard, q1, {.retain = true});
  EXPECT_EQ(verdict(fault), broken);
}

// v3.1.1 MQTT-3.3.1-8
TEST_F(RetainedTest, ARetainedCopyHasTheRetainFlag) {
  const auto stamp = keeps();
  trace.after(1s).subscribes(dashboard, temp, q1);
  comes(stamp, /*retain=*/false);
  EXPECT_EQ(verdict(trace), broken);
  EXPECT_THAT(evidence(trace), HasSubstr("without the RETAIN flag"));
}

TEST_F(RetainedTest, AConnectionThatBreaksMayTakeTheRetainedMessageWithIt) {
  keeps();
  trace.subscribes(dashboard, temp, q1).after(10s).loses_link(dashboard);
  EXPECT_EQ(verdict(trace), not_tried);
}

// The broker may have heard a SUBSCRIBE whose SUBACK was lost: what it queued then comes first.
TEST_F(RetainedTest, WhatAnUnansweredSubscriptionBroughtMayComeLate) {
  for (const bool as_published : {false, true}) {
    TraceBuilder story = trace;
    const auto screen =
        story.add_client({.id = "screen", .clean_start = false, .session_expiry = 3600});
    const SubscriptionOptions options{.qos = q1, .retain_as_published = as_published};
    const auto keep = [&] { return story.publishes(sensor, temp, q1, {.retain = true}); };
    const auto queued = keep();
    story.connects(screen).asks_for(screen, temp, options).loses_link(screen).after(1s);
    const auto live = keep();
    const auto last = keep();
    story.connects(screen).subscribes(screen, temp, options);
    for (const auto& stamp : {queued, live, last})
      if (as_published || stamp != live) story.delivers(stamp, screen, q1, {.retain = true});
    EXPECT_NE(verdict(story), broken) << evidence(story);
  }
}

TEST_F(RetainedTest, ACopyThatIsSentAgainBelongsToAnEarlierSubscription) {
  const auto screen =
      trace.add_client({.id = "screen", .clean_start = false, .session_expiry = 3600});
  trace.connects(screen).asks_for(screen, temp, SubscriptionOptions{.qos = q1});
  const auto queued = keeps();
  trace.loses_link(screen).after(1s).connects(screen);
  const auto last = keeps();
  trace.subscribes(screen, temp, q1);
  trace.delivers(queued, screen, q1, {.retain = true, .dup = true});
  trace.delivers(last, screen, q1, {.retain = true});
  EXPECT_EQ(verdict(trace), held) << evidence(trace);
}

TEST_F(RetainedTest, AValueOfQos0ThatACrashLostIsNotMissed) {
  const auto stored = keeps();
  keeps(q0);
  trace.broker_crashes().link_closes_at(dashboard, End::client).link_closes_at(sensor, End::client);
  trace.after(1s).broker_starts().connects(sensor).connects(dashboard);
  trace.subscribes(dashboard, temp, q1);
  keeps(q0);
  comes(stored);
  EXPECT_NE(verdict(trace), broken) << evidence(trace);
}

TEST_F(RetainedTest, ALinkThatGoesOnWithoutTheRetainedMessageHasLostIt) {
  keeps();
  trace.subscribes(dashboard, temp, q1);
  for (int i = 0; i < 7; ++i) trace.after(10s).packet(dashboard, End::client, false, PingResp{});
  trace.loses_link(dashboard);
  EXPECT_EQ(verdict(trace), broken);
}

TEST_F(RetainedTest, ACrashWithoutAStoreForgetsRetainedMessagesRightly) {
  for (const auto durability : {trace::Durability::none, trace::Durability::power}) {
    TraceBuilder story = trace;
    story.run().durability = durability;
    story.publishes(sensor, temp, q1, {.retain = true});
    story.broker_crashes().link_closes_at(dashboard, End::client).after(1s).broker_starts();
    story.connects(dashboard).subscribes(dashboard, temp, q1);
    EXPECT_EQ(verdict(story), durability == trace::Durability::none ? not_tried : broken);
  }
}

TEST_F(RetainedTest, TwoPublishersMayReplaceEachOther) {
  const auto other = trace.add_client({.id = "other"});
  trace.connects(other);
  const auto mine = trace.attempts(sensor, temp, q1, {.retain = true});
  trace.sends(mine);
  const auto theirs = trace.publishes(other, temp, q1, {.retain = true});
  trace.is_acknowledged(mine).subscribes(dashboard, temp, q1);
  for (const auto& stamp : {mine, theirs}) {
    TraceBuilder story = trace;
    story.delivers(stamp, dashboard, q1, {.retain = true});
    EXPECT_EQ(verdict(story), held);
  }
}

}  // namespace
}  // namespace mq::checks
