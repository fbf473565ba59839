#include "conformance/checks/transit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/checks/testing/ledger_fixture.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

// Why the dashboard has not got it, or the sensor no answer: what a finding says of it.
class TransitTest : public LedgerTest {
 protected:
  TransitTest() { both_connect(q2); }

  TraceBuilder& hop(ClientIndex client, End end, bool sent, Packet packet) {
    return trace.after(1s).packet(client, end, sent, std::move(packet));
  }
  Publish copy(Stamp stamp, bool dup = false) const {
    return {.topic = temp,
            .packet_id = PacketId{7},
            .qos = stamp.number % 2 == 1 ? q2 : q1,
            .dup = dup,
            .payload = Bytes::copy(to_text(stamp))};
  }
  std::string why_lost(const char* id = "qos2") { return evidence(judged(), id); }
};

TEST_F(TransitTest, TheBrokerHasNotSentIt) {
  trace.publishes(sensor, temp, q2);
  trace.after(9s);
  EXPECT_THAT(why_lost(),
              AllOf(HasSubstr(". The broker has not sent it to dashboard."),
                    HasSubstr("The link is up; nothing has come from the broker for 5.17 min.")));
}

TEST_F(TransitTest, OthersAreUnderWayMeanwhile) {
  const Stamp first = trace.publishes(sensor, temp, q2);
  hop(dashboard, End::broker, true, copy(first));
  trace.publishes(sensor, temp, q1);
  EXPECT_THAT(why_lost("qos1"), HasSubstr("The broker has not sent it to dashboard; 1 other under "
                                          "way, the oldest since 00:00:01"));
}

TEST_F(TransitTest, ItWasSentAndHasNotArrived) {
  const Stamp stamp = trace.publishes(sensor, temp, q2);
  hop(dashboard, End::broker, true, copy(stamp));
  trace.after(10s);
  hop(dashboard, End::broker, true, copy(stamp, true));
  EXPECT_THAT(why_lost(),
              HasSubstr(" The broker sent it at 00:00:01.120 and, 2 times in all, last at "
                        "00:00:12.120 (packet 7), and it has not arrived."));
}

TEST_F(TransitTest, ItArrivedAndTheClientDoesNotAnswer) {
  const Stamp stamp = trace.publishes(sensor, temp, q2);
  hop(dashboard, End::broker, true, copy(stamp));
  hop(dashboard, End::client, false, copy(stamp));
  EXPECT_THAT(why_lost(), HasSubstr("it arrived at 00:00:02.120, and dashboard has not answered."));
}

TEST_F(TransitTest, TheAnswerHasNotArrived) {
  const Stamp stamp = trace.publishes(sensor, temp, q2);
  hop(dashboard, End::broker, true, copy(stamp));
  hop(dashboard, End::client, false, copy(stamp));
  hop(dashboard, End::client, true, PubRec{.packet_id = PacketId{7}});
  EXPECT_THAT(why_lost(),
              HasSubstr("the last answer of dashboard, at 00:00:03.120, has not arrived."));
}

TEST_F(TransitTest, TheClientTookItAndGaveItToNobody) {
  const Stamp stamp = trace.publishes(sensor, temp, q1);
  const Stamp second = trace.publishes(sensor, temp, q1);
  hop(dashboard, End::broker, true, copy(second));
  hop(dashboard, End::client, false, copy(second));
  hop(dashboard, End::client, true, PubAck{.packet_id = PacketId{7}});
  hop(dashboard, End::broker, false, PubAck{.packet_id = PacketId{7}});
  trace.delivers(stamp, dashboard, q1);
  EXPECT_THAT(why_lost("qos1"), HasSubstr(" the broker was told by dashboard that it has it."));
}

TEST_F(TransitTest, APublisherWaitsForPubcomp) {
  const Stamp stamp = trace.attempts(sensor, temp, q2);
  trace.sends(stamp).broker_gets(stamp).pub_rec(stamp);
  hop(sensor, End::client, true, PubRel{.packet_id = PacketId{1}});
  EXPECT_THAT(why_lost("acknowledged"),
              AllOf(HasSubstr(" sensor sent it at 00:00:00"),
                    HasSubstr("PUBREL was sent at 00:00:01"), HasSubstr(", and is not answered.")));
}

TEST_F(TransitTest, APublisherHasNotSentItSinceItsSessionWasLost) {
  const Stamp stamp = trace.attempts(sensor, temp, q1);
  trace.sends(stamp);
  trace.loses_link(sensor).after(1s).connects(sensor, {.present = false});
  EXPECT_THAT(why_lost("acknowledged"), AllOf(HasSubstr(" sensor has not sent it in this session."),
                                              HasSubstr("The link is up")));
}

TEST_F(TransitTest, WhatIsHeldIsBounded) {
  const trace::RunInfo& run = trace.run();
  Fleet fleet(run);
  Transit transit(fleet);
  for (std::uint16_t id = 1; id <= 1000; ++id) {
    Publish publish = copy({Stamp::Origin::publish, sensor, id});
    publish.qos = q1;
    publish.packet_id = PacketId{id};
    hop(dashboard, End::broker, true, publish);
    if (id % 2 == 0) hop(dashboard, End::broker, false, PubAck{.packet_id = PacketId{id}});
  }
  class Both final : public trace::Observer {
   public:
    Both(Fleet& fleet, Transit& transit) : fleet_(fleet), transit_(transit) {}
    void observe(const trace::Event& event) override {
      fleet_.observe(event);
      transit_.observe(event);
    }

   private:
    Fleet& fleet_;
    Transit& transit_;
  } both(fleet, transit);
  trace.feed(both);
  EXPECT_LE(transit.held(), Transit::hops_max + Transit::done_max);
  EXPECT_GT(transit.held(), Transit::hops_max);
}

}  // namespace
}  // namespace mq::checks
