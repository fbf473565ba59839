#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "explore/draw.h"
#include "explore/emit.h"
#include "explore/shrink.h"
#include "scenarios/language/parse.h"

namespace mq::explore {
namespace {

using scenario::Node;
using ::testing::HasSubstr;

Node tree(const std::string& text) {
  scenario::Problems problems;
  auto document = scenario::read_document(text, problems);
  EXPECT_TRUE(document.is_whole && problems.empty()) << text;
  return std::move(document.root);
}

bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size())
    return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same(a.items[i], b.items[i])) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i)
    if (!same(a.entries[i].key, b.entries[i].key) || !same(a.entries[i].value, b.entries[i].value))
      return false;
  return true;
}

std::string refusal(const std::string& text) {
  const auto parsed = scenario::parse(text, "drawn.yaml");
  const auto* problems = std::get_if<scenario::Problems>(&parsed);
  return problems == nullptr ? "" : to_text("drawn.yaml", problems->front());
}

TEST(Emit, WhatIsWrittenIsReadAsTheSameTree) {
  const std::string text =
      "a: 1\nb: \"1\"\nc: plain/text with {id}\nd: [x, 'a: b', \"#\", '']\ne: {f: {g: [1, {h: "
      "2}]}}\n"
      "i: |\n  two\n  lines \"quoted\" \\ and a tab\tx\nj:\nk: \"\"\nl: -1\n\"m n\": \"- dash\"\n"
      "o: \"\xC3\xA4\xE2\x82\xAC\"\np: []\nq: {}\n";
  const Node once = tree(text);
  EXPECT_TRUE(same(once, tree(emit(once)))) << emit(once);
}

TEST(Emit, EveryScenarioOfTheLibraryMeansTheSameWhenWrittenAgain) {
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(MQ_SOURCE_DIR "/scenarios")) {
    if (file.path().extension() != ".yaml") continue;
    std::ostringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const Node once = tree(text.str());
    EXPECT_TRUE(same(once, tree(emit(once)))) << file.path() << "\n" << emit(once);
    EXPECT_EQ(refusal(emit(once)), "") << file.path();
    ++files;
  }
  EXPECT_GT(files, 3U);
}

TEST(Draw, EveryDrawIsAScenarioAndNoTwoAreAlike) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const std::string text = draw(seed, {});
    ASSERT_EQ(refusal(text), "") << "seed " << seed << "\n" << text;
    EXPECT_EQ(text, draw(seed, {}));
    texts.insert(text);
  }
  EXPECT_EQ(texts.size(), 500U);
}

// Swarm testing: what is left out matters as much as what is there.
TEST(Draw, SomeDrawsHaveAFeatureAndSomeDoNot) {
  for (const std::string feature : {"cut:",
                                    "crash: broker",
                                    "crash: machine",
                                    "directions: up",
                                    "every:",
                                    "will:",
                                    "retain: true",
                                    "qos: 0",
                                    "qos: 2",
                                    "protocol: 3.1.1",
                                    "clean_start: true",
                                    "delay:",
                                    "no_local",
                                    "password: wrong",
                                    "after: ",
                                    "stop: ",
                                    "$share/",
                                    "receive_maximum: ",
                                    "sync: ",
                                    "retain_handling: "}) {
    std::size_t with = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
      with += draw(seed, {}).find(feature) != std::string::npos;
    EXPECT_GT(with, 5U) << feature;
    if (feature != "every:") {  // messages have one
      EXPECT_LT(with, 195U) << feature;
    }
  }
}

TEST(Draw, EveryKindOfFaultIsInSomeDraws) {
  for (const FaultKind& kind : fault_kinds) {
    std::string text = std::string(kind.name) + ": ";
    if (kind.name == "power") text = "crash: machine";
    if (kind.name == "one-way") text = "directions: ";
    if (kind.name == "placed") text = "after: ";
    if (kind.name == "swizzled") text = "swizzle: ";
    std::size_t with = 0;
    std::size_t in_spite = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      with += draw(seed, {}).find(" " + text) != std::string::npos;
      const std::string without = draw(seed, {.without = {std::string(kind.name)}});
      const std::string what = kind.name == "crash" ? "crash: broker" : text;
      in_spite += without.find(" " + what) != std::string::npos;
      if (seed % 8 == 0) {
        EXPECT_EQ(refusal(without), "") << without;
      }
    }
    EXPECT_GT(with, 5U) << kind.name;
    EXPECT_LT(with, 195U) << kind.name;
    EXPECT_EQ(in_spite, 0U) << kind.name;
  }
}

TEST(Draw, WithoutAnyKindThereAreNoFaults) {
  Wanted none;
  for (const FaultKind& kind : fault_kinds)
    if (!kind.is_manner) none.without.emplace_back(kind.name);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string text = draw(seed, none);
    EXPECT_EQ(refusal(text), "") << text;
    EXPECT_THAT(text, testing::Not(HasSubstr("faults:")));
  }
}

TEST(Draw, NothingBefallsAUsersBrokerThatCannotBefallIt) {
  for (const char* broker : {"durability: none", "durability: process", "external: mosquitto"}) {
    const Node root =
        tree("version: 1\nname: mine\nduration: 5min\nbroker: { " + std::string(broker) +
             " }\nfleet: { sensor: { publish: [ { topic: t, every: 5s } ] } }\n");
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const std::string text = draw(seed, {}, root);
      EXPECT_EQ(refusal(text), "") << text;
    }
  }
}

TEST(Draw, AnotherBrokerIsAskedForNothingThatOnlyOursHas) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::string text = draw(seed, {.broker = "mosquitto"});
    EXPECT_EQ(refusal(text), "") << text;
    EXPECT_THAT(text, HasSubstr("broker: { external: \"mosquitto\" }"));
    Shrinker shrinker(tree(text));
    for (int i = 0; i < 20; ++i) {
      const auto smaller = shrinker.next();
      ASSERT_TRUE(smaller);
      EXPECT_THAT(*smaller, HasSubstr("external: \"mosquitto\"")) << "it is about this broker";
      shrinker.told(i % 2 == 0);
    }
  }
}

TEST(Draw, AUsersScenarioKeepsItsFleetAndGetsOtherFaults) {
  const std::string base =
      "version: 1\nname: mine\nduration: 5min\nlinks: { modem: { profile: gprs } }\n"
      "fleet: { sensor: { link: modem, publish: [ { topic: t, every: 5s } ] } }\n"
      "faults: [ { at: 1min, cut: modem, for: 7s } ]\n";
  const Node root = tree(base);
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const std::string text = draw(seed, {}, root);
    ASSERT_EQ(refusal(text), "") << text;
    EXPECT_THAT(text, HasSubstr("name: mine"));
    EXPECT_THAT(text, HasSubstr("profile: gprs"));
    texts.insert(text.substr(text.find("faults:")));
  }
  EXPECT_GT(texts.size(), 90U);
}

TEST(Draw, WhoIsNoClientOfOursIsNotAskedForWhatOnlyTheseCan) {
  const std::string others =
      "  poller: { link: modem, rest: { get: [ { path: /t, every: 5s } ] } }\n"
      "  other: { link: line, program: { command: [ x ] } }\n";
  const std::string ours = "  sensor: { publish: [ { topic: t, every: 5s } ] }\n";
  for (const std::string& fleet : {others, others + ours}) {
    const Node root = tree(
        "version: 1\nname: mine\nduration: 5min\n"
        "links: { modem: { profile: gprs }, line: { profile: edge } }\nfleet:\n" +
        fleet);
    bool is_any_of_ours = false;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const std::string text = draw(seed, {}, root);
      ASSERT_EQ(refusal(text), "") << text;
      is_any_of_ours |= text.find("half_open: sensor") != text.npos;
    }
    EXPECT_EQ(is_any_of_ours, fleet.find("sensor") != fleet.npos);
  }
}

// The "failure" needs one cut of link1 and a QoS 2 publisher, and nothing else.
bool needs_a_cut_and_qos2(const std::string& text) {
  const auto parsed = scenario::parse(text, "x.yaml");
  const auto& plan = std::get<scenario::Plan>(parsed);
  bool cut = false;
  for (const auto& fault : plan.faults) cut |= fault.target == "link1";
  bool qos2 = false;
  for (const auto& group : plan.groups)
    for (const auto& publish : group.publish) qos2 |= publish.qos == Qos::exactly_once;
  return cut && qos2;
}

TEST(Shrink, LeavesWhatTheFailureNeedsAndNothingElse) {
  std::size_t shrunk = 0;
  for (std::uint64_t seed = 0; seed < 200 && shrunk < 3; ++seed) {
    const std::string text = draw(seed, {});
    if (!needs_a_cut_and_qos2(text)) continue;
    Shrinker shrinker(tree(text));
    std::size_t plays = 0;
    while (const auto candidate = shrinker.next()) {
      ++plays;
      shrinker.told(needs_a_cut_and_qos2(*candidate));
    }
    const std::string smallest = emit(shrinker.smallest());
    EXPECT_TRUE(needs_a_cut_and_qos2(smallest)) << smallest;
    const auto parsed = scenario::parse(smallest, "x.yaml");
    const auto& plan = std::get<scenario::Plan>(parsed);
    EXPECT_EQ(plan.faults.size(), 1U) << smallest;
    EXPECT_EQ(plan.groups.size(), 1U) << smallest;
    EXPECT_EQ(plan.groups[0].publish.size(), 1U) << smallest;
    EXPECT_LT(plays, 2000U);
    ++shrunk;
  }
  EXPECT_EQ(shrunk, 3U);
}

// The file that is left fails by itself: `mqttlab run` plays it where it failed.
TEST(Shrink, LeavesTheWorldAndTheBrokerInWhichItFails) {
  Shrinker shrinker(
      tree("version: 1\nname: mine\nduration: 5min\nworld: memory\n"
           "broker: { external: mosquitto, durability: power }\n"
           "fleet: { sensor: { publish: [ { topic: t, every: 5s } ] } }\n"));
  while (const auto candidate = shrinker.next()) shrinker.told(true);
  const std::string smallest = emit(shrinker.smallest());
  EXPECT_THAT(smallest, HasSubstr("world: memory"));
  EXPECT_THAT(smallest, HasSubstr("external: mosquitto"));
  EXPECT_THAT(smallest, testing::Not(HasSubstr("durability")));
}

TEST(Shrink, WhatCannotBeSmallerStaysAsItIs) {
  const std::string text = draw(3, {});
  Shrinker shrinker(tree(text));
  while (shrinker.next()) shrinker.told(false);
  EXPECT_EQ(emit(shrinker.smallest()), emit(tree(text)));
}

}  // namespace
}  // namespace mq::explore
