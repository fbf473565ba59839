// The protocol bugs of mq::client_faulty: each does what its name says, and only there.
#include "client/core/fault.h"

#include "client/core/client_fixture.h"

namespace mq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class FaultyClient : public ClientFixture {
 protected:
  void SetUp() override { settings.session_expiry = 3600; }
};

TEST_F(FaultyClient, RedeliversWithoutDup) {
  settings.fault = Fault::redelivers_without_dup;
  connect();
  publish("t", Qos::at_least_once);
  reconnect({.session_present = true});
  EXPECT_THAT(publishes(), ElementsAre("x:1"));
}

TEST_F(FaultyClient, ForgetsItsQos2State) {
  settings.fault = Fault::forgets_qos2_state;
  connect();
  Publish two{.topic = "t", .packet_id = PacketId{3}, .qos = Qos::exactly_once};
  hear(two);
  reconnect({.session_present = true});
  two.dup = true;
  hear(two);
  EXPECT_THAT(news_of<Message>(), SizeIs(1));
}

TEST_F(FaultyClient, IsSoundWithoutAFault) {
  connect();
  publish("t", Qos::at_least_once);
  reconnect({.session_present = true});
  EXPECT_THAT(publishes(), ElementsAre("x:1!"));
}

}  // namespace
}  // namespace mq::client
