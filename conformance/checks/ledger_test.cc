#include "conformance/checks/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST_F(LedgerTest, AnEmptyTraceTriesNothing) {
  const auto judgement = trace.judged();
  EXPECT_EQ(judgement.verdict, Judgement::Verdict::nothing_measured);
  for (const auto* id : {"qos0", "qos1", "qos2", "order", "acknowledged"})
    EXPECT_EQ(verdict(judgement, id), not_tried) << id;
}

TEST_F(LedgerTest, WhatIsDeliveredOnceIsHeldAtEveryQos) {
  both_connect(q2);
  for (const Qos qos : {q0, q1, q2}) {
    const auto stamp = trace.publishes(sensor, temp, qos);
    trace.delivers(stamp, dashboard, qos);
  }
  const auto judgement = judged();
  EXPECT_EQ(judgement.verdict, Judgement::Verdict::held);
  for (const auto* id : {"qos0", "qos1", "qos2", "order", "acknowledged"})
    EXPECT_EQ(verdict(judgement, id), held) << id;
  for (const Qos qos : {q0, q1, q2}) {
    EXPECT_EQ(counts(judgement, qos), (DeliveryCounts{.owed = 1, .delivered = 1}));
    EXPECT_EQ(judgement.latency[static_cast<std::size_t>(qos)].count(), 1u);
  }
  EXPECT_EQ(judgement.ledger.rows.size(), 3u);
  EXPECT_EQ(judgement.ledger.rows[0].group, "dashboard");
}

// ---- Lost ---------------------------------------------------------------------------------------

// v5 MQTT-4.5.0-1
TEST_F(LedgerTest, AnAcknowledgedMessageThatNeverComesIsLost) {
  for (const Qos qos : {q1, q2}) {
    trace = TraceBuilder();
    trace.broker_starts();
    trace.add_client({.id = "sensor"});
    trace.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
    both_connect(q2);
    trace.publishes(sensor, temp, qos);
    const auto judgement = judged();
    EXPECT_EQ(judgement.verdict, Judgement::Verdict::broken);
    const auto* id = qos == q1 ? "qos1" : "qos2";
    EXPECT_EQ(verdict(judgement, id), broken);
    EXPECT_EQ(counts(judgement, qos), (DeliveryCounts{.owed = 1, .lost = 1}));
    EXPECT_THAT(evidence(judgement, id), HasSubstr("sensor published message 1 to " + temp));
    EXPECT_THAT(evidence(judgement, id), HasSubstr("had not got it when the run ended"));
  }
}

TEST_F(LedgerTest, WhoIsGoneForGoodIsOwedNothingAndOwesNothing) {
  for (const bool is_gone : {false, true}) {
    trace = TraceBuilder();
    trace.broker_starts();
    trace.add_client({.id = "sensor"});
    trace.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
    both_connect(q1);
    trace.publishes(sensor, temp, q1);
    trace.loses_link(dashboard);
    const Stamp unanswered = trace.attempts(sensor, temp, q1);
    trace.sends(unanswered).loses_link(sensor);
    for (const ClientIndex gone : {dashboard, sensor})
      if (is_gone) trace.happens(mq::trace::ClientDown{gone, false});
    const auto judgement = judged();
    EXPECT_EQ(verdict(judgement, "qos1") == broken, !is_gone);
    EXPECT_EQ(verdict(judgement, "acknowledged") == broken, !is_gone);
  }
}

// The broker may have it or not; nobody will send it again.
TEST_F(LedgerTest, AMessageThatExpiredUnansweredIsOwedToNobody) {
  for (const char* why : {"expired", "not connected"}) {
    trace = TraceBuilder();
    trace.broker_starts();
    trace.add_client({.id = "sensor"});
    trace.add_client({.id = "dashboard", .clean_start = false, .session_expiry = 3600});
    both_connect(q1);
    const Stamp stamp = trace.attempts(sensor, temp, q1);
    trace.sends(stamp).loses_link(sensor).after(2s).connects(sensor, {.present = false});
    trace.happens(mq::trace::NotSent{sensor, stamp, why});
    const auto judgement = judged();
    EXPECT_EQ(verdict(judgement, "acknowledged") == broken, std::string(why) != "expired");
    EXPECT_NE(verdict(judgement, "qos1"), broken);
  }
}

TEST_F(LedgerTest, ALostQos0MessageIsAllowed) {
  both_connect(q0);
  trace.publishes(sensor, temp, q0);
  const auto stamp = trace.publishes(sensor, temp, q0);
  trace.delivers(stamp, dashboard, q0);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos0"), held);
  EXPECT_EQ(counts(judgement, q0), (DeliveryCounts{.owed = 2, .delivered = 1, .lost = 1}));
}

TEST_F(LedgerTest, WithoutAcknowledgementAMessageIsNotOwedButMayCome) {
  both_connect(q1);
  const auto unanswered = trace.attempts(sensor, temp, q1);
  trace.sends(unanswered);
  const auto delivered = trace.attempts(sensor, temp, q1);
  trace.sends(delivered).broker_gets(delivered).delivers(delivered, dashboard, q1);
  trace.disconnects(sensor);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), held);
  EXPECT_EQ(counts(judgement, q1).open, 1u);
  EXPECT_EQ(counts(judgement, q1).lost, 0u);
}

TEST_F(LedgerTest, ARefusedMessageIsNotOwed) {
  both_connect(q1);
  const auto refused = trace.attempts(sensor, temp, q1);
  trace.sends(refused).is_acknowledged(refused, ReasonCode::quota_exceeded);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), not_tried);
  EXPECT_EQ(verdict(judgement, "acknowledged"), not_tried);
  EXPECT_EQ(counts(judgement, q1), (DeliveryCounts{.cancelled = 1}));
  EXPECT_EQ(judgement.ledger.published[1].refused, 1u);
}

TEST_F(LedgerTest, APubCompThatFindsNoPacketIdIsAnAcknowledgement) {
  both_connect(q2);
  const auto stamp = trace.attempts(sensor, temp, q2);
  trace.sends(stamp).broker_gets(stamp).pub_rec(stamp);
  trace.packet(sensor, End::client, false,
               PubComp{PacketId{1}, ReasonCode::packet_identifier_not_found, {}});
  const auto judgement = judged();
  EXPECT_EQ(judgement.ledger.published[2].acknowledged, 1u);
  EXPECT_EQ(verdict(judgement, "qos2"), broken) << "it is owed";
}

TEST_F(LedgerTest, WhatWasSentBeforeTheSubAckIsNotOwed) {
  trace.connects(sensor).connects(dashboard);
  trace.asks_for(dashboard, temp, {.qos = q1});
  trace.publishes(sensor, temp, q1);
  trace.is_granted(dashboard, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), not_tried);
}

TEST_F(LedgerTest, WhatWasSentRightAfterTheSubAckIsOwed) {
  trace.connects(sensor).connects(dashboard).subscribes(dashboard, temp, q1);
  trace.publishes(sensor, temp, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), broken);
}

TEST_F(LedgerTest, AnAbsentSubscriberIsOwedThroughItsSession) {
  both_connect(q1);
  trace.loses_link(dashboard).after(1min);
  const auto stamp = trace.publishes(sensor, temp, q1);
  trace.after(1min).connects(dashboard).delivers(stamp, dashboard, q1);
  const auto good = judged();
  EXPECT_EQ(verdict(good, "qos1"), held);
  EXPECT_EQ(counts(good, q1), (DeliveryCounts{.owed = 1, .delivered = 1}));
}

TEST_F(LedgerTest, ASessionThatComesBackEmptyLosesWhatItOwed) {
  both_connect(q1);
  trace.loses_link(dashboard).after(1min);
  trace.publishes(sensor, temp, q1);
  trace.after(1min).connects(dashboard);
  const auto bad = judged();
  EXPECT_EQ(verdict(bad, "qos1"), broken);
  EXPECT_EQ(counts(bad, q1), (DeliveryCounts{.owed = 1, .lost = 1}));
}

TEST_F(LedgerTest, ASessionThatTheBrokerForgotLosesWhatItOwed) {
  both_connect(q1);
  trace.loses_link(dashboard).after(1min);
  trace.publishes(sensor, temp, q1);
  trace.after(1min).connects(dashboard, {.present = false}).subscribes(dashboard, temp, q1);
  const auto bad = judged();
  EXPECT_EQ(verdict(bad, "qos1"), broken);
  EXPECT_THAT(evidence(bad, "qos1"), HasSubstr("the broker forgot its session"));
}

TEST_F(LedgerTest, AnExpiredSessionOwesNothing) {
  both_connect(q1);
  trace.loses_link(dashboard).after(1min);
  trace.publishes(sensor, temp, q1);
  trace.after(61min).connects(dashboard, {.present = false});
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), not_tried);
  EXPECT_EQ(counts(judgement, q1), (DeliveryCounts{.cancelled = 1}));
}

TEST_F(LedgerTest, ACleanStartCancelsWhatWasOwed) {
  both_connect(q1);
  trace.loses_link(dashboard).after(1min);
  trace.publishes(sensor, temp, q1);
  trace.connects(dashboard, {.clean_start = true}).subscribes(dashboard, temp, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), not_tried);
}

TEST_F(LedgerTest, AnUnsubscribeCancelsWhatWasOwed) {
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  trace.unsubscribes(dashboard, "fleet/+/temp");
  trace.publishes(sensor, temp, q1);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), not_tried);
  EXPECT_EQ(counts(judgement, q1), (DeliveryCounts{.cancelled = 1}));
}

TEST_F(LedgerTest, AVolatileSessionEndsWithItsConnection) {
  const auto guest = trace.add_client({.id = "guest"});
  trace.connects(sensor).connects(guest).subscribes(guest, temp, q1);
  trace.publishes(sensor, temp, q1);
  trace.loses_link(guest).connects(guest);
  EXPECT_EQ(verdict(judged(), "qos1"), not_tried);
}

TEST_F(LedgerTest, AVolatileSessionIsOwedAsLongAsItsConnectionHolds) {
  const auto guest = trace.add_client({.id = "guest"});
  trace.connects(sensor).connects(guest).subscribes(guest, temp, q1);
  trace.publishes(sensor, temp, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), broken);
}

TEST_F(LedgerTest, ALaterDeliveryProvesALossAtOnce) {
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  const auto later = trace.publishes(sensor, temp, q1);
  trace.delivers(later, dashboard, q1);
  const auto judgement = trace.judged();  // no calm at all
  EXPECT_EQ(verdict(judgement, "qos1"), broken);
  EXPECT_THAT(evidence(judgement, "qos1"), HasSubstr("but the later message 2"));
}

TEST_F(LedgerTest, WithoutACalmNothingIsLostForWant) {
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  trace.after(5min);
  const auto judgement = trace.judged();
  EXPECT_EQ(verdict(judgement, "qos1"), not_tried);
  EXPECT_EQ(counts(judgement, q1).open, 1u);
}

TEST_F(LedgerTest, AnInterruptedRunJudgesNoWant) {
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  trace.calm().after(5min);
  EXPECT_EQ(verdict(trace.judged(/*complete=*/false), "qos1"), not_tried);
}

TEST_F(LedgerTest, ASubscriberThatNeverComesBackInALongCalmLost) {
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  trace.loses_link(dashboard);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), broken);
  EXPECT_THAT(evidence(judgement, "qos1"), HasSubstr("had not come back for it"));
}

TEST_F(LedgerTest, ASubscriberThatWasStoppedIsWaitedFor) {
  both_connect(q1);
  trace.disconnects(dashboard);
  trace.publishes(sensor, temp, q1);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), not_tried);
  EXPECT_EQ(counts(judgement, q1).open, 1u);
}

// ---- Twice --------------------------------------------------------------------------------------

// v5 MQTT-4.3.3-10
TEST_F(LedgerTest, AQos2MessageThatComesTwiceIsBroken) {
  both_connect(q2);
  const auto stamp = trace.publishes(sensor, temp, q2);
  trace.delivers(stamp, dashboard, q2).after(1s).delivers(stamp, dashboard, q2);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos2"), broken);
  EXPECT_EQ(counts(judgement, q2).duplicated, 1u);
  EXPECT_THAT(evidence(judgement, "qos2"),
              testing::MatchesRegex("sensor published message 1 to fleet/sensor/temp with QoS 2 "
                                    "at 00:00:00.[0-9]+; dashboard got it twice, at "
                                    "00:00:00.[0-9]+ and 00:00:01.[0-9]+."));
  const auto& shown = finding(judgement, "qos2").evidence.front();
  EXPECT_EQ(shown.message, stamp);
  EXPECT_THAT(shown.clients, testing::ElementsAre(sensor, dashboard));
  EXPECT_LT(shown.from, shown.until);
}

TEST_F(LedgerTest, AQos1MessageMayComeTwice) {
  both_connect(q1);
  const auto stamp = trace.publishes(sensor, temp, q1);
  trace.delivers(stamp, dashboard, q1).delivers(stamp, dashboard, q1, {.dup = true});
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), held);
  EXPECT_EQ(counts(judgement, q1).duplicated, 1u);
}

TEST_F(LedgerTest, AQos0MessageThatComesTwiceIsBroken) {
  both_connect(q0);
  const auto stamp = trace.publishes(sensor, temp, q0);
  trace.delivers(stamp, dashboard, q0).delivers(stamp, dashboard, q0);
  EXPECT_EQ(verdict(judged(), "qos0"), broken);
}

TEST_F(LedgerTest, APublisherThatSendsAgainAsQos1MayCauseTwoOfQos0) {
  both_connect(q0);
  const auto stamp = trace.attempts(sensor, temp, q1);
  trace.sends(stamp).broker_gets(stamp).delivers(stamp, dashboard, q0);
  trace.sends(stamp, true).broker_gets(stamp).is_acknowledged(stamp);
  trace.delivers(stamp, dashboard, q0);
  EXPECT_EQ(verdict(judged(), "qos0"), held);
}

TEST_F(LedgerTest, APublisherWhoseSessionEndedMaySendAQos2MessageAnew) {
  for (const bool session_ended : {true, false}) {
    TraceBuilder story;
    story.broker_starts();
    const auto publisher = story.add_client(
        {.id = "sensor", .clean_start = session_ended, .session_expiry = session_ended ? 0u : 60u});
    const auto subscriber = story.add_client({.id = "dashboard"});
    story.connects(publisher).connects(subscriber).subscribes(subscriber, temp, q2);
    const auto stamp = story.attempts(publisher, temp, q2);
    story.sends(stamp).broker_gets(stamp).delivers(stamp, subscriber, q2);
    story.loses_link(publisher).connects(publisher).sends(stamp, true).broker_gets(stamp);
    story.is_acknowledged(stamp).delivers(stamp, subscriber, q2);
    EXPECT_EQ(verdict(story.judged(), "qos2"), session_ended ? held : broken);
  }
}

TEST_F(LedgerTest, WhatWasReceivedWhenThePublishersSessionEndedIsNotOwed) {
  both_connect(q2);
  const auto stamp = trace.attempts(sensor, temp, q2);
  trace.sends(stamp).broker_gets(stamp).pub_rec(stamp);
  trace.loses_link(sensor).connects(sensor);  // without the PUBREL; its session was volatile
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos2"), not_tried);
  EXPECT_EQ(verdict(judgement, "acknowledged"), not_tried);
  EXPECT_EQ(judgement.ledger.published[2].open, 1u);
}

TEST_F(LedgerTest, ALowerQosGrantedLaterIsForLaterMessages) {
  both_connect(q2);
  const auto earlier = trace.publishes(sensor, temp, q2);
  trace.subscribes(dashboard, "fleet/+/temp", q1).after(1ms);
  const auto later = trace.publishes(sensor, temp, q2);
  TraceBuilder lowered = trace;
  trace.delivers(earlier, dashboard, q2).delivers(later, dashboard, q1);
  EXPECT_EQ(judged().verdict, Judgement::Verdict::held);
  lowered.delivers(earlier, dashboard, q1).delivers(later, dashboard, q2);
  const auto judgement = lowered.judged();
  EXPECT_EQ(counts(judgement, q2).unexpected, 1u);
}

TEST_F(LedgerTest, OverlappingFiltersMayBringOneCopyEach) {
  both_connect(q2);
  trace.subscribes(dashboard, "fleet/#", q2);
  const auto stamp = trace.publishes(sensor, temp, q2);
  trace.delivers(stamp, dashboard, q2).delivers(stamp, dashboard, q2);
  const auto once = trace.publishes(sensor, temp, q2);
  trace.delivers(once, dashboard, q2);
  TraceBuilder thrice = trace;
  EXPECT_EQ(verdict(judged(), "qos2"), held);
  thrice.delivers(stamp, dashboard, q2);
  EXPECT_EQ(verdict(thrice.judged(), "qos2"), broken);
}

// v5 MQTT-3.3.4-2
TEST_F(LedgerTest, OfOverlappingFiltersTheHighestQosIsOwed) {
  both_connect(q0);
  trace.subscribes(dashboard, "fleet/#", q2);
  const auto stamp = trace.publishes(sensor, temp, q2);
  trace.delivers(stamp, dashboard, q0);
  TraceBuilder both = trace;
  EXPECT_EQ(verdict(judged(), "qos2"), broken);
  both.delivers(stamp, dashboard, q2).after(1s).calm().after(5min);
  const auto judgement = both.judged();
  EXPECT_EQ(verdict(judgement, "qos2"), held);
  EXPECT_EQ(verdict(judgement, "qos0"), held);
}

TEST_F(LedgerTest, ARetainedCopyIsNoDuplicate) {
  both_connect(q2);
  const auto stamp = trace.publishes(sensor, temp, q2, {.retain = true});
  trace.delivers(stamp, dashboard, q2);
  trace.subscribes(dashboard, "fleet/+/temp", q2).delivers(stamp, dashboard, q2, {.retain = true});
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos2"), held);
  EXPECT_EQ(counts(judgement, q2).duplicated, 0u);
}

TEST_F(LedgerTest, RetainAsPublishedKeepsLiveMessagesApartFromRetainedCopies) {
  trace.connects(sensor).connects(dashboard);
  trace.subscribes(dashboard, temp, SubscriptionOptions{.qos = q1, .retain_as_published = true});
  const auto stamp = trace.publishes(sensor, temp, q1, {.retain = true});
  trace.delivers(stamp, dashboard, q1, {.retain = true});
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), held);
  EXPECT_EQ(counts(judgement, q1), (DeliveryCounts{.owed = 1, .delivered = 1}));
}

// ---- QoS 0 and absence --------------------------------------------------------------------------

TEST_F(LedgerTest, AQos0MessageKeptForTheAbsentIsBroken) {
  both_connect(q0);
  trace.loses_link(dashboard).after(1s);
  const auto stamp = trace.publishes(sensor, temp, q0);
  trace.connects(dashboard).delivers(stamp, dashboard, q0);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos0"), broken);
  EXPECT_THAT(evidence(judgement, "qos0"), HasSubstr("while dashboard was away"));
}

TEST_F(LedgerTest, AQos0MessageOnItsWayWhileTheSubscriberReturnsMayCome) {
  both_connect(q0);
  trace.loses_link(dashboard).after(1s);
  const auto stamp = trace.attempts(sensor, temp, q0);
  trace.sends(stamp);  // over a slow link
  trace.connects(dashboard).broker_gets(stamp).delivers(stamp, dashboard, q0);
  EXPECT_EQ(verdict(judged(), "qos0"), held);
}

TEST_F(LedgerTest, AQos0MessageWrittenIntoAHalfOpenConnectionIsNotCalledKept) {
  both_connect(q0);
  trace.link_closes_at(dashboard, End::client, true);
  const auto stamp = trace.publishes(sensor, temp, q0);
  trace.connects(dashboard).delivers(stamp, dashboard, q0);
  EXPECT_EQ(verdict(judged(), "qos0"), held);
}

// ---- Unexpected ---------------------------------------------------------------------------------

TEST_F(LedgerTest, WhatNobodyPublishedIsUnexpected) {
  both_connect(q1);
  trace.delivers({Stamp::Origin::publish, sensor, 9}, dashboard, q1, {.topic = temp});
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), broken);
  EXPECT_THAT(evidence(judgement, "qos1"), HasSubstr("nobody has published it"));
  EXPECT_EQ(counts(judgement, q1).unexpected, 1u);
}

TEST_F(LedgerTest, WhatWasPublishedElsewhereIsUnexpected) {
  both_connect(q1);
  const auto stamp = trace.publishes(sensor, temp, q1);
  trace.delivers(stamp, dashboard, q1);
  trace.delivers(stamp, dashboard, q1, {.topic = "fleet/other/temp"});
  EXPECT_EQ(counts(judged(), q1).unexpected, 1u);
}

TEST_F(LedgerTest, WithoutASubscriptionADeliveryIsUnexpected) {
  trace.connects(sensor).connects(dashboard).subscribes(dashboard, "other", q1);
  const auto stamp = trace.publishes(sensor, temp, q1);
  trace.delivers(stamp, dashboard, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), broken);
}

TEST_F(LedgerTest, AfterTheUnsubAckOnlyOlderMessagesMayCome) {
  both_connect(q1);
  const auto older = trace.publishes(sensor, temp, q1);
  trace.unsubscribes(dashboard, "fleet/+/temp").delivers(older, dashboard, q1);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(judged(), "qos1"), held);
  const auto newer = fault.publishes(sensor, temp, q1);
  fault.delivers(newer, dashboard, q1);
  EXPECT_EQ(verdict(fault.judged(), "qos1"), broken);
}

// v5 MQTT-3.8.4-8
TEST_F(LedgerTest, AMoreExactQosThanGrantedIsUnexpected) {
  both_connect(q1);
  const auto stamp = trace.publishes(sensor, temp, q2);
  trace.delivers(stamp, dashboard, q2);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos2"), broken);
}

TEST_F(LedgerTest, NoLocalMeansNoEcho) {
  trace.connects(sensor);
  trace.subscribes(sensor, temp, SubscriptionOptions{.qos = q1, .no_local = true});
  const auto stamp = trace.publishes(sensor, temp, q1);
  TraceBuilder fault = trace;
  EXPECT_EQ(verdict(judged(), "qos1"), not_tried) << "it is not owed either";
  fault.delivers(stamp, sensor, q1);
  EXPECT_EQ(verdict(fault.judged(), "qos1"), broken);
}

TEST_F(LedgerTest, ASharedSubscriptionIsNotOwedToEachMember) {
  trace.connects(sensor).connects(dashboard);
  trace.subscribes(dashboard, "$share/workers/" + temp, q1);
  const auto mine = trace.publishes(sensor, temp, q1);
  trace.publishes(sensor, temp, q1);
  trace.delivers(mine, dashboard, q1);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "qos1"), held);
  EXPECT_EQ(counts(judgement, q1), (DeliveryCounts{.delivered = 1}));
}

// ---- Order --------------------------------------------------------------------------------------

// v5 MQTT-4.6.0-5
TEST_F(LedgerTest, AnEarlierMessageAfterALaterOneIsOutOfOrder) {
  both_connect(q1);
  const auto first = trace.publishes(sensor, temp, q1);
  const auto second = trace.publishes(sensor, temp, q1);
  trace.delivers(second, dashboard, q1).delivers(first, dashboard, q1);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "order"), broken);
  EXPECT_EQ(verdict(judgement, "qos1"), held);
  EXPECT_EQ(counts(judgement, q1).reordered, 1u);
}

TEST_F(LedgerTest, ARedeliveredDuplicateIsNotOutOfOrder) {
  both_connect(q1);
  const auto first = trace.publishes(sensor, temp, q1);
  const auto second = trace.publishes(sensor, temp, q1);
  trace.delivers(first, dashboard, q1).delivers(second, dashboard, q1);
  trace.delivers(first, dashboard, q1, {.dup = true});
  EXPECT_EQ(verdict(judged(), "order"), held);
}

TEST_F(LedgerTest, WhatItsPublisherRepeatsMayComeLateToANewSubscription) {
  trace.connects(sensor).connects(dashboard);
  const auto first = trace.attempts(sensor, temp, q1);
  trace.sends(first).broker_gets(first).subscribes(dashboard, temp, q1);
  const auto second = trace.attempts(sensor, temp, q1);
  trace.sends(second).broker_gets(second).delivers(second, dashboard, q1);
  trace.sends(first, /*again=*/true).broker_gets(first).delivers(first, dashboard, q1);
  EXPECT_EQ(verdict(judged(), "order"), held);
}

TEST_F(LedgerTest, OtherTopicsAndOtherQosMayOvertake) {
  both_connect(q2);
  const auto slow = trace.publishes(sensor, temp, q2);
  const auto quick = trace.publishes(sensor, temp, q0);
  const auto other = trace.publishes(sensor, "fleet/x/temp", q2);
  trace.delivers(quick, dashboard, q0).delivers(other, dashboard, q2);
  trace.delivers(slow, dashboard, q2);
  EXPECT_EQ(verdict(judged(), "order"), held);
}

// What another member had first comes late, though by another filter as well.
TEST_F(LedgerTest, WhatASharedSubscriptionMayBringMayComeLate) {
  for (const Qos own : {q0, q1}) {
    TraceBuilder story = trace;
    story.connects(sensor).connects(dashboard).subscribes(dashboard, temp, own);
    story.subscribes(dashboard, "$share/pool/" + std::string(temp), own == q0 ? q1 : q0);
    const auto first = story.publishes(sensor, temp, q1);
    const auto second = story.publishes(sensor, temp, q1);
    story.delivers(second, dashboard, q1).delivers(first, dashboard, q1);
    story.calm().after(5min);
    EXPECT_EQ(verdict(story.judged(), "order") == broken, own == q1);
  }
}

// A stored trace may be anything: it must not break an invariant.
TEST_F(LedgerTest, ATraceThatAcknowledgesBeforeItSendsIsJudgedToo) {
  both_connect(q1);
  const auto stamp = trace.attempts(sensor, temp, q1);
  trace.is_acknowledged(stamp).sends(stamp);
  for (std::size_t i = 0; i <= Ledger::recent_messages_max; ++i)
    trace.publishes(sensor, "elsewhere", q1);
  trace.delivers(stamp, dashboard, q1);
  EXPECT_EQ(verdict(judged(), "qos1"), held);
}

// ---- Acknowledged -------------------------------------------------------------------------------

TEST_F(LedgerTest, AMessageThatItsPublisherMayNotPublishIsOwedToNobody) {
  trace.run().clients[static_cast<std::size_t>(sensor)].may_publish = {"allowed/#"};
  both_connect(q1);
  trace.publishes(sensor, temp, q1);
  TraceBuilder allowed = trace;
  EXPECT_EQ(verdict(judged(), "qos1"), not_tried);
  allowed.run().clients[static_cast<std::size_t>(sensor)].may_publish = {temp};
  EXPECT_EQ(verdict(allowed.calm().after(5min).judged(), "qos1"), broken);
}

TEST_F(LedgerTest, AClientThatIsNotLetInIsOwedNoAcknowledgement) {
  trace.opens(sensor);
  trace.packet(sensor, End::client, true, Connect{});
  trace.attempts(sensor, temp, q1);
  TraceBuilder unanswered = trace;
  trace.packet(sensor, End::client, false, ConnAck{.reason = ReasonCode::not_authorized});
  trace.link_closes_at(sensor, End::client);
  EXPECT_EQ(verdict(judged(), "acknowledged"), not_tried);
  unanswered.link_closes_at(sensor, End::client).calm().after(15min);
  EXPECT_EQ(verdict(unanswered.judged(), "acknowledged"), broken);
}

TEST_F(LedgerTest, AMessageWithoutAcknowledgementIsBrokenAfterTheCalm) {
  both_connect(q1);
  const auto stamp = trace.attempts(sensor, temp, q1);
  trace.sends(stamp);
  TraceBuilder stopped = trace;
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "acknowledged"), broken);
  EXPECT_THAT(evidence(judgement, "acknowledged"), HasSubstr("had no acknowledgement"));
  stopped.disconnects(sensor).calm().after(5min);
  EXPECT_EQ(verdict(stopped.judged(), "acknowledged"), not_tried) << "it did not want to stay";
}

TEST_F(LedgerTest, WhatTheClientRefusedNeedsNoAcknowledgement) {
  const auto stamp = trace.attempts(sensor, temp, q1);
  trace.refuses(sensor, stamp);
  const auto judgement = judged();
  EXPECT_EQ(verdict(judgement, "acknowledged"), not_tried);
  EXPECT_EQ(judgement.ledger.published[1].not_sent, 1u);
}

}  // namespace
}  // namespace mq::checks
