// Unmodified client programs of this machine as members of a fleet, in virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <variant>

#include "cli/broker_of_run.h"
#include "cli/client_programs.h"
#include "peers/client_adapter.h"
#include "peers/peer.h"
#include "scenarios/engine/run.h"
#include "scenarios/language/parse.h"
#include "sim/memory/memory_world.h"

namespace mq::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const std::string readers = R"(
version: 1
name: readers that are programs
duration: 10min
calm: 2min
world: memory
links: { slow: { rate: 20 kbit/s, delay: 300ms, jitter: 50ms } }
fleet:
  meters: { count: 3, protocol: 3.1.1, publish: [ { topic: "a/{id}", qos: 1, every: 10s } ] }
  reader:
    count: 2
    link: slow
    protocol: 3.1.1
    clean_start: false
    keep_alive: 20s
    program:
      command: [mosquitto_sub, -h, "{host}", -p, "{port}", -i, "{id}", -V, mqttv311, -c, -k, "20",
                -q, "1", -t, "a/#"]
faults:
  - { at: 3min, cut: slow, for: 90s }
)";

const std::string writers = R"(
version: 1
name: a writer that is a program
duration: 5min
calm: 1min
world: memory
fleet:
  office: { protocol: 3.1.1, clean_start: false, subscribe: [ { filter: "b/#", qos: 2 } ] }
  writer:
    protocol: 3.1.1
    start: 10s
    program:
      command: [mosquitto_pub, -h, "{host}", -p, "{port}", -i, "{id}", -V, mqttv311, -q, "2",
                -t, b/x, -m, "{stamp} number {n}"]
      every: 20s
)";

struct Heard final : trace::Observer {
  void observe(const trace::Event& event) override {
    if (const auto* given = std::get_if<trace::Delivered>(&event.what))
      ++delivered[static_cast<std::size_t>(given->connection.client)];
    attempted += std::holds_alternative<trace::Attempted>(event.what) ? 1 : 0;
    if (const auto* packet = std::get_if<trace::PacketSeen>(&event.what))
      if (const auto* publish = std::get_if<Publish>(packet->packet);
          publish != nullptr && packet->end == trace::End::broker && !packet->sent)
        largest = std::max(largest, publish->payload.size());
    downs += std::holds_alternative<trace::ClientDown>(event.what) ? 1 : 0;
    acknowledged += std::holds_alternative<trace::Acknowledged>(event.what) ? 1 : 0;
    if (const auto* closed = std::get_if<trace::LinkClosed>(&event.what))
      if (closed->end == trace::End::client)
        ++closes[static_cast<std::size_t>(closed->connection.client)];
  }
  std::map<std::size_t, int> delivered;
  std::map<std::size_t, int> closes;
  int attempted = 0;
  int acknowledged = 0;
  int downs = 0;
  std::size_t largest = 0;  // payload that came to the broker
};

struct Played {
  scenario::RunEnd end;
  Heard heard;
};

Played play(const std::string& text, const std::string& file = "test.yaml") {
  auto parsed = scenario::parse(text, file);
  auto* plan = std::get_if<scenario::Plan>(&parsed);
  if (plan == nullptr) {
    for (const auto& problem : std::get<scenario::Problems>(parsed))
      ADD_FAILURE() << scenario::to_text("test.yaml", problem);
    return {};
  }
  find_programs(*plan);
  const auto broker = broker_of_run(*plan, broker::Fault{}, "");
  sim::MemoryWorld world(plan->seed);
  Played played;
  played.end = scenario::run(*plan, world, broker->backend(), played.heard);
  EXPECT_EQ(played.end.program_trouble, "");
  return played;
}

#define NEEDS(program)                         \
  if (peers::program_on_path(program).empty()) \
  GTEST_SKIP() << program " is not installed: apt-get install mosquitto-clients"

TEST(MosquittoSub, IsADeviceBehindASlowLink) {
  NEEDS("mosquitto_sub");
  const Played played = play(readers);
  // Ten minutes of three meters; what came during the cut comes after it, for the session stays.
  EXPECT_GT(played.heard.delivered.at(3), 170);
  EXPECT_GT(played.heard.delivered.at(4), 170);
  EXPECT_THAT(played.end.programs, ::testing::IsEmpty());
}

TEST(MosquittoSub, ComesBackAfterACut) {
  NEEDS("mosquitto_sub");
  EXPECT_GE(play(readers).heard.closes.at(3), 1);
}

TEST(MosquittoSub, IsTheSameToTheByteInEveryRun) {
  NEEDS("mosquitto_sub");
  std::set<std::string> hashes;
  for (int i = 0; i < 3; ++i) hashes.insert(play(readers).end.hash);
  EXPECT_EQ(hashes.size(), 1U);
}

TEST(MosquittoPub, IsStartedAgainAndItsMessagesAreFollowed) {
  NEEDS("mosquitto_pub");
  const Played played = play(writers);
  EXPECT_GE(played.heard.attempted, 14);
  EXPECT_EQ(played.heard.acknowledged, played.heard.attempted);
  EXPECT_EQ(played.heard.delivered.at(0), played.heard.attempted);
}

// What it has written is with its system, and outlives it on a link that takes half a minute.
TEST(MosquittoPub, MayEndBeforeAllThatItWroteIsSent) {
  NEEDS("mosquitto_pub");
  const std::filesystem::path folder = ::testing::TempDir();
  const std::string name = "mqttlab-payload-" + std::to_string(::getpid());
  std::ofstream(folder / name) << std::string(60'000, 'x');
  const Played played = play(R"(
version: 1
name: a long message over a slow link
duration: 2min
calm: 1min
world: memory
links: { slow: { rate: 20 kbit/s, delay: 300ms } }
fleet:
  writer:
    link: slow
    protocol: 3.1.1
    program: { command: [mosquitto_pub, -h, "{host}", -p, "{port}", -t, b, -f, "{folder}/)" +
                                 name + "\"] }\n",
                             (folder / "test.yaml").string());
  std::filesystem::remove(folder / name);
  EXPECT_EQ(played.heard.largest, 60'000U);
}

TEST(MosquittoSub, IsStartedAnewWhenItsDeviceHasPowerAgain) {
  NEEDS("mosquitto_sub");
  const std::string more = "  - { at: 6min, reboot: reader, restart_after: 30s }\n";
  const Played played = play(readers + more);
  EXPECT_EQ(played.heard.downs, 2);
  EXPECT_GT(played.heard.delivered.at(3), 170);
  EXPECT_EQ(play(readers + more).end.hash, played.end.hash);
}

TEST(MosquittoSub, IsToldToEndWhenItLeaves) {
  NEEDS("mosquitto_sub");
  std::string text = readers;
  const std::string place = "keep_alive: 20s\n";
  text.insert(text.find(place), "stop: 2min\n    ");
  const Played played = play(text);
  EXPECT_LT(played.heard.delivered.at(3), 50);
  EXPECT_EQ(played.heard.closes.at(3), 1);
}

// All three kinds of programs, one of them with threads.
TEST(Programs, OfTheLibraryAreFollowedAndRepeat) {
  NEEDS("mosquitto_pub");
  NEEDS("mosquitto_sub");
  try {
    peers::installed_client_release(peers::find_client_adapter("mqttjs"));
  } catch (const peers::PeerError& error) {
    GTEST_SKIP() << error.what();
  }
  const std::string file = MQ_PROGRAMS "/programs-in-a-tunnel.yaml";
  std::ifstream stream(file);
  std::string text((std::istreambuf_iterator<char>(stream)), {});
  text += "world: memory\n";
  const Played played = play(text, file);
  EXPECT_GT(played.heard.attempted, 130);
  EXPECT_GT(played.heard.acknowledged, 120);
  EXPECT_GE(played.heard.delivered.at(2), played.heard.acknowledged);
  EXPECT_THAT(played.end.programs, ::testing::Each(::testing::Not(HasSubstr("not faithful"))));
  EXPECT_EQ(play(text, file).end.hash, played.end.hash);
}

TEST(Programs, AreNotBefallenByFaultsOfOurClients) {
  std::string text = readers;
  text += "  - { at: 6min, storm: reader }\n";
  auto parsed = scenario::parse(text, "test.yaml");
  ASSERT_TRUE(std::holds_alternative<scenario::Problems>(parsed));
  EXPECT_THAT(scenario::to_text("test.yaml", std::get<scenario::Problems>(parsed).front()),
              HasSubstr("the members of `reader` are programs of their own"));
}

TEST(Programs, ThatAreNotInstalledAreNamedWithTheirPackage) {
  auto parsed = scenario::parse(writers, "test.yaml");
  auto& plan = std::get<scenario::Plan>(parsed);
  plan.groups[1].program->command.front() = "mosquitto_nothing";
  EXPECT_THROW(find_programs(plan), NoBroker);
  EXPECT_THAT(peers::how_to_install("mosquitto_sub"), HasSubstr("apt-get install"));
}

TEST(Programs, HaveNoSecondSourceOfOrders) {
  auto parsed = scenario::parse(
      "version: 1\nname: a\nduration: 1h\nfleet: { x: { program: { command: [a] }, publish: [ { "
      "topic: a, every: 1s } ] } }\n",
      "test.yaml");
  ASSERT_TRUE(std::holds_alternative<scenario::Problems>(parsed));
  EXPECT_THAT(scenario::to_text("test.yaml", std::get<scenario::Problems>(parsed).front()),
              HasSubstr("its command line says that"));
}

}  // namespace
}  // namespace mq::cli
