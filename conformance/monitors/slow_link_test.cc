// Answers that stand behind what a slow link still has to carry, and answers that do not come.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conformance/monitors/monitors.h"

namespace mq::monitors {
namespace {

using namespace std::chrono_literals;
using trace::End;

class SlowLinkTest : public testing::Test {
 protected:
  SlowLinkTest() {
    run_.broker = "ours";
    run_.clients = {{.id = "a"}};
    monitors_.emplace(run_);
    for (const End end : {End::client, End::broker})
      monitors_->observe({now, trace::LinkOpened{connection, end}});
    Connect connect;
    connect.client_id = "a";
    both(End::client, connect);
    both(End::broker, ConnAck{});
    both(End::client, Subscribe{PacketId{1}, {}, {{"t", {.qos = Qos::at_least_once}}}});
    both(End::broker, SubAck{PacketId{1}, {}, {ReasonCode::granted_qos_1}});
  }
  void see(End end, bool sent, const Packet& packet) {
    std::vector<std::byte> wire;
    encode(packet, Version::v5, wire);
    monitors_->observe({now, trace::PacketSeen{connection, end, sent, Version::v5, &packet, wire}});
  }
  void both(End sender, const Packet& packet) {
    see(sender, true, packet);
    see(trace::other(sender), false, packet);
  }
  static Publish of_size(std::size_t bytes, int id = 0) {
    Publish publish;
    publish.topic = "t";
    publish.qos = id == 0 ? Qos::at_most_once : Qos::at_least_once;
    publish.packet_id = static_cast<PacketId>(id);
    publish.payload = Bytes::copy(std::string(bytes, 'x'));
    return publish;
  }
  std::vector<std::string> broken() {
    monitors_->finish(now);
    std::vector<std::string> names;
    for (const Breach& breach : monitors_->notebook().breaches())
      names.emplace_back(info(breach.watch).name);
    return names;
  }

  const trace::Connection connection{{}, 1};
  Instant now{};

 private:
  trace::RunInfo run_;
  std::optional<Monitors> monitors_;
};

// 300 kB at 20 kbit/s take two minutes; the acknowledgement is behind them.
TEST_F(SlowLinkTest, AnAnswerMayStandBehindWhatTheLinkCarries) {
  both(End::client, of_size(10, 7));
  for (int i = 0; i < 10; ++i) see(End::broker, true, of_size(15'000));
  for (int i = 0; i < 10; ++i) {
    now += 6s;
    see(End::client, false, of_size(15'000));
    see(End::broker, true, of_size(15'000));
  }
  both(End::broker, PubAck{PacketId{7}});
  EXPECT_EQ(broken(), std::vector<std::string>{});
}

// Of a packet that is on its way for so long only the end is seen.
TEST_F(SlowLinkTest, AnAnswerMayStandBehindOneLargePacket) {
  both(End::client, of_size(10, 7));
  now += 65s;
  both(End::client, PingReq{});
  now += 55s;
  see(End::broker, true, of_size(300'000));
  see(End::broker, true, PubAck{PacketId{7}});
  see(End::broker, true, PingResp{});
  EXPECT_EQ(broken(), std::vector<std::string>{});
}

TEST_F(SlowLinkTest, AnAnswerThatOthersOvertakeIsMissing) {
  both(End::client, of_size(10, 7));
  for (int i = 0; i < 10; ++i) see(End::broker, true, of_size(15'000));
  for (int i = 0; i < 10; ++i) {
    now += 6s;
    see(End::client, false, of_size(15'000));
  }
  now += 30s;
  both(End::client, PingReq{});
  both(End::broker, PingResp{});
  now += 31s;
  both(End::client, PingReq{});
  both(End::broker, PingResp{});
  EXPECT_EQ(broken(), std::vector<std::string>{"qos_1_is_acknowledged"});
}

// The bound is that of patience and slack, counted from when the link was full last.
class PatienceTest : public SlowLinkTest {
 protected:
  void waits(Duration more) {
    both(End::client, of_size(10, 7));
    now += 50s;
    see(End::broker, true, of_size(bytes_that_fill));
    see(End::client, false, of_size(bytes_that_fill));
    now += patience + View{}.slack + more;
    both(End::broker, of_size(1));
    both(End::broker, PubAck{PacketId{7}});
  }
};
TEST_F(PatienceTest, LastsUntilItsEnd) {
  waits(0ns);
  EXPECT_EQ(broken(), std::vector<std::string>{});
}
TEST_F(PatienceTest, IsOverThen) {
  waits(1ns);
  EXPECT_FALSE(broken().empty());
}

TEST_F(SlowLinkTest, AtTheEndOfTheRunNothingIsOnItsWay) {
  both(End::client, of_size(10, 7));
  now += 62s;
  EXPECT_EQ(broken(), std::vector<std::string>{"qos_1_is_acknowledged"});
}

}  // namespace
}  // namespace mq::monitors
