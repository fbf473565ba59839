#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "reports/ndjson/event_reader.h"
#include "reports/ndjson/event_writer.h"
#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Ignore final : public trace::Observer {
  void observe(const trace::Event&) override {}
};

class EventsFile : public ::testing::Test {
 protected:
  std::string path(const char* name) { return (folder_ / name).string(); }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::string write(const testing::DemoRun& demo, std::uint64_t bytes_max = trace_bytes_max) {
    OutputFile out(path("events.ndjson"));
    EventWriter writer(out, demo.run(), bytes_max);
    demo.play(writer);
    EXPECT_FALSE(out.close());
    return content(out.path());
  }
  void SetUp() override {
    folder_ =
        std::filesystem::path(::testing::TempDir()) / ("events_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

std::string fault_of(const std::string& text) {
  std::istringstream in(text);
  EventReader reader(in);
  Ignore ignore;
  while (reader.next(ignore)) {
  }
  if (!reader.fault()) return {};
  return "line " + std::to_string(reader.fault()->line) + ": " + reader.fault()->why;
}

TEST_F(EventsFile, WrittenAgainAfterReadingGivesTheSameBytes) {
  for (const bool hostile : {false, true}) {
    const testing::DemoRun demo({.sensors = 7, .duration = 30min, .hostile = hostile});
    const std::string first = write(demo);
    std::istringstream in(first);
    EventReader reader(in);
    ASSERT_NE(reader.run(), nullptr) << reader.fault()->why;
    OutputFile again(path("again.ndjson"));
    EventWriter writer(again, *reader.run());
    std::size_t events = 0;
    while (reader.next(writer)) ++events;
    ASSERT_FALSE(reader.fault()) << reader.fault()->line << ": " << reader.fault()->why;
    EXPECT_EQ(events, demo.events().size());
    again.close();
    EXPECT_TRUE(content(again.path()) == first);
  }
}

TEST_F(EventsFile, TheLogOfTheBrokerStandsInItAndIsReadAgain) {
  const testing::DemoRun demo({.sensors = 1, .duration = 3min});
  OutputFile out(path("events.ndjson"));
  EventWriter writer(out, demo.run(), trace_bytes_max);
  writer.observe({Instant{} + 1s, trace::BrokerSaid{"said \"so\" \x01"}});
  EXPECT_FALSE(out.close());
  const std::string text = content(out.path());
  EXPECT_THAT(text, HasSubstr(R"("e":"broker_said","text":"said \"so\" )"));
  struct Hear final : trace::Observer {
    void observe(const trace::Event& event) override {
      said = std::get<trace::BrokerSaid>(event.what).text;
    }
    std::string said;
  } hear;
  std::istringstream in(text);
  EventReader reader(in);
  EXPECT_TRUE(reader.next(hear));
  EXPECT_EQ(hear.said, "said \"so\" \x01");
}

TEST_F(EventsFile, WhatSpeaksHttpStandsInItAndIsReadAgain) {
  testing::DemoRun demo({.sensors = 1, .duration = 3min});
  const std::string request = "GET /a HTTP/1.1\r\nHost: s\r\n\r\n";
  const trace::Stamp stamp{.publisher = trace::ClientIndex{0}, .number = 3};
  const trace::Event events[] = {
      {Instant{} + 1s, trace::ValueTaken{{}, stamp, "/a"}},
      {Instant{} + 2s,
       trace::HttpSeen{{{}, 1}, trace::End::broker, false, std::as_bytes(std::span(request))}},
      {Instant{} + 3s, trace::ValueRead{{}, stamp, "/a"}},
      {Instant{} + 4s, trace::ValueRead{{}, std::nullopt, "/b"}},
      {Instant{} + 5s, trace::HttpFailed{{{}, 2}, "no answer in time"}},
  };
  OutputFile out(path("events.ndjson"));
  EventWriter writer(out, demo.run(), trace_bytes_max);
  for (const trace::Event& event : events) writer.observe(event);
  EXPECT_FALSE(out.close());
  const std::string text = content(out.path());
  EXPECT_THAT(text, HasSubstr(R"("end":"broker","sent":false,"line":"GET /a HTTP/1.1","wire":)"));
  EXPECT_THAT(text, HasSubstr(R"("conn":2,"reason":"no answer in time")"));
  std::istringstream in(text);
  EventReader reader(in);
  ASSERT_NE(reader.run(), nullptr);
  OutputFile again(path("again.ndjson"));
  EventWriter second(again, *reader.run());
  std::size_t count = 0;
  while (reader.next(second)) ++count;
  EXPECT_FALSE(reader.fault()) << reader.fault()->why;
  again.close();
  EXPECT_EQ(count, std::size(events));
  EXPECT_EQ(content(again.path()), text);
}

TEST_F(EventsFile, CallsFromOutsideStandInItAndAreReadAgain) {
  const testing::DemoRun demo({.sensors = 1, .duration = 3min});
  OutputFile out(path("events.ndjson"));
  EventWriter writer(out, demo.run(), trace_bytes_max);
  writer.observe({Instant{} + 130s, trace::Called{trace::ClientIndex{0}, false, 127s}});
  EXPECT_FALSE(out.close());
  const std::string text = content(out.path());
  EXPECT_THAT(text,
              HasSubstr(R"("e":"called","client":0,"answered":false,"took_ns":127000000000)"));
  struct Hear final : trace::Observer {
    void observe(const trace::Event& event) override {
      called = std::get<trace::Called>(event.what);
    }
    trace::Called called{};
  } hear;
  std::istringstream in(text);
  EventReader reader(in);
  EXPECT_TRUE(reader.next(hear));
  EXPECT_FALSE(hear.called.answered);
  EXPECT_EQ(hear.called.took, 127s);
}

TEST_F(EventsFile, EachLineSaysReadablyWhatAPacketIs) {
  const testing::DemoRun demo({.sensors = 3, .duration = 12min});
  const std::string text = write(demo);
  EXPECT_THAT(text, HasSubstr(R"("kind":"CONNECT","client_id":"sensors-1","clean_start":false)"));
  EXPECT_THAT(text,
              HasSubstr(R"("qos":1,"topic":"fleet/sensors-2/temp","message":"#1.1;","wire":")"));
  EXPECT_THAT(text, HasSubstr(R"("e":"fault_began","fault":0})"));
}

TEST_F(EventsFile, AtItsLimitTheFileSaysThatItStops) {
  const testing::DemoRun demo({.sensors = 3, .duration = 12min});
  const std::string whole = write(demo);
  EXPECT_TRUE(write(demo, whole.size()) == whole);
  const std::string cut = write(demo, whole.size() - 1);
  EXPECT_THAT(cut, HasSubstr(R"("e":"truncated","bytes_max":)"));
  std::istringstream in(cut);
  EventReader reader(in);
  Ignore ignore;
  while (reader.next(ignore)) {
  }
  EXPECT_FALSE(reader.fault());
  EXPECT_TRUE(reader.truncated());
}

TEST_F(EventsFile, AFullDiskIsAValue) {
  const testing::DemoRun demo({.sensors = 20, .duration = 30min});
  OutputFile out("/dev/full");
  EventWriter writer(out, demo.run());
  demo.play(writer);
  EXPECT_EQ(out.close(), std::errc::no_space_on_device);
}

TEST_F(EventsFile, AFolderThatCannotBeWrittenIsAValue) {
  OutputFile out("/nowhere/events.ndjson");
  EXPECT_EQ(out.error(), std::errc::no_such_file_or_directory);
  std::filesystem::create_symlink("/etc/passwd", path("link"));
  OutputFile link(path("link"));
  EXPECT_EQ(link.error(), std::errc::too_many_symbolic_link_levels);
}

TEST_F(EventsFile, WhatIsNoTraceIsNamedWithItsLine) {
  EXPECT_THAT(fault_of(""), HasSubstr("not a trace of mqttlab"));
  EXPECT_THAT(fault_of("\x7f"
                       "ELF\n"),
              HasSubstr("line 1: not a trace of mqttlab"));
  EXPECT_THAT(fault_of("{\"format\":\"mqttlab-events\",\"version\":99}\n"),
              HasSubstr("another version"));
  const testing::DemoRun demo({.sensors = 1, .duration = 3min});
  const std::string text = write(demo);
  const std::string head = text.substr(0, text.find('\n') + 1);
  const auto with = [&](std::string line) { return fault_of(head + line); };
  EXPECT_THAT(with("{\"t\":1,\"e\":\"broker_up\"}\nnonsense\n"), HasSubstr("line 3: "));
  EXPECT_THAT(with("{\"t\":2,\"e\":\"broker_up\"}\n{\"t\":1,\"e\":\"broker_up\"}\n"),
              HasSubstr("backwards"));
  EXPECT_THAT(with("{\"t\":1,\"e\":\"link_opening\",\"client\":2,\"conn\":1}\n"),
              HasSubstr("not a client of the run"));
  EXPECT_THAT(with("{\"t\":1,\"e\":\"fault_began\",\"fault\":2}\n"),
              HasSubstr("not a fault of the run"));
  EXPECT_THAT(with("{\"t\":1,\"e\":\"unheard_of\"}\n"), HasSubstr("does not know"));
  EXPECT_THAT(with("{\"t\":1,\"e\":\"broker_up\"}"), HasSubstr("ends within this line"));
  const std::string sent =
      "{\"t\":1,\"e\":\"sent\",\"client\":0,\"conn\":1,\"end\":\"client\",\"v\":5,\"wire\":";
  EXPECT_THAT(with(sent + "\"!!!!\"}\n"), HasSubstr("base64"));
  EXPECT_THAT(with(sent + "\"wA==\"}\n"), HasSubstr("exactly the length"));
  EXPECT_THAT(with(sent + "\"8AA=\"}\n"), HasSubstr("not a legal packet"));
  EXPECT_EQ(with(sent + "\"wAA=\"}\n"), "");
}

// Every truncation and every flipped bit of a small file gives an end or a fault, never a crash.
TEST_F(EventsFile, DamageIsAFaultNotACrash) {
  const testing::DemoRun demo({.sensors = 1, .duration = 1min});
  const std::string text = write(demo);
  for (std::size_t length = 0; length < text.size(); length += 3) fault_of(text.substr(0, length));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    fault_of(damaged);
  }
}

TEST_F(EventsFile, WhatLiesBeforeATimeCanBePassedOver) {
  const testing::DemoRun demo({.sensors = 3, .duration = 12min});
  std::istringstream in(write(demo));
  EventReader reader(in);
  reader.skip_before(Instant(11min));
  struct First final : trace::Observer {
    void observe(const trace::Event& event) override {
      if (!at) at = event.at;
    }
    std::optional<Instant> at;
  } first;
  while (reader.next(first)) {
  }
  EXPECT_FALSE(reader.fault());
  EXPECT_GE(*first.at, Instant(11min));
}

}  // namespace
}  // namespace mq::report
