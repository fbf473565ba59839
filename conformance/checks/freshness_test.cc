#include "conformance/checks/freshness.h"

#include <gtest/gtest.h>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

class FreshnessTest : public testing::Test {
 protected:
  FreshnessTest() {
    run_.clients = {{.id = "sensor", .group = "sensors", .speaks = trace::Speaks::http},
                    {.id = "poller", .group = "pollers", .speaks = trace::Speaks::http},
                    {.id = "other", .group = "pollers", .speaks = trace::Speaks::http}};
  }
  void take(std::uint64_t number, Duration at) {
    say(at, trace::ValueTaken{sensor, stamp(number), "/temp"});
  }
  void read(ClientIndex reader, std::uint64_t number, Duration at, const char* path = "/temp") {
    say(at, trace::ValueRead{reader, stamp(number), path});
  }
  void say(Duration at, trace::What what) { fold().observe({Instant(at), what}); }
  static trace::Stamp stamp(std::uint64_t number) {
    return {.publisher = sensor, .number = number};
  }
  FreshnessFold& fold() {
    if (!fold_) fold_.emplace(run_, limits_);
    return *fold_;
  }

  static constexpr ClientIndex sensor{0}, poller{1}, other{2};
  trace::RunInfo run_;
  FreshnessFold::Limits limits_;
  std::optional<FreshnessFold> fold_;
};

TEST_F(FreshnessTest, AgesUntilANewerValueIsThere) {
  take(1, 0s);
  read(poller, 1, 10s);  // it is 10 s old
  take(2, 20s);
  read(poller, 2, 30s);  // the first one is 30 s old by now, this one 10 s
  say(40s, trace::CalmBegan{});
  fold().finish(Instant(1h));
  EXPECT_EQ(fold().of(poller)->most, 30s);
  // 20 s at 10..30 and 10 s at 10..20, each grown evenly.
  EXPECT_NEAR(std::chrono::duration<double>(fold().of(poller)->mean).count(),
              (20 * 20 + 10 * 15) / 30., 1e-6);
  EXPECT_EQ(fold().of("pollers")->values, 2u);
  EXPECT_EQ(*fold().of("pollers")->latency.max(), 10s);
}

TEST_F(FreshnessTest, IsNotMadeYoungerByWhatIsKnownOrOlder) {
  take(1, 0s);
  take(2, 1s);
  read(poller, 2, 2s);
  read(poller, 2, 5s);
  read(poller, 1, 6s);
  say(10s, trace::CalmBegan{});
  fold().finish(Instant(10s));
  EXPECT_EQ(fold().of(poller)->most, 9s);
  EXPECT_EQ(fold().of("pollers")->values, 1u);
}

TEST_F(FreshnessTest, OfWhoReadNothingIsNotMeasured) {
  take(1, 0s);
  read(poller, 1, 1s);
  say(2s, trace::ValueRead{other, std::nullopt, "/temp"});
  say(3s, trace::CalmBegan{});
  fold().finish(Instant(3s));
  EXPECT_FALSE(fold().of(other));
  EXPECT_FALSE(fold().of("sensors"));
  EXPECT_TRUE(fold().of("pollers"));
}

TEST_F(FreshnessTest, EndsWithTheStormAndCountsWhatComesLate) {
  take(1, 0s);
  take(2, 9s);
  read(poller, 1, 1s);
  say(10s, trace::CalmBegan{});
  read(poller, 2, 60s);
  fold().finish(Instant(1h));
  EXPECT_EQ(fold().of(poller)->most, 10s);
  EXPECT_EQ(fold().of("pollers")->values, 2u);
  EXPECT_EQ(*fold().of("pollers")->latency.max(), 51s);
}

TEST_F(FreshnessTest, FollowsAsManyAsItMayAndTellsNothingOfFurtherOnes) {
  limits_.followed_max = 2;
  take(1, 0s);
  read(poller, 1, 1s, "/a");
  read(poller, 1, 1s, "/b");
  read(other, 1, 1s, "/a");
  say(3s, trace::CalmBegan{});
  fold().finish(Instant(3s));
  EXPECT_EQ(fold().values(), 2u);
  EXPECT_FALSE(fold().of(other));
}

// Beside MQTT, in the same run.
TEST(Freshness, OfSubscribersIsMeasuredLikewise) {
  TraceBuilder trace;
  trace.run().expectations = {{.id = "age", .argument = "", .below = 20s, .group = "screens"},
                              {.id = "age", .argument = "mean", .below = 5s, .group = "screens"}};
  const ClientIndex sensor = trace.add_client({.id = "sensor", .group = "sensors"});
  const ClientIndex screen = trace.add_client(
      {.id = "screen", .group = "screens", .subscriptions = {{"t", {.qos = Qos::at_most_once}}}});
  trace.broker_starts();
  trace.connects(sensor).connects(screen).subscribes(screen, "t", Qos::at_most_once);
  const Stamp stamp = trace.publishes(sensor, "t", q0);
  trace.delivers(stamp, screen, q0).after(15s).calm();
  const Judgement judged = trace.judged();
  EXPECT_EQ(finding(judged, "age-screens").verdict, Verdict::held);
  EXPECT_EQ(finding(judged, "age-mean-screens").verdict, Verdict::broken);
  ASSERT_TRUE(judged.costs.rows[1].freshness);
  EXPECT_EQ(judged.costs.rows[1].freshness->values, 1u);
  EXPECT_FALSE(judged.costs.rows[0].freshness);
}

}  // namespace
}  // namespace mq::checks
