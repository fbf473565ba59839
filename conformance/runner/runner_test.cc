// The case language, from a file to a verdict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "conformance/runner/library.h"
#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/watched.h"
#include "conformance/runner/wire.h"

namespace mq::conformance {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<Case> cases_of(const std::string& text) {
  std::vector<Case> cases;
  for (const auto& problem : read_cases({"x.cases", text}, cases))
    ADD_FAILURE() << scenario::to_text("x.cases", problem);
  return cases;
}

std::vector<std::string> problems_of(const std::string& text) {
  std::vector<Case> cases;
  std::vector<std::string> all;
  for (const auto& problem : read_cases({"x.cases", text}, cases))
    all.push_back(scenario::to_text("x", problem));
  return all;
}

const std::string header = "case x: y\nasserts: v5/MQTT-4.3.1-1\n";

Outcome played(const std::string& steps) {
  const std::vector<Case> cases = cases_of(header + steps);
  if (cases.size() != 1) return {.verdict = Verdict::error};
  return play_against_ours(cases[0], 1);
}

std::string hex(const std::string& packet, Version version = Version::v5) {
  std::vector<Case> cases =
      cases_of("case x: y\nasserts: " + std::string(version == Version::v5 ? "v5" : "v3") +
               "/MQTT-4.3.1-1\nA send " + packet);
  if (cases.empty()) return "no case";
  const Step& step = cases[0].steps.at(0);
  std::vector<Filled> fields;
  for (const Field& field : step.fields) {
    auto bytes = bytes_in(field.value.alternatives.at(0).text);
    fields.push_back({field.name, std::get<std::string>(bytes), field.is_twist});
  }
  const auto wire = to_wire(*step.packet, fields, version);
  if (const auto* fault = std::get_if<ScriptFault>(&wire)) return fault->text;
  std::ostringstream out;
  for (std::byte byte : std::get<Wire>(wire).bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    out << digits[static_cast<unsigned>(byte) >> 4] << digits[static_cast<unsigned>(byte) & 15];
  }
  return out.str();
}

TEST(Wire, BuildsWhatTheStandardDescribes) {
  EXPECT_EQ(hex("PINGREQ"), "c000");
  EXPECT_EQ(hex("CONNECT client_id=a keep_alive=10"), "100e00044d5154540502000a00000161");
  EXPECT_EQ(hex("CONNECT client_id=a", Version::v3_1_1),
            "100d00044d515454040200000001"
            "61");
  EXPECT_EQ(hex("CONNECT client_id=a will_topic=w will_payload=p will_qos=1 will_retain=1 "
                "will.will_delay_interval=5 user_name=u password=q clean_start=0"),
            "1020"
            "00044d51545405ec000000000161"
            "051800000005"
            "000177000170"
            "000175000171");
  EXPECT_EQ(hex("PUBLISH topic=a qos=1 id=7 payload=xy message_expiry_interval=1"),
            "320d0001610007"
            "050200000001"
            "7879");
  EXPECT_EQ(hex("PUBLISH topic=a qos=1 id=7 payload=xy", Version::v3_1_1),
            "32070001610007"
            "7879");
  EXPECT_EQ(hex("PUBACK id=258"), "40020102");
  EXPECT_EQ(hex("PUBACK id=258 reason=0x10"), "4003010210");
  EXPECT_EQ(hex("PUBREL id=1 reason=0 user.a=b"),
            "620b00010007260001610001"
            "62");
  EXPECT_EQ(hex("SUBSCRIBE id=1 filter=a qos=1 no_local=1 filter=b options=0x2c"),
            "820b000100"
            "00016105"
            "0001622c");
  EXPECT_EQ(hex("SUBSCRIBE id=1 filter=a qos=1 no_local=1", Version::v3_1_1),
            "82060001"
            "00016101");
  EXPECT_EQ(hex("UNSUBSCRIBE id=1 filter=a"),
            "a2060001000001"
            "61");
  EXPECT_EQ(hex("DISCONNECT"), "e000");
  EXPECT_EQ(hex("DISCONNECT reason=4"), "e00104");
  EXPECT_EQ(hex("AUTH reason=0x18 authentication_method=m"),
            "f00618"
            "0415000"
            "16d");
  EXPECT_EQ(hex("SUBACK id=1 reasons=\"0,1\""), "90050001000001");
}

TEST(Wire, TwistsBendThePacketAfterItWasBuilt) {
  EXPECT_EQ(hex("PINGREQ !flags=0xf"), "cf00");
  EXPECT_EQ(hex("PINGREQ !type=0"), "0000");
  EXPECT_EQ(hex("PINGREQ !append=hex:00"), "c00100");
  EXPECT_EQ(hex("PINGREQ !length=3"), "c003");
  EXPECT_EQ(hex("PINGREQ !length=hex:8000"), "c08000");
  EXPECT_EQ(hex("PUBACK id=1 !drop=1"), "400100");
  EXPECT_EQ(hex("PUBACK id=1 !truncate=1"), "400200");
  EXPECT_EQ(hex("PUBACK id=1 !at.3=hex:ff"), "400200ff");
  EXPECT_EQ(hex("PUBACK id=1 reason=0 !properties_length=9"), "400400010009");
  EXPECT_EQ(hex("PUBLISH topic=a property.0x7f=hex:01"),
            "300600016102"
            "7f01");
  EXPECT_EQ(hex("CONNECT client_id=a !protocol_level=9 !set_connect_flags=1"),
            "100e00044d51545409030000"
            "00000161");
  EXPECT_THAT(hex("PINGREQ !at.2=hex:ff"), HasSubstr("beyond the packet"));
}

TEST(CaseFile, EveryMistakeIsToldWithItsPlace) {
  const std::pair<std::string, std::string> mistakes[] = {
      {"A conect", "x:3:3: `conect` is nothing that a connection does"},
      {"A send PUBLSH", "x:3:8: `PUBLSH` is no packet"},
      {"A send PUBLISH topc=a", "x:3:16: PUBLISH has no field `topc`, did you mean topic?"},
      {"A send PUBLISH !flgs=1", "`!flgs` is no way to twist PUBLISH, did you mean flags?"},
      {"A send PUBLISH topic=a|b", "what is sent has one value"},
      {"A send PUBLISH topic={tt}", "x:3:22: nothing is called `{tt}`"},
      {"A send PUBLISH topic={B.id}", "there is no connection `B`"},
      {"A send PUBLISH topic={t", "is not closed"},
      {"A expect PUBLISH payload=\"x", "expected a closing quote"},
      {"A expect PUBLISH within 5", "x:3:25: expected a duration such as 5s"},
      {"A expect PUBLISH for 5s", "expected a field"},
      {"A|B send PINGREQ", "only what is expected can concern several connections"},
      {"A receive PUBACK", "`receive` takes a PUBLISH"},
      {"A send bytes 00", "expected hex:1000 or \"text\""},
      {"A auto maybe", "expected on or off"},
      {"A publish topic=a qos=3", "use `send PUBLISH`"},
      {"wait", "expected a duration at the end of the line"},
      {"hope 5s", "expected a connection"},
      {"repeat 2\nA ping", "a block is not closed by `end`"},
      {"either\nA expect close\nend", "the branch's name in quotes"},
      {"either \"x\"\nA ping\nend", "each branch begins with something expected"},
      {"in any order\nA ping\nend", "only `expect PACKET` can stand here"},
      {"check 1 == 2", "expected"},
  };
  for (const auto& [steps, told] : mistakes)
    EXPECT_THAT(problems_of(header + steps), testing::Contains(HasSubstr(told))) << steps;
  EXPECT_THAT(problems_of("A ping"), ElementsAre(HasSubstr("x:1:1: expected `case NAME")));
  EXPECT_THAT(problems_of("A ping\nA \033[2J"), ElementsAre(HasSubstr("x:2:3: a control byte")));
  EXPECT_THAT(problems_of("case x: y\nA ping"), ElementsAre(HasSubstr("which statements")));
  EXPECT_THAT(problems_of("case X y: z\nasserts: v5/MQTT-1\nA ping"),
              ElementsAre(HasSubstr("a name is made of")));
  EXPECT_THAT(problems_of(header + "A ping\n" + header + "A ping"),
              ElementsAre(HasSubstr("there is a case v5/x already")));
  EXPECT_THAT(problems_of(header + "needs: retian\nA ping"),
              ElementsAre(HasSubstr("did you mean retain?")));
  EXPECT_THAT(problems_of(header + "kind: odd\nlevel: odd\nalone: odd\nA ping").size(), 3u);
  EXPECT_THAT(problems_of(header + "| name | b |\n| 1 |\nA ping"),
              ElementsAre(HasSubstr("x:4:1: the table has 2 columns")));
}

TEST(CaseFile, OneScriptIsACaseForEachVersionAndEachRow) {
  const auto cases = cases_of(
      "case a: title <b>\nasserts: v5/MQTT-4.3.1-1, v3/MQTT-4.3.1-1\n"
      "| name | b |\n| one | PINGREQ |\n| two | DISCONNECT |\nA send <b>\nv5: A expect AUTH\n");
  std::vector<std::string> seen;
  for (const Case& one : cases)
    seen.push_back(one.id + " " + one.title + " " + std::to_string(one.steps.size()));
  EXPECT_THAT(seen, ElementsAre("v5/a/one title PINGREQ 2", "v3.1.1/a/one title PINGREQ 1",
                                "v5/a/two title DISCONNECT 2", "v3.1.1/a/two title DISCONNECT 1"));
}

TEST(Play, WhatDoesNotComeTrueFails) {
  const std::pair<std::string, std::string> untrue[] = {
      {"A expect PINGRESP", "nothing within 30s"},
      {"A send PINGREQ\nA expect PUBACK", "it is a PINGRESP"},
      {"A send PINGREQ\nA expect nothing", "PINGRESP"},
      {"A expect close", "nothing within 30s"},
      {"A expect refusal", "nothing within 30s"},
      {"A send PUBLISH topic=a/+ qos=1\nA expect accepted", "DISCONNECT 0x90"},
      {"A send PUBLISH topic=a/+ qos=1\nA expect close reason=0x81", "DISCONNECT 0x90"},
      {"A send PUBLISH topic=a qos=1 id=3\nA expect PUBACK id=4",
       "id: it is \"3\", expected \"4\""},
      {"A send SUBSCRIBE filter=a qos=1\nA expect SUBACK reason=0", "it is \"1\", expected \"0\""},
      {"A send PINGREQ\nA expect PINGRESP not before 1s", "it came after 2ms"},
      {"check 1 = 2", "\"1\" and \"2\""},
      {"A send PINGREQ\neither \"a\"\nA expect close\nor \"b\"\nA expect PUBACK\nend", "PINGRESP"},
      {"A send PINGREQ\nA send PINGREQ\nin any order\nA expect PINGRESP\nA expect PUBACK\nend",
       "PINGRESP"},
      {"A disconnect\nA expect PINGRESP", "we have closed the connection ourselves"},
  };
  for (const auto& [steps, got] : untrue) {
    const Outcome outcome = played("A connect\n" + steps);
    ASSERT_EQ(outcome.verdict, Verdict::fail) << steps << outcome.reason;
    EXPECT_THAT(outcome.failure->got, HasSubstr(got)) << steps;
  }
}

TEST(Play, AFailureTellsItsLine) {
  const Outcome outcome = played("A connect\nA ping\nA expect PINGRESP\nA ping");
  ASSERT_TRUE(outcome.failure);
  EXPECT_EQ(outcome.failure->place.line, 5u);
  EXPECT_EQ(outcome.failure->step, "A expect PINGRESP");
}

TEST(Play, AMissedRecommendationIsNonStrictAndTheCaseGoesOn) {
  const Outcome outcome =
      played("A connect\nA send PINGREQ\nshould A expect PUBACK\nA expect PINGRESP");
  EXPECT_EQ(outcome.verdict, Verdict::non_strict);
  EXPECT_EQ(outcome.advice.size(), 1u);
}

TEST(Play, AFaultOfTheScriptIsNotChargedToTheBroker) {
  for (const char* steps :
       {"A expect close", "A connect\nA connect", "A connect\nA send PUBLISH topic=\"a\" qos=x"}) {
    const Outcome outcome = played(steps);
    EXPECT_EQ(outcome.verdict, Verdict::error) << steps;
    EXPECT_NE(outcome.reason, "") << steps;
  }
}

TEST(Play, TheChoiceThatWasTakenIsRecorded) {
  const Outcome outcome = played(
      "A connect\nA send PINGREQ\neither \"it closes\"\nA expect close\nor \"it answers\"\n"
      "A expect PINGRESP\nA ping\nend\nA ping");
  EXPECT_EQ(outcome.verdict, Verdict::pass);
  EXPECT_THAT(outcome.choices, ElementsAre("it answers"));
}

TEST(Play, ARoundOfARepeatHasItsNumberAlsoInsideOfAChoice) {
  const Outcome outcome = played(
      "A connect\nA subscribe filter={t}/a\nrepeat 3\nA publish topic={t}/a payload={i}\n"
      "either \"it comes\"\nA expect PUBLISH payload=?p:{i}\ncheck {p} = {i}\n"
      "or \"it does not\"\nA expect nothing\nend\nend\ncheck {p} = 3");
  EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.reason;
  EXPECT_THAT(outcome.choices, ElementsAre("it comes", "it comes", "it comes"));
}

TEST(Play, ALostLinkIsTakenUpAgainUnderTheSameName) {
  const Outcome outcome = played("A connect\nA cut\nA connect\nA ping\nA disconnect\nA connect");
  EXPECT_EQ(outcome.verdict, Verdict::pass) << outcome.reason;
}

TEST(Play, WhatComesInPiecesIsOnePacket) {
  EXPECT_EQ(played("A connect\nA send PUBLISH topic={t} qos=1 payload=size:3000 !pieces=7\n"
                   "A expect PUBACK")
                .verdict,
            Verdict::pass);
}

TEST(Play, TheSizeOfWhatCameIsThatOnTheWire) {
  EXPECT_EQ(played("A connect\nA send PINGREQ\nA expect PINGRESP size=2").verdict, Verdict::pass);
  const Outcome outcome = played("A connect\nA send PINGREQ\nA expect PINGRESP size=<=1");
  ASSERT_TRUE(outcome.failure);
  EXPECT_THAT(outcome.failure->got, HasSubstr("size: it is \"2\""));
  EXPECT_THAT(problems_of(header + "A send PINGREQ size=2"),
              ElementsAre(HasSubstr("`size` is of what comes")));
}

TEST(Play, WhoEchoesIsAuthenticatedWhereACaseNeedsIt) {
  const std::string begin =
      "needs: echo_method\nA open\nA send CONNECT authentication_method={method}\n"
      "A expect AUTH reason=0x18 authentication_data=?asked\n"
      "A send AUTH reason=0x18 authentication_method={method} authentication_data=";
  EXPECT_EQ(played(begin + "{asked}\nA expect CONNACK").verdict, Verdict::pass);
  EXPECT_EQ(played(begin + "{asked}x\nA expect close reason=0x87").verdict, Verdict::pass);
}

TEST(Play, APasswordIsNotInTheTranscript) {
  const Outcome outcome = played("A connect user_name=u password=tellnobody");
  for (const Said& said : outcome.transcript) {
    EXPECT_THAT(said.text, testing::Not(HasSubstr("tellnobody")));
    const std::string bytes(reinterpret_cast<const char*>(said.bytes.data()), said.bytes.size());
    EXPECT_THAT(bytes, testing::Not(HasSubstr("tellnobody")));
  }
}

TEST(Suite, PatternsSelectByIdStatementTagSectionAndKind) {
  const Library library = embedded_library();
  const auto count = [&](const std::string& pattern) {
    return selected(library, {.only = {pattern}}).size();
  };
  EXPECT_EQ(count("v5/qos1-is-acknowledged"), 1u);
  EXPECT_EQ(count("qos1-is-acknowledged"), 2u);
  EXPECT_EQ(count("v3/qos1-is-acknowledged"), 1u);
  EXPECT_GE(count("v5/MQTT-4.4.0-1"), 2u);
  EXPECT_GE(count("tag:fault"), 4u);
  EXPECT_GE(count("section:4.4"), 2u);
  EXPECT_GE(count("kind:time"), 4u);
  EXPECT_EQ(count("no-such-case"), 0u);
  EXPECT_EQ(exit_code({}), 4);
}

// ---- Guards

TEST(Library, EveryFileIsInOrderAndEveryCaseNamesAStatementThatExists) {
  EXPECT_THAT(embedded_library().problems, IsEmpty());
  Library wrong = embedded_library();
  wrong.cases.at(0).asserts.push_back({Version::v5, "MQTT-9.9.9-9"});
  EXPECT_THAT(disagreements(wrong), ElementsAre(HasSubstr("no statement v5/MQTT-9.9.9-9")));
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(MQ_SOURCE_DIR "/conformance/" + file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}

TEST(Library, TheTableHasEveryStatementOfTheStandards) {
  const Library library = embedded_library();
  for (const auto& [file, version, count] :
       {std::tuple{"statements/v5.ids", Version::v5, 251u},
        std::tuple{"statements/v3.ids", Version::v3_1_1, 141u}}) {
    std::vector<std::string> known;
    for (const Statement& statement : library.statements)
      if (statement.id.version == version) known.push_back(statement.id.clause);
    EXPECT_EQ(lines_of(file).size(), count) << file;
    EXPECT_THAT(known, testing::UnorderedElementsAreArray(lines_of(file))) << file;
  }
}

// The number in the file is lowered as cases and monitors are written, never raised.
TEST(Library, NoMoreStatementsWithoutACaseOrMonitorThanAreAllowed) {
  const Library library = embedded_library();
  std::vector<std::string> uncovered;
  for (const Statement& statement : library.statements) {
    if (statement.broker == "none" || !statement.no_case.empty()) continue;
    const bool has_case =
        std::any_of(library.cases.begin(), library.cases.end(), [&](const Case& one) {
          return one.role == Role::broker && std::find(one.asserts.begin(), one.asserts.end(),
                                                       statement.id) != one.asserts.end();
        });
    if (!has_case && !is_watched(statement.id, monitors::Role::broker))
      uncovered.push_back(to_text(statement.id));
  }
  const auto allowed = lines_of("cases/uncovered-allowed.txt");
  ASSERT_EQ(allowed.size(), 1u);
  EXPECT_LE(uncovered.size(), std::stoul(allowed[0])) << testing::PrintToString(uncovered);
}

// Those with the tag `long` are for long_test.cc.
TEST(Library, OurBrokerPassesEveryCase) {
  const Library library = embedded_library();
  for (const Case* one : selected(library, {.skip = {"tag:long"}})) {
    const Outcome outcome = play_against_ours(*one, 1);
    EXPECT_EQ(outcome.verdict, Verdict::pass)
        << one->id << " " << outcome.reason << (outcome.failure ? outcome.failure->got : "");
    for (const monitors::Breach& breach : outcome.watched.breaches)
      ADD_FAILURE() << one->id << " " << info(breach.watch).name << ": " << breach.text;
  }
}

TEST(Library, TheExamplesOfTheManualRun) {
  std::ifstream in(MQ_SOURCE_DIR "/conformance/cases/README.md");
  std::string cases;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("    ") && !line.starts_with("    mqttlab")) cases += line + "\n";
  const std::vector<Case> all = cases_of(cases);
  EXPECT_GE(all.size(), 20u);
  for (const Case& one : all) EXPECT_EQ(play_against_ours(one, 1).verdict, Verdict::pass) << one.id;
}

}  // namespace
}  // namespace mq::conformance
