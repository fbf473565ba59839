#include "peers/adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace mq::peers {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* least = R"(version: 1
name: x
title: a broker
program: x
install: build it
command: ["${program}", -p, "${port.mqtt}"]
listeners: [mqtt, ws]
)";

std::string problem_of(const std::string& more) {
  try {
    parse_adapter(least + more, "x.yaml");
  } catch (const AdapterError& error) {
    return error.what();
  }
  return "no problem";
}

TEST(Adapters, ThatComeAlongAreInOrderAndBearTheirFilesName) {
  const auto names = adapter_names();
  for (const char* name :
       {"aedes", "ejabberd", "emqx", "flashmq", "hivemq", "mosquitto", "nanomq", "ours", "rabbitmq",
        "vernemq"})
    EXPECT_THAT(names, Contains(name));
  for (const std::string& name : names) EXPECT_EQ(find_adapter(name).name, name);
}

TEST(Adapters, HaveFallbacks) {
  const Adapter adapter = parse_adapter(least, "x.yaml");
  EXPECT_EQ(adapter.ready_within, std::chrono::seconds(10));
  EXPECT_EQ(adapter.stop_signal, SIGTERM);
  EXPECT_EQ(adapter.capabilities.qos, 2);
  EXPECT_TRUE(adapter.capabilities.retain);
  EXPECT_FALSE(adapter.login);
}

TEST(Adapters, SayWhatABrokerCan) {
  const Adapter rabbit = find_adapter("rabbitmq");
  EXPECT_THAT(rabbit.capabilities.versions, ElementsAre("3.1", "3.1.1"));
  EXPECT_EQ(rabbit.capabilities.qos, 1);
  EXPECT_FALSE(rabbit.capabilities.shared_subscriptions);
}

TEST(Adapters, SayHowABrokerRunsInVirtualTime) {
  EXPECT_EQ(parse_adapter(least, "x.yaml").in_virtual_time.mode, InVirtualTime::Mode::automatic);
  EXPECT_EQ(find_adapter("mosquitto").in_virtual_time.mode, InVirtualTime::Mode::token);
  const Adapter adapter = parse_adapter(
      std::string(least) +
          "virtual: { mode: none, why: it is written in Go, command: [a, b], settles: 2s }\n",
      "x.yaml");
  EXPECT_EQ(adapter.in_virtual_time.mode, InVirtualTime::Mode::none);
  EXPECT_EQ(adapter.in_virtual_time.why, "it is written in Go");
  EXPECT_THAT(adapter.in_virtual_time.command, ElementsAre("a", "b"));
  EXPECT_EQ(adapter.in_virtual_time.settles, std::chrono::seconds(2));
  EXPECT_THAT(problem_of("virtual: { mode: none }\n"), HasSubstr("`mode: none` needs `why`"));
  EXPECT_THAT(problem_of("virtual: { mode: tokn }\n"), HasSubstr("did you mean `token`?"));
}

TEST(Adapters, AreRefusedWithThePlaceOfTheFault) {
  EXPECT_THAT(problem_of("colour: red\n"), HasSubstr("x.yaml:8:1: unknown key `colour`"));
  EXPECT_THAT(problem_of("setings: [a]\n"), HasSubstr("did you mean `settings`?"));
  EXPECT_THAT(problem_of("version: 1\n"), HasSubstr("x.yaml:8:1"));
  EXPECT_THAT(problem_of("stop: { signal: HUP }\n"), HasSubstr("x.yaml:8:17"));
}

TEST(Adapters, AreRefusedWithAPlaceholderThatNobodyFills) {
  EXPECT_THAT(problem_of("files: [{ name: a, text: \"${prot.mqtt}\" }]\n"),
              HasSubstr("x.yaml:8:26: unknown placeholder `${prot.mqtt}`"));
  EXPECT_THAT(problem_of("prepare: [[a, \"${programm}\"]]\n"), HasSubstr("did you mean program?"));
  EXPECT_THAT(problem_of("environment: { A: \"${?durable}x\" }\n"),
              HasSubstr("neither a listener nor a setting"));
  EXPECT_THAT(problem_of("environment: { A: \"${dir\" }\n"), HasSubstr("without its `}`"));
  EXPECT_EQ(problem_of("settings: [durable]\nenvironment: { A: \"${?durable}${!ws}x\" }\n"),
            "no problem");
}

TEST(Adapters, WriteOnlyIntoTheFreshDirectory) {
  EXPECT_THAT(problem_of("files: [{ name: ../a, text: b }]\n"), HasSubstr("x.yaml:8:9"));
}

TEST(Adapters, ThatAreUnknownAreGuessed) {
  try {
    find_adapter("mosquito");
    FAIL() << "was found";
  } catch (const AdapterError& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean mosquitto?"));
  }
  EXPECT_THROW(find_adapter("/nowhere/x.yaml"), AdapterError);
}

}  // namespace
}  // namespace mq::peers
