// The bugs that tests of the checks switch on: each shows, and none shows uninvited.
#include "broker/core/fault.h"

#include "broker/core/broker_fixture.h"

namespace mq::broker {
namespace {

using Faults = BrokerTest;

TEST_F(Faults, WithoutOneTheBrokerIsSound) {
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "t", qos2);
  publish(s, "t", "x", qos2, 1, true);
  expect_publish(s, "t", "x");
  expect<PubRec>(s);
  expect_silence(s);
}

TEST_F(Faults, AForgottenSessionIsPresentAndEmpty) {
  settings.fault = Fault::forgets_session;
  Peer& s = connect(Version::v5, "s", false);
  subscribe(s, "t", qos2);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "x", qos1, 1);
  cut(s);
  Peer& back = connect(Version::v5, "s", false);
  EXPECT_TRUE(back.conn_ack.session_present);
  expect_silence(back);
  publish(p, "t", "x", qos1, 2);
  expect_silence(back);
}

TEST_F(Faults, AQosTwoMessageGoesOutTwice) {
  settings.fault = Fault::sends_qos2_twice;
  Peer& s = connect(Version::v5, "s");
  subscribe(s, "t", qos2);
  Peer& p = connect(Version::v5, "p");
  publish(p, "t", "x", qos1, 1);
  expect_publish(s, "t", "x");
  expect_silence(s);
  publish(p, "t", "y", qos2, 2);
  const Publish one = expect_publish(s, "t", "y");
  const Publish two = expect_publish(s, "t", "y");
  EXPECT_NE(one.packet_id, two.packet_id);
}

TEST_F(Faults, AWillIsDropped) {
  settings.fault = Fault::drops_will;
  Peer& w = connect(Version::v5, "w");
  subscribe(w, "gone");
  Connect said = hello(Version::v5, "a");
  said.will = Will{.topic = "gone"};
  cut(connect(said));
  expect_silence(w);
}

TEST_F(Faults, ARetainedMessageIsForgotten) {
  settings.fault = Fault::forgets_retained;
  Peer& a = connect(Version::v5, "a");
  publish(a, "t", "x", qos0, 0, true);
  subscribe(a, "t");
  expect_silence(a);
}

}  // namespace
}  // namespace mq::broker
