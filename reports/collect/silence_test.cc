#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"
#include "reports/collect/silence_fold.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using checks::TraceBuilder;
using trace::CloseCause;
using trace::End;

constexpr double moment = 0.02;  // in seconds: between the CONNECT of a made-up trace and its end

struct Listener final : trace::Observer {
  explicit Listener(SilenceFold& wanted) : fold(wanted) {}
  void observe(const trace::Event& event) override { fold.observe(event); }
  SilenceFold& fold;
};

class Silence : public ::testing::Test {
 protected:
  SilentDrops drops() {
    SilenceFold fold(trace.run());
    Listener listener(fold);
    trace.feed(listener);
    Series series;
    fold.finish(series);
    return series.silent_drops;
  }

  TraceBuilder trace;
  trace::ClientIndex device = trace.add_client({.id = "device", .keep_alive = 60s});
};

// v5 MQTT-3.1.2-22
TEST_F(Silence, IsMeasuredFromOneAndAHalfKeepAlivesOn) {
  trace.connects(device).after(96s);
  trace.link_closes_at(device, End::broker, true, CloseCause::closed);
  EXPECT_EQ(drops().count, 1U);
  EXPECT_NEAR(seconds(drops().p50), 6, moment);
}

TEST_F(Silence, BrokenTooEarlyIsBelowZero) {
  trace.connects(device).after(70s);
  trace.link_closes_at(device, End::broker, true, CloseCause::closed);
  EXPECT_NEAR(seconds(drops().earliest), -20, moment);
}

TEST_F(Silence, EndsWithEveryPacketOfTheClient) {
  trace.connects(device).after(50s);
  trace.packet(device, End::broker, false, PingReq{}).after(90s);
  trace.link_closes_at(device, End::broker, true, CloseCause::closed);
  EXPECT_EQ(drops().p50, 0s);
}

TEST_F(Silence, IsOfTheKeepAliveThatTheBrokerAsksFor) {
  trace.opens(device);
  trace.packet(device, End::broker, false, Connect{});
  ConnAck connack;
  connack.properties.add(PropertyId::server_keep_alive, std::uint32_t{20});
  trace.packet(device, End::broker, true, connack).after(31s);
  trace.link_closes_at(device, End::broker, true, CloseCause::closed);
  EXPECT_EQ(drops().p50, 1s);
}

TEST_F(Silence, OfACloseByTheDeviceACrashOrSoonerIsNone) {
  trace.connects(device).after(96s);
  trace.link_closes_at(device, End::broker, false, CloseCause::closed);
  trace.connects(device).after(96s);
  trace.link_closes_at(device, End::broker, true, CloseCause::crashed);
  trace.connects(device).after(59s);
  trace.link_closes_at(device, End::broker, true, CloseCause::closed);
  EXPECT_EQ(drops().count, 0U);
}

// v5 MQTT-3.1.4-3: the older connection is closed for its client came anew.
TEST_F(Silence, IsNotWhatATakeOverEnds) {
  trace.connects(device).after(200s);
  trace.opens(device);
  trace.packet(device, End::broker, false, Connect{});
  trace.broker_closes(device, 1);
  EXPECT_EQ(drops().count, 0U);
}

}  // namespace
}  // namespace mq::report
