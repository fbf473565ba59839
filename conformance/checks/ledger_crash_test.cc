#include <gtest/gtest.h>

#include "conformance/checks/ledger.h"
#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class LedgerCrashTest : public LedgerTest {};

// A broker that crashes owes what its durability promises.

TEST_F(LedgerCrashTest, ACrashOfADurableBrokerLosesNothing) {
  for (const bool lost : {true, false}) {
    TraceBuilder story;
    story.run().durability = trace::Durability::power;
    story.broker_starts();
    const auto publisher = story.add_client({.id = "sensor"});
    const auto subscriber =
        story.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
    story.connects(publisher).connects(subscriber).subscribes(subscriber, temp, q1);
    const auto stamp = story.publishes(publisher, temp, q1);
    story.broker_crashes().link_closes_at(publisher, End::client);
    story.link_closes_at(subscriber, End::client).after(5s).broker_starts();
    story.connects(publisher).connects(subscriber);
    if (!lost) story.delivers(stamp, subscriber, q1);
    story.calm().after(5min);
    EXPECT_EQ(verdict(story.judged(), "qos1"), lost ? broken : held);
  }
}

TEST_F(LedgerCrashTest, ACrashOfABrokerWithoutAStoreCancelsEverything) {
  trace.run().durability = trace::Durability::none;
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  trace.broker_crashes().link_closes_at(sensor, End::client);
  trace.link_closes_at(dashboard, End::client).after(5s).broker_starts();
  trace.connects(sensor).connects(dashboard).subscribes(dashboard, "fleet/+/temp", q1);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), not_tried);
  EXPECT_EQ(counts(judgement, q1), (DeliveryCounts{.cancelled = 1}));
}

TEST_F(LedgerCrashTest, WhatLeftTheBrokerBeforeItCrashedMayStillArrive) {
  trace.run().durability = trace::Durability::none;
  both_connect(q1);
  const auto stamp = trace.publishes(sensor, temp, q1);
  trace.broker_crashes();
  trace.delivers(stamp, dashboard, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), held);
}

// The session that a publisher resumes may be one that a lost CONNECT of its own has made.
TEST_F(LedgerCrashTest, WhatIsRepeatedIntoAnotherSessionMayComeTwice) {
  TraceBuilder story;
  story.broker_starts();
  const auto publisher =
      story.add_client({.id = "sensor", .clean_start = false, .session_expiry = 20});
  const auto subscriber = story.add_client({.id = "dashboard"});
  story.connects(publisher).connects(subscriber).subscribes(subscriber, temp, Qos::exactly_once);
  const auto stamp = story.attempts(publisher, temp, Qos::exactly_once);
  story.sends(stamp).broker_gets(stamp).delivers(stamp, subscriber, Qos::exactly_once);
  story.loses_link(publisher).after(60s).connects(publisher, {.answered = false});
  story.loses_link(publisher).after(5s).connects(publisher, {.present = true});
  story.sends(stamp, /*again=*/true).broker_gets(stamp).is_acknowledged(stamp);
  story.delivers(stamp, subscriber, Qos::exactly_once);
  EXPECT_EQ(verdict(story.judged(), "qos2"), held);
}

}  // namespace
}  // namespace mq::checks
