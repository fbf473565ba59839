// Unmodified brokers of this machine in virtual time: when they drop a silent client, when a will
// of an hour comes, what is left after kill -9, and that every run is the same to the byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/testing/stage.h"

namespace mq::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What a client is dropped after that says nothing for 60 s and more: 90 s, says the standard.
struct Silence {
  const char* broker;
  const char* dropped_at;
  const char* or_at = dropped_at;
};
class SilentClient : public ::testing::TestWithParam<Silence> {};
INSTANTIATE_TEST_SUITE_P(Brokers, SilentClient,
                         ::testing::Values(Silence{"mosquitto", "96.000"},
                                           Silence{"aedes", "90.001"},
                                           Silence{"ejabberd", "90.000", "90.001"}),
                         [](const auto& silence) { return silence.param.broker; });

// v3.1.1 MQTT-3.1.2-24
TEST_P(SilentClient, IsDroppedWhenItsTimeIsOver) {
  STAGE_OR_SKIP(stage, GetParam().broker);
  const auto watcher = stage->connect({.id = "watcher"});
  stage->send(watcher, subscribe_to_will);
  stage->connect({.id = "silent", .keep_alive = 60, .will = "will"});
  stage->run_until(Instant{} + 1s);
  stage->forget();
  stage->run_until(Instant{} + 200s);
  const auto drop = [](const std::string& at) {
    return ::testing::UnorderedElementsAre(at + " silent end", at + " watcher " + will_message);
  };
  EXPECT_THAT(stage->heard(),
              ::testing::AnyOf(drop(GetParam().dropped_at), drop(GetParam().or_at)));
}

TEST(Mosquitto, FourHoursWithAWillOfAnHourTakeSeconds) {
  STAGE_OR_SKIP(stage, "mosquitto");
  const auto began = std::chrono::steady_clock::now();
  const auto watcher = stage->connect({.id = "watcher"});
  stage->send(watcher, subscribe_to_will);
  const auto gone = stage->connect({.id = "gone",
                                    .version = 5,
                                    .clean = true,
                                    .will = "will",
                                    .will_properties = seconds_property(0x18, 3600),
                                    .properties = seconds_property(0x11, 7200)});
  stage->run_until(Instant{} + 211s);
  stage->forget();
  stage->leave(gone);
  stage->run_until(Instant{} + 4h);
  // It counts whole seconds, and waits until the delay is more than over.
  EXPECT_THAT(stage->heard(), ElementsAre("211.000 gone end", "3812.000 watcher " + will_message));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
}

TEST(Mosquitto, KeepsSessionsThroughKillAndRestart) {
  STAGE_OR_SKIP(stage, "mosquitto", "faults: [ { at: 1min, crash: broker, restart_after: 30s } ]");
  const auto reader = stage->connect({.id = "reader", .clean = false});
  stage->send(reader, packet(0x82, std::string{0, 1} + text_field("a") + '\1'));
  stage->leave(reader);
  const auto writer = stage->connect({.id = "writer"});
  stage->send(writer, packet(0x32, text_field("a") + std::string{0, 9} + "kept"));
  stage->run_until(Instant{} + 50s);
  stage->kill();
  stage->run_until(Instant{} + 80s);
  stage->forget();
  stage->start();
  stage->connect({.id = "reader", .clean = false});
  EXPECT_THAT(stage->heard(),
              ElementsAre("80.000 reader " +
                          hex(packet(0x20, std::string{1, 0}) +
                              packet(0x32, text_field("a") + std::string{0, 1} + "kept"))));
}

// ---- Its listeners, its log, its disk, its time -------------------------------------------------

struct Wire final : trace::Observer {
  void observe(const trace::Event& event) override {
    delivered += std::holds_alternative<trace::Delivered>(event.what) ? 1 : 0;
    if (const auto* malformed = std::get_if<trace::MalformedSeen>(&event.what)) {
      ++broken;
      why = info(malformed->fault.rule).sentence;
    }
    if (const auto* packet = std::get_if<trace::PacketSeen>(&event.what))
      if (packet->end == trace::End::broker) see(*packet, event.at);
    if (const auto* said = std::get_if<trace::BrokerSaid>(&event.what))
      log.emplace_back(event.at, said->text);
  }
  void see(const trace::PacketSeen& packet, Instant at) {
    ++at_broker;
    if (packet.sent) sent_at.push_back(at);
    const auto client = packet.connection.client;
    if (const auto* publish = std::get_if<Publish>(packet.packet); publish && !packet.sent)
      came[client] = at;
    if (std::holds_alternative<PubAck>(*packet.packet) && packet.sent && came.contains(client))
      answered_after.push_back(at - came[client]);
  }

  int delivered = 0;
  int broken = 0;
  int at_broker = 0;
  std::string why;
  std::string cipher;  // all of it, both ways
  std::vector<std::pair<Instant, std::string>> log;
  std::vector<Instant> sent_at;  // by the broker
  std::map<trace::ClientIndex, Instant> came;
  std::vector<Duration> answered_after;
};

struct Wish {
  std::string broker = "external: mosquitto";
  std::string transport = "tcp";
  std::string faults = {};  // none
};

// A fleet whose meters come by `transport`. Gives the hash.
std::string play(const Wish& wish, Wire& wire) {
  auto parsed = scenario::parse(
      "version: 1\nname: a\nduration: 5min\ncalm: 1min\nworld: memory\n"
      "links: { slow: { rate: 20 kbit/s, delay: 300ms } }\n"
      "fleet:\n  meters: { count: 3, protocol: 3.1.1, link: slow, clean_start: false, transport: " +
          wish.transport +
          ", publish: [ { topic: \"a/{id}\", qos: 1, every: 10s } ] }\n"
          "  office: { protocol: 3.1.1, clean_start: false, subscribe: [ { filter: \"#\", qos: 1 } "
          "] }\n"
          "broker: { " +
          wish.broker + " }\n" + (wish.faults.empty() ? "" : "faults: " + wish.faults + "\n"),
      "test.yaml");
  auto& plan = std::get<scenario::Plan>(parsed);
  const std::string log = std::filesystem::temp_directory_path().string() + "/mqttlab-wire-" +
                          std::to_string(::getpid()) + ".log";
  auto broker = broker_of_run(plan, broker::Fault{}, log);
  sim::MemoryWorld world(plan.seed);
  scenario::RunOptions options;
  options.hear_encrypted = [&wire](const trace::EncryptedRecords& records) {
    wire.cipher.append(reinterpret_cast<const char*>(records.bytes.data()), records.bytes.size());
  };
  const auto end = scenario::run(plan, world, broker->backend(), wire, options);
  EXPECT_EQ(broker->trouble(), "");
  broker.reset();
  std::filesystem::remove(log);
  return end.hash;
}

#define INSTALLED_OR_SKIP(broker) \
  { STAGE_OR_SKIP(present, broker); }

TEST(Mosquitto, TakesOffTlsItselfAndTheCiphertextIsTheSameInEveryRun) {
  INSTALLED_OR_SKIP("mosquitto");
  Wire first, second;
  const std::string hash = play({.transport = "tls"}, first);
  EXPECT_GT(first.delivered, 80) << first.why;
  EXPECT_EQ(first.broken, 0) << first.why;
  EXPECT_GT(first.at_broker, 300);
  EXPECT_GT(first.cipher.size(), 10'000U);
  EXPECT_EQ(play({.transport = "tls"}, second), hash);
  EXPECT_EQ(first.cipher, second.cipher);
}

TEST(Mosquitto, TakesOffWebSocketItself) {
  INSTALLED_OR_SKIP("mosquitto");
  Wire wire;
  play({.transport = "websocket"}, wire);
  EXPECT_GT(wire.delivered, 80) << wire.why;
  EXPECT_EQ(wire.broken, 0) << wire.why;
}

TEST(Mosquitto, ItsLogStandsInTheTraceInVirtualTime) {
  INSTALLED_OR_SKIP("mosquitto");
  Wire wire;
  play({}, wire);
  EXPECT_THAT(wire.log, ::testing::Contains(::testing::Pair(::testing::Lt(Instant{} + 1min),
                                                            HasSubstr("connected from 10.0.0."))));
  Wire again;
  play({}, again);
  EXPECT_EQ(again.log, wire.log);
}

// It syncs what it saves, once a second at the soonest.
TEST(Mosquitto, SurvivesAPowerFailureWithWhatItHadSynced) {
  INSTALLED_OR_SKIP("mosquitto");
  Wire wire;
  play({.faults = "[ { at: 2min, crash: machine, restart_after: 5s } ]"}, wire);
  EXPECT_GT(wire.delivered, 80);
}

class PausedBroker : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Brokers, PausedBroker, ::testing::Values("mosquitto", "aedes"));

TEST_P(PausedBroker, SaysNothingMeanwhileAndAllThatCameIsDeliveredAfterwards) {
  INSTALLED_OR_SKIP(GetParam());
  const Wish wish{.broker = std::string("external: ") + GetParam(),
                  .faults = "[ { at: 2min, pause: broker, for: 25s } ]"};
  Wire wire, again;
  const std::string hash = play(wish, wire);
  EXPECT_THAT(wire.sent_at, ::testing::Each(::testing::AnyOf(::testing::Le(Instant{} + 2min),
                                                             ::testing::Ge(Instant{} + 145s))));
  EXPECT_GT(wire.delivered, 80);
  EXPECT_EQ(play(wish, again), hash);
}

// v3.1.1 MQTT-4.3.2-2: PUBACK leaves when the work that PUBLISH means is done.
TEST(ServiceTime, IsWhatAPacketKeepsTheBrokerBusyFor) {
  INSTALLED_OR_SKIP("mosquitto");
  for (const std::string broker : {"external: mosquitto", "external: ours"}) {
    Wire none, some, again;
    play({.broker = broker}, none);
    const std::string hash = play({.broker = broker + ", service_time: 40ms"}, some);
    EXPECT_THAT(none.answered_after, ::testing::Each(Duration{})) << broker;
    EXPECT_THAT(some.answered_after, ::testing::Each(::testing::Ge(Duration{40ms}))) << broker;
    EXPECT_THAT(some.answered_after, ::testing::Contains(Duration{40ms})) << broker;
    EXPECT_EQ(some.delivered, none.delivered);
    EXPECT_EQ(play({.broker = broker + ", service_time: 40ms"}, again), hash) << broker;
  }
}

TEST(ServiceTime, MayBeMeasured) {
  INSTALLED_OR_SKIP("mosquitto");
  for (const std::string broker : {"external: mosquitto", "external: ours"}) {
    Wire wire;
    play({.broker = broker + ", service_time: measured"}, wire);
    EXPECT_THAT(wire.answered_after, ::testing::Each(::testing::Gt(Duration{}))) << broker;
    EXPECT_GT(wire.delivered, 80) << broker;
  }
}

TEST(Brokers, OneThatIsNotKnownIsAUsersMistake) {
  try {
    Stage stage("mosquito");
    FAIL() << "it was found";
  } catch (const NoBroker& none) {
    EXPECT_EQ(none.exit_code, exit_code::usage);
    EXPECT_THAT(none.what(), HasSubstr("did you mean mosquitto?"));
  }
}

TEST(Mosquitto, TwentyRunsAreTheSameToTheByte) {
  STAGE_OR_SKIP(stage, "mosquitto");
  stage.reset();
  std::set<std::string> hashes;
  int delivered = 0;
  for (int i = 0; i < 20; ++i) hashes.insert(hash_of_run("mosquitto", &delivered));
  EXPECT_EQ(hashes.size(), 1U);
  EXPECT_GT(delivered, 100);
}

}  // namespace
}  // namespace mq::cli
