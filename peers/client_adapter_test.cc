#include "peers/client_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::peers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string head = R"(version: 1
name: x
title: X
program: x
install: apt-get install x
)";

std::string told(const std::string& text) {
  try {
    parse_client_adapter(text, "f");
  } catch (const AdapterError& error) {
    return error.what();
  }
  return "nothing";
}

TEST(ClientAdapter, MistakesAreToldWithTheirPlace) {
  EXPECT_THAT(told(head), HasSubstr("connect"));
  EXPECT_THAT(told(head + "connect: [x, \"${hots}\"]\n"),
              HasSubstr("f:6:14: unknown placeholder `${hots}`, did you mean host?"));
  EXPECT_THAT(told(head + "connect: [x, \"${topic}\"]\n"), HasSubstr("only if it is in `takes`"));
  EXPECT_THAT(told(head + "connect: [x]\nversions: [4]\n"), HasSubstr("f:7:12"));
  EXPECT_THAT(told(head + "connect: [x]\nconect: [x]\n"), HasSubstr("did you mean `connect`?"));
}

TEST(ClientAdapter, WordsAreThereIfTheirFieldIsNamedAndNotZero) {
  const ClientAdapter adapter = parse_client_adapter(
      head +
          "connect: [x, \"${?retain}-r\", \"${!clean_start}-c\", \"${port}\", \"${?v5}five\"]\n"
          "takes: [retain, clean_start]\n",
      "f");
  EXPECT_THAT(
      client_command(adapter, "connect",
                     {{"retain", "1"}, {"clean_start", "0"}, {"port", "7"}, {"version", "5"}}),
      ElementsAre("x", "-r", "-c", "7", "five"));
  EXPECT_THAT(client_command(adapter, "connect", {{"retain", "0"}, {"clean_start", "1"}}),
              ElementsAre("x", ""));
}

TEST(ClientAdapter, ThoseThatComeAlongAreInOrder) {
  EXPECT_THAT(client_adapter_names(), testing::IsSupersetOf({"mosquitto", "mqttjs"}));
  for (const std::string& name : client_adapter_names())
    EXPECT_EQ(find_client_adapter(name).name, name);
  EXPECT_THROW(find_client_adapter("mosqito"), AdapterError);
}

}  // namespace
}  // namespace mq::peers
