// Connections by the thousand a second, and one client who was there before them.
#include "broker/load/testing/flood.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "broker/load/testing/canary.h"
#include "broker/load/testing/tested_broker.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

// One part in a hundred of a second is a few messages, and the commit tier's machine is busy: there
// the median is judged.
#ifdef MQ_MANY_CLIENTS
constexpr auto lasts = 10s;
std::chrono::microseconds judged(const Canary::Times& times) { return times.p99; }
#else
constexpr auto lasts = 1s;
std::chrono::microseconds judged(const Canary::Times& times) { return times.p50; }
#endif
constexpr std::size_t each_second = 5'000;
constexpr auto patience = 10ms;

void print(const char* what, const FloodCount& flood, const Canary::Times& times) {
  std::printf(
      "%s: %zu connections, %zu let in, %zu turned away, %zu unanswered; canary %zu messages, p50 "
      "%lld us, p99 %lld us, max %lld us\n",
      what, flood.begun, flood.let_in, flood.turned_away, flood.unanswered, times.count,
      static_cast<long long>(times.p50.count()), static_cast<long long>(times.p99.count()),
      static_cast<long long>(times.max.count()));
}

class Flood : public ::testing::Test {
 protected:
  struct Outcome {
    FloodCount count;
    Canary::Times times;
  };

  void SetUp() override {
    if (!may_open_files(each_second))
      GTEST_SKIP() << "this machine allows fewer open files than " << each_second;
  }
  // The best of a few, as the machine may be busy with something else.
  Outcome best_of_three(const char* what, const std::string& lines, int addresses,
                        const std::string& client_id = {}) {
    Outcome best;
    for (int round = 0; round < 3; ++round) {
      broker_ = std::make_unique<TestedBroker>(lines);
      Canary canary(port());
      const FloodCount count = flood({.port = port(),
                                      .each_second = each_second,
                                      .lasts = lasts,
                                      .addresses = addresses,
                                      .client_id = client_id});
      const Outcome outcome{count, canary.finish()};
      print(what, outcome.count, outcome.times);
      EXPECT_TRUE(outcome.times.served);
      if (round == 0 || outcome.times.p99 < best.times.p99) best = outcome;
      if (judged(best.times) < patience || is_sanitized) break;
    }
    return best;
  }
  std::uint16_t port() const { return broker_->port(Through::tcp); }

  std::unique_ptr<TestedBroker> broker_;
};

// The limits of one address are raised: everybody is let in.
TEST_F(Flood, OfWelcomeClientsDelaysNobody) {
  const Outcome outcome =
      best_of_three("limits raised", "max_connections_per_address 0\nmax_connection_rate 0\n", 20);
  if (is_sanitized) return;  // too slow for so many
  EXPECT_LT(judged(outcome.times), patience);
  EXPECT_GT(outcome.count.let_in, outcome.count.begun * 99 / 100);
}

// Each takes the session over from the one before.
TEST_F(Flood, OfOneClientIdDelaysNobody) {
  const Outcome outcome = best_of_three(
      "one client id", "max_connections_per_address 0\nmax_connection_rate 0\n", 20, "the-same");
  if (is_sanitized) return;
  EXPECT_LT(judged(outcome.times), patience);
  EXPECT_EQ(outcome.count.unanswered, 0u);
}

// With the limits as they are one address gets its share, and no more.
TEST_F(Flood, FromOneAddressIsTurnedAwayAndDelaysNobody) {
  const Outcome outcome = best_of_three("defaults", "", 1);
  if (is_sanitized) return;
  EXPECT_LT(judged(outcome.times), patience);
  const auto seconds = static_cast<std::size_t>(lasts / 1s);
  EXPECT_LE(outcome.count.let_in, 500 + 500 * (seconds + 1));
  EXPECT_GE(outcome.count.let_in, 500 * seconds);
  EXPECT_GT(outcome.count.turned_away, 0u);
  EXPECT_EQ(outcome.count.unanswered, 0u);
  // Who comes from elsewhere comes in.
  const auto began = PlainSocket::Clock::now();
  PlainSocket other(port(), 77);
  other.send(std::string_view("\x10\x0c\0\4MQTT\4\2\0\x3c\0\0", 14));
  EXPECT_TRUE(other.hears_packets(1));
  EXPECT_LT(PlainSocket::Clock::now() - began, 5 * patience);
}

// A handshake costs more than all that follows: the limit of an address holds before it.
TEST_F(Flood, OfHandshakesStopsAtTheLimitOfAnAddress) {
  TestedBroker broker("max_connections_per_address 2\n");
  for (const Through through : {Through::tls, Through::wss, Through::websocket}) {
    SCOPED_TRACE(name_of(through));
    PlainSocket first(broker.port(through), 2), second(broker.port(through), 2);
    PlainSocket third(broker.port(through), 2), other(broker.port(through), 3);
    EXPECT_TRUE(third.is_closed(5s));
    for (PlainSocket* each : {&first, &second, &other}) EXPECT_FALSE(each->is_closed(20ms));
  }
}

}  // namespace
}  // namespace mq::broker
