#include "conformance/checks/check_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "conformance/checks/testing/trace_builder.h"

namespace mq::checks {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> ids(const Judgement& judgement) {
  std::vector<std::string> all;
  for (const auto& finding : judgement.findings) all.push_back(finding.id);
  return all;
}

TEST(CheckSet, JudgesEveryStandingPromiseAndThoseThatAreExpected) {
  TraceBuilder trace;
  trace.run().expectations = {{.id = "sometimes",
                               .argument = "a session expired",
                               .qos = {},
                               .percentile = 0,
                               .below = {},
                               .as_written = {}},
                              {.id = "qos1",
                               .argument = "at-least-once",
                               .qos = {},
                               .percentile = 0,
                               .below = {},
                               .as_written = {}},
                              {.id = "latency",
                               .argument = {},
                               .qos = q1,
                               .percentile = 99.9,
                               .below = 1s,
                               .as_written = {}}};
  const auto judgement = trace.judged();
  EXPECT_THAT(ids(judgement),
              testing::ElementsAre("qos0", "qos1", "qos2", "order", "session", "will", "retained",
                                   "acknowledged", "redelivery", "latency-p99.9-qos1",
                                   "sometimes: a session expired"));
  for (const auto& finding : judgement.findings) {
    const bool expected = finding.id == "qos1" || finding.id.starts_with("latency") ||
                          finding.id.starts_with("sometimes");
    EXPECT_EQ(finding.expected, expected) << finding.id;
    EXPECT_EQ(finding.verdict, Verdict::not_tried) << finding.id;
    EXPECT_FALSE(finding.promise.empty() || finding.limit.empty() || finding.measured.empty());
  }
}

TEST(CheckSet, ARunWithoutMessagesMeasuredNothing) {
  TraceBuilder trace;
  trace.connects(trace.add_client({.id = "a"}));
  EXPECT_EQ(trace.judged().verdict, Judgement::Verdict::nothing_measured);
}

TEST(CheckSet, AnExpectedPromiseThatWasNotTriedMeasuredNothing) {
  for (const auto* id : {"qos1", "qos2"}) {
    TraceBuilder trace;
    trace.run().expectations = {
        {.id = id, .argument = {}, .qos = {}, .percentile = 0, .below = {}, .as_written = {}}};
    const auto a = trace.add_client({.id = "a"});
    trace.connects(a).subscribes(a, "t", q2);
    const auto stamp = trace.publishes(a, "t", q1);
    trace.delivers(stamp, a, q1);
    EXPECT_EQ(trace.judged().verdict, id == std::string("qos1")
                                          ? Judgement::Verdict::held
                                          : Judgement::Verdict::nothing_measured);
  }
}

TEST(CheckSet, ABrokenPromiseOutweighsWhatWasNotMeasured) {
  TraceBuilder trace;
  trace.run().expectations = {
      {.id = "qos1", .argument = {}, .qos = {}, .percentile = 0, .below = {}, .as_written = {}}};
  const auto a = trace.add_client({.id = "a"});
  trace.connects(a).subscribes(a, "t", q2);
  const auto stamp = trace.publishes(a, "t", q2);
  trace.delivers(stamp, a, q2).delivers(stamp, a, q2);
  EXPECT_EQ(trace.judged().verdict, Judgement::Verdict::broken);
}

TEST(CheckSetDeathTest, TimeThatGoesBackIsABrokenInvariant) {
  CheckSet checks{trace::RunInfo{}};
  checks.observe({Instant{2s}, trace::CalmBegan{}});
  EXPECT_DEATH(checks.observe({Instant{1s}, trace::RunEnded{true}}), "order of time");
}

TEST(CheckSet, EvidenceIsKeptForTheFirstFewOnly) {
  TraceBuilder trace;
  const auto a = trace.add_client({.id = "a"});
  trace.connects(a).subscribes(a, "t", q2);
  for (std::size_t i = 0; i <= evidence_max; ++i) {
    const auto stamp = trace.publishes(a, "t", q2);
    trace.delivers(stamp, a, q2).delivers(stamp, a, q2);
  }
  const auto judgement = trace.judged();
  EXPECT_EQ(finding(judgement, "qos2").broken, evidence_max + 1);
  EXPECT_EQ(finding(judgement, "qos2").evidence.size(), evidence_max);
  EXPECT_EQ(finding(judgement, "qos2").evidence.front().message->number, 1u);
}

// ---- A week of a fleet --------------------------------------------------------------------------

// Sensors that publish in turn to three dashboards, one of each QoS, with losses of QoS 0, lost
// connections and absences; generated event by event.
class GeneratedFleet {
 public:
  explicit GeneratedFleet(std::uint32_t sensors) : sensors_(sensors) {
    for (std::uint32_t i = 0; i < sensors; ++i)
      run_.clients.push_back({.id = "sensor-" + std::to_string(i), .group = "sensors"});
    for (std::uint32_t i = 0; i < 3; ++i)
      run_.clients.push_back({.id = "dashboard-" + std::to_string(i),
                              .group = "dashboards",
                              .clean_start = false,
                              .session_expiry = 3600});
    for (std::uint32_t i = 0; i < sensors; ++i)
      topics_.push_back("fleet/sensor-" + std::to_string(i) + "/temp");
  }
  const trace::RunInfo& run() const { return run_; }

  void play(CheckSet& checks, std::uint64_t rounds) {
    checks_ = &checks;
    say(trace::BrokerUp{});
    for (std::uint32_t i = 0; i < sensors_; ++i) connects(ClientIndex{i}, false, 0);
    for (std::uint32_t i = 0; i < 3; ++i) {
      connects(dashboard(i), false, 3600);
      subscribes(dashboard(i), static_cast<Qos>(i));
    }
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      for (std::uint32_t i = 0; i < sensors_; ++i) publishes(ClientIndex{i}, round);
      now_ += 30s;
      if (round % 20 == 0) come_and_go();
    }
    say(trace::CalmBegan{});
    now_ += 10min;
    say(trace::RunEnded{true});
  }
  std::uint64_t events() const { return events_; }

 private:
  ClientIndex dashboard(std::uint32_t i) const { return ClientIndex{sensors_ + i}; }
  trace::Connection connection(ClientIndex client) {
    return {client, connections_[static_cast<std::uint32_t>(client)]};
  }
  void say(trace::What what) {
    checks_->observe({now_, std::move(what)});
    ++events_;
  }
  void packet(ClientIndex client, trace::End end, bool sent, const Packet& packet) {
    say(trace::PacketSeen{connection(client), end, sent, Version::v5, &packet, {}});
  }
  void both(ClientIndex client, trace::End from, const Packet& what) {
    packet(client, from, true, what);
    packet(client, from == trace::End::client ? trace::End::broker : trace::End::client, false,
           what);
  }
  void connects(ClientIndex client, bool present, std::uint32_t expiry) {
    ++connections_[static_cast<std::uint32_t>(client)];
    say(trace::LinkOpening{connection(client)});
    Connect connect{.clean_start = expiry == 0};
    if (expiry > 0) connect.properties.add(PropertyId::session_expiry_interval, expiry);
    both(client, trace::End::client, connect);
    both(client, trace::End::broker, ConnAck{present, {}, {}});
  }
  void subscribes(ClientIndex client, Qos qos) {
    both(client, trace::End::client, Subscribe{PacketId{1}, {}, {{"fleet/+/temp", {.qos = qos}}}});
    both(client, trace::End::broker, SubAck{PacketId{1}, {}, {static_cast<ReasonCode>(qos)}});
  }
  void publishes(ClientIndex sensor, std::uint64_t number) {
    const auto index = static_cast<std::uint32_t>(sensor);
    const Stamp stamp{Stamp::Origin::publish, sensor, number};
    const Qos qos = static_cast<Qos>(number % 3);
    say(trace::Attempted{sensor, stamp, topics_[index], qos, false, 16});
    Publish publish;
    publish.topic = topics_[index];
    publish.qos = qos;
    publish.payload = Bytes::copy(to_text(stamp));
    if (qos != q0) publish.packet_id = PacketId{static_cast<std::uint16_t>(number % 1000 + 1)};
    both(sensor, trace::End::client, publish);
    if (qos == q1) both(sensor, trace::End::broker, PubAck{publish.packet_id, {}, {}});
    if (qos == q2) {
      both(sensor, trace::End::broker, PubRec{publish.packet_id, {}, {}});
      both(sensor, trace::End::client, PubRel{publish.packet_id, {}, {}});
      both(sensor, trace::End::broker, PubComp{publish.packet_id, {}, {}});
    }
    if (qos != q0) say(trace::Acknowledged{sensor, stamp, {}});
    for (std::uint32_t i = 0; i < 3; ++i) {
      const Qos as = std::min(qos, static_cast<Qos>(i));
      if (i == away_) {
        if (as != q0) waiting_.emplace_back(publish, as);
        continue;
      }
      if (as == q0 && (number + index) % 7 == 0) continue;  // lost on the way
      delivers(publish, dashboard(i), as);
    }
  }
  void delivers(Publish publish, ClientIndex to, Qos qos) {
    publish.qos = qos;
    if (qos != q0) publish.packet_id = PacketId{1};
    both(to, trace::End::broker, publish);
    say(trace::Delivered{connection(to), &publish});
  }
  // One dashboard comes back, the next one goes.
  void come_and_go() {
    if (away_ < 3) {
      connects(dashboard(away_), true, 3600);
      for (auto& [publish, qos] : waiting_) delivers(publish, dashboard(away_), qos);
      waiting_.clear();
    }
    if (++turn_ % 2 == 0) {
      away_ = 3;
      return;
    }
    away_ = turn_ / 2 % 3;
    for (const auto end : {trace::End::client, trace::End::broker})
      say(trace::LinkClosed{connection(dashboard(away_)), end, trace::CloseCause::reset, false});
  }

  std::uint32_t sensors_;
  trace::RunInfo run_;
  std::vector<std::string> topics_;
  std::map<std::uint32_t, std::uint32_t> connections_;
  std::deque<std::pair<Publish, Qos>> waiting_;
  std::uint32_t away_ = 3;
  std::uint32_t turn_ = 0;
  CheckSet* checks_ = nullptr;
  Instant now_{};
  std::uint64_t events_ = 0;
};

TEST(CheckSet, AWeekOfAFleetFitsIntoBoundedState) {
  constexpr std::uint32_t sensors = 50;
  constexpr std::size_t streams = sensors * 3;
  GeneratedFleet fleet(sensors);
  CheckSet checks(fleet.run());
  fleet.play(checks, 3000);  // a day and more, one message per sensor every 30 s
  EXPECT_GT(fleet.events(), 2'000'000u);
  const auto census = checks.census();
  // The last QoS 0 message of a stream may be lost: no later one tells.
  EXPECT_LE(census.debts, streams * 3);
  EXPECT_LE(census.messages, Ledger::recent_messages_max + census.debts);
  EXPECT_LE(census.cells, streams * 3);
  // A lost QoS 0 message leaves a gap: that is the one thing that adds up, to a limit.
  EXPECT_LE(census.intervals, streams * 3 * IntervalSet::intervals_max);
  EXPECT_EQ(checks.held_beside_the_ledger(), 0u);
  const auto judgement = checks.finish();
  EXPECT_EQ(judgement.verdict, Judgement::Verdict::held);
  EXPECT_EQ(judgement.ledger.totals[1].lost + judgement.ledger.totals[2].lost, 0u);
  EXPECT_GT(judgement.ledger.totals[0].lost, 0u);
  EXPECT_GT(judgement.ledger.totals[2].delivered, 30'000u);
}

TEST(CheckSet, TheSameTraceGivesTheSameJudgement) {
  const auto play = [] {
    GeneratedFleet fleet(7);
    CheckSet checks(fleet.run());
    fleet.play(checks, 200);
    return checks.finish();
  };
  const auto once = play();
  const auto again = play();
  ASSERT_EQ(once.findings.size(), again.findings.size());
  for (std::size_t i = 0; i < once.findings.size(); ++i) {
    EXPECT_EQ(once.findings[i].measured, again.findings[i].measured);
    EXPECT_EQ(once.findings[i].tried, again.findings[i].tried);
  }
  EXPECT_EQ(once.ledger.totals, again.ledger.totals);
}

}  // namespace
}  // namespace mq::checks
