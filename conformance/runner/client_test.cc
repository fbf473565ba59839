// Cases in which the script is the broker, played against our client core in virtual time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "conformance/runner/library.h"
#include "conformance/runner/ours_client.h"
#include "conformance/runner/suite.h"

namespace mq::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Case> cases_of(const std::string& text) {
  std::vector<Case> cases;
  for (const auto& problem : read_cases({"x", text}, cases))
    ADD_FAILURE() << scenario::to_text("x", problem);
  return cases;
}

Outcome played(const std::string& steps, const char* version = "v5") {
  const auto cases = cases_of("case x: y\nasserts: " + std::string(version) +
                              "/MQTT-3.1.0-1\nrole: client\n" + steps);
  return play_against_our_client(cases.at(0), 1);
}

std::vector<std::string> problems_of(const std::string& steps) {
  std::vector<Case> cases;
  std::vector<std::string> told;
  const std::string header = "case x: y\nasserts: v5/MQTT-3.1.0-1\nrole: client\n";
  for (const auto& problem : read_cases({"x", header + steps}, cases))
    told.push_back(scenario::to_text("x", problem));
  return told;
}

TEST(ClientCase, MistakesAreToldWithTheirPlace) {
  const std::pair<std::string, std::string> mistakes[] = {
      {"A open", "`open` is nothing that a connection does: accept"},
      {"A ping", "did you mean"},
      {"start keepalive=1", "x:4:7: CONNECT has no field `keepalive`, did you mean keep_alive?"},
      {"start then dance", "`dance` is nothing that a client is told to do"},
      {"do publih", "did you mean publish?"},
      {"hear mesage", "did you mean message?"},
      {"start connect_flags=1", "`connect_flags` is of what comes; `!connect_flags` bends"},
  };
  for (const auto& [steps, told] : mistakes)
    EXPECT_THAT(problems_of(steps), testing::Contains(HasSubstr(told))) << steps;
  std::vector<Case> cases;
  const auto of_broker = read_cases({"x", "case x: y\nasserts: v5/MQTT-1\nstart"}, cases);
  ASSERT_EQ(of_broker.size(), 1u);
  EXPECT_THAT(of_broker[0].text, HasSubstr("expected a connection"));
}

TEST(ClientCase, WhatDoesNotComeTrueFails) {
  const std::pair<std::string, std::string> untrue[] = {
      {"A expect SUBSCRIBE", "nothing within 30s"},
      {"A expect close", "nothing within 30s"},
      {"do publish topic=a qos=1\nA expect PUBLISH qos=2", "qos: it is \"1\""},
      {"hear connected\ndo publish topic=a\nA expect nothing", "PUBLISH"},
      {"A send PUBLISH topic=a payload=x\nhear message payload=y", "payload: it is \"x\""},
      {"A send PUBLISH topic=a payload=x\nhear no message payload=x", "it was told"},
      {"A send PUBLISH topic=a payload=x\nhear message payload=x\nhear message", "nothing within"},
      {"A cut\nA welcome\nA expect DISCONNECT", "nothing within"},
  };
  for (const auto& [steps, got] : untrue) {
    const Outcome outcome = played("start\nA welcome\n" + steps);
    ASSERT_EQ(outcome.verdict, Verdict::fail) << steps << outcome.reason;
    EXPECT_THAT(outcome.failure->got, HasSubstr(got)) << steps;
  }
}

TEST(ClientCase, WhatTheClientCannotDoIsNotHeldAgainstIt) {
  const Outcome outcome = played("start authentication_method=X\nA welcome");
  EXPECT_EQ(outcome.verdict, Verdict::not_applicable);
  EXPECT_THAT(outcome.reason, HasSubstr("authentication_method=X"));
}

TEST(ClientCase, WhatIsNotThePointIsAnsweredByItself) {
  EXPECT_EQ(played("start keep_alive=5\nA welcome\nwait 60s\nA probe\nA expect nothing").verdict,
            Verdict::pass);
  EXPECT_EQ(played("start keep_alive=5\nA welcome\nA auto off\nA expect PINGREQ").verdict,
            Verdict::pass);
  EXPECT_EQ(played("start then subscribe filter=a filter=b qos=1\nA welcome\nA auto on\n"
                   "hear subscribed reasons=\"0,1\"\ndo publish topic=a qos=2\n"
                   "hear published\nA expect nothing")
                .verdict,
            Verdict::pass);
}

TEST(ClientCase, FlagsAreReadFromTheWire) {
  EXPECT_EQ(played("start will_topic=w will_qos=2 will_retain=1\nA accept\n"
                   "A expect CONNECT connect_flags=0x36 flags=0 protocol_name=MQTT "
                   "protocol_level=5 size=>20")
                .verdict,
            Verdict::pass);
}

// ---- Guards

// Over WebSocket nothing is played to a client yet; everything else has a case.
TEST(ClientCases, AssertEveryStatementThatAClientCanBeTestedFor) {
  const Library library = embedded_library();
  std::vector<std::string> uncovered;
  for (const Statement& statement : library.statements) {
    if (statement.client == "none" || statement.client == "ws" || !statement.no_case.empty())
      continue;
    const bool has_case =
        std::any_of(library.cases.begin(), library.cases.end(), [&](const Case& one) {
          return one.role == Role::client && std::find(one.asserts.begin(), one.asserts.end(),
                                                       statement.id) != one.asserts.end();
        });
    if (!has_case) uncovered.push_back(to_text(statement.id));
  }
  EXPECT_THAT(uncovered, testing::IsEmpty());
}

TEST(ClientCases, LieInAFolderOfTheirOwnAndSayWhomTheyTest) {
  for (const Case& one : embedded_library().cases) {
    const bool is_in_folder = one.file.find("/client/") != std::string::npos;
    EXPECT_EQ(is_in_folder, one.role == Role::client) << one.id;
    EXPECT_EQ(is_in_folder, one.id.find("/client/") != std::string::npos) << one.id;
  }
}

TEST(ClientCases, TheExamplesOfTheManualRun) {
  std::ifstream in(MQ_SOURCE_DIR "/conformance/cases/client/README.md");
  std::string cases;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("    ") && !line.starts_with("    mqttlab")) cases += line + "\n";
  const std::vector<Case> all = cases_of(cases);
  EXPECT_GE(all.size(), 6u);
  for (const Case& one : all)
    EXPECT_EQ(play_against_our_client(one, 1).verdict, Verdict::pass) << one.id;
}

TEST(ClientCases, OurClientPassesEveryOne) {
  const Library library = embedded_library();
  const auto cases = selected(library, {.role = Role::client});
  EXPECT_GT(cases.size(), 200u);
  for (const Case* one : cases) {
    const Outcome outcome = play_against_our_client(*one, 1);
    EXPECT_EQ(outcome.verdict, Verdict::pass)
        << one->id << " " << outcome.reason
        << (outcome.failure ? outcome.failure->step + ": " + outcome.failure->got : "")
        << (outcome.advice.empty() ? "" : outcome.advice[0].step + ": " + outcome.advice[0].got);
  }
}

}  // namespace
}  // namespace mq::conformance
