// What the monitors see from where the tester stands.
#include "conformance/runner/watched.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conformance/runner/play.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;

constexpr LinkNumber one{1};
constexpr LinkNumber two{2};

class Talk {
 public:
  Talk& open(LinkNumber link) {
    watched_.opened(link, now_ += 1ms);
    return *this;
  }
  Talk& tester(LinkNumber link, const Packet& packet) {
    watched_.tester_sent(link, bytes(packet), now_ += 1ms);
    return *this;
  }
  Talk& raw(LinkNumber link, std::vector<std::byte> bytes) {
    watched_.tester_sent(link, bytes, now_ += 1ms);
    return *this;
  }
  Talk& broker(LinkNumber link, const Packet& packet) {
    watched_.peer_sent(link, bytes(packet), now_ += 1ms);
    return *this;
  }
  Talk& cut(LinkNumber link) {
    watched_.ended(link, now_ += 1ms, WatchedPeer::By::tester);
    return *this;
  }
  Talk& connect(LinkNumber link, bool resumed = false) {
    Connect connect{.client_id = "a", .clean_start = false};
    connect.properties.add(PropertyId::session_expiry_interval, 100U);
    return open(link).tester(link, connect).broker(link, ConnAck{.session_present = resumed});
  }
  std::vector<std::string> broken() {
    std::vector<std::string> names;
    for (const auto& breach : watched_.finish(now_).breaches)
      names.emplace_back(info(breach.watch).name);
    return names;
  }

 private:
  static std::vector<std::byte> bytes(const Packet& packet) {
    std::vector<std::byte> wire;
    encode(packet, Version::v5, wire);
    return wire;
  }
  Case case_;
  WatchedPeer watched_{case_};
  Instant now_{};
};

Publish message(int id, bool dup = false) {
  Publish publish;
  publish.topic = "t";
  publish.packet_id = static_cast<PacketId>(id);
  publish.qos = Qos::at_least_once;
  publish.dup = dup;
  return publish;
}
PubAck answer(int id) { return {static_cast<PacketId>(id), {}, {}}; }

TEST(WatchedPeer, IsSeenToAnswerWhatNobodySaid) {
  EXPECT_THAT(Talk().connect(one).broker(one, answer(7)).broken(),
              testing::ElementsAre("acknowledgement_answers"));
}

TEST(WatchedPeer, IsExcusedByWhatTheScriptDidWrong) {
  EXPECT_THAT(
      Talk().connect(one).raw(one, {std::byte{0}, std::byte{0}}).broker(one, answer(7)).broken(),
      testing::IsEmpty());
}

// The PUBACK may have been lost with the connection: whether it was, only the broker knows.
TEST(WatchedPeer, MayNotHaveHeardWhatItWasSent) {
  Talk talk;
  talk.connect(one);
  Subscribe subscribe{static_cast<PacketId>(1), {}, {{"t", {.qos = Qos::at_least_once}}}};
  talk.tester(one, subscribe);
  talk.broker(one, SubAck{static_cast<PacketId>(1), {}, {ReasonCode::granted_qos_1}});
  talk.broker(one, message(1)).tester(one, answer(1)).cut(one).connect(two, true);
  talk.broker(two, message(1, true));
  EXPECT_THAT(talk.broken(), testing::IsEmpty());
}

TEST(WatchedPeer, AnOpenMessageComesAgainWithDup) {
  Talk talk;
  talk.connect(one);
  Subscribe subscribe{static_cast<PacketId>(1), {}, {{"t", {.qos = Qos::at_least_once}}}};
  talk.tester(one, subscribe);
  talk.broker(one, SubAck{static_cast<PacketId>(1), {}, {ReasonCode::granted_qos_1}});
  talk.broker(one, message(1)).cut(one).connect(two, true).broker(two, message(1));
  EXPECT_THAT(talk.broken(), testing::ElementsAre("again_has_dup"));
}

TEST(WatchedPeer, StatementsAreCountedOverCases) {
  Case which;
  which.id = "v5/x";
  CaseResult result{&which, Level::must, {}, {}};
  WatchedPeer watched(which);
  watched.opened(one, {});
  std::vector<std::byte> wire;
  encode(Packet{Connect{.client_id = "a"}}, Version::v5, wire);
  watched.tester_sent(one, wire, {});
  wire.clear();
  encode(Packet{ConnAck{.session_present = true}}, Version::v5, wire);
  watched.peer_sent(one, wire, {});
  result.outcome.watched = watched.finish({});
  bool found = false;
  const std::vector<CaseResult> results{result, result};
  for (const WatchedStatement& statement : watched_statements(results)) {
    if (to_text(statement.id) != "v5/MQTT-3.2.2-2") continue;
    found = true;
    EXPECT_EQ(statement.tried, 2u);
    EXPECT_EQ(statement.broken, 2u);
    ASSERT_EQ(statement.evidence.size(), 2u);
    EXPECT_EQ(statement.evidence[0].breach->text, "CONNACK says session present 1");
    EXPECT_EQ(statement.evidence[0].result->which->id, "v5/x");
  }
  EXPECT_TRUE(found);
}

// In the role client the script is the broker, and the rules are those of clients.
TEST(WatchedPeer, IsAClientWhereTheScriptIsTheBroker) {
  Case which;
  which.role = Role::client;
  WatchedPeer watched(which);
  std::vector<std::byte> wire;
  watched.opened(one, {});
  encode(Packet{Connect{.client_id = "a"}}, Version::v5, wire);
  watched.peer_sent(one, wire, {});
  wire.clear();
  encode(Packet{ConnAck{}}, Version::v5, wire);
  watched.tester_sent(one, wire, {});
  wire.clear();
  encode(Packet{answer(7)}, Version::v5, wire);
  watched.peer_sent(one, wire, {});
  const WatchedOutcome outcome = watched.finish({});
  ASSERT_EQ(outcome.breaches.size(), 1u);
  EXPECT_EQ(info(outcome.breaches[0].watch).name, "acknowledgement_answers");
  EXPECT_EQ(outcome.breaches[0].role, monitors::Role::client);
}

}  // namespace
}  // namespace mq::conformance
