// Unmodified brokers of this machine in virtual time: when they drop a silent client, when a will
// of an hour comes, what is left after kill -9, and that every run is the same to the byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

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
};
class SilentClient : public ::testing::TestWithParam<Silence> {};
INSTANTIATE_TEST_SUITE_P(Brokers, SilentClient,
                         ::testing::Values(Silence{"mosquitto", "96.000"},
                                           Silence{"aedes", "90.001"},
                                           Silence{"ejabberd", "90.001"}),
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
  const std::string at = GetParam().dropped_at;
  EXPECT_THAT(stage->heard(),
              ::testing::UnorderedElementsAre(at + " silent end", at + " watcher " + will_message));
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
