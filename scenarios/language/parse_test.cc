#include "scenarios/language/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "scenarios/language/limits.h"
#include "scenarios/language/profiles.h"
#include "sim/link/parts.h"
#include "sim/trace/stamp.h"

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const std::filesystem::path scenarios = std::filesystem::path(MQ_SOURCE_DIR) / "scenarios";

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<std::string> lines(const std::variant<Plan, Problems>& parsed, std::string_view file) {
  std::vector<std::string> texts;
  if (const auto* problems = std::get_if<Problems>(&parsed))
    for (const Problem& problem : *problems) texts.push_back(to_text(file, problem));
  return texts;
}

std::vector<std::string> refusals(std::string_view text) { return lines(parse(text, "x"), "x"); }

Plan plan(std::string_view text) {
  auto parsed = parse(text, "x.yaml");
  EXPECT_THAT(lines(parsed, "x.yaml"), testing::IsEmpty());
  return std::holds_alternative<Plan>(parsed) ? std::get<Plan>(parsed) : Plan{};
}

const std::string head = "version: 1\nname: x\nduration: 1h\n";
const std::string least = head + "fleet: { a: {} }\n";

// The expected messages lie beside each file; to write them anew, run the test with
// MQ_WRITE_EXPECTED=1 and read the difference.
TEST(BadFiles, AreRefusedWithEveryProblemAndItsPlace) {
  const auto files = yaml_files(scenarios / "language" / "bad");
  ASSERT_GE(files.size(), 25u);
  for (const auto& file : files) {
    std::string text;
    for (const std::string& line : lines(load(file.string()), file.filename().string()))
      text += line + "\n";
    EXPECT_NE(text, "") << file;
    auto expected = file;
    expected.replace_extension(".expected");
    if (std::getenv("MQ_WRITE_EXPECTED") != nullptr) std::ofstream(expected) << text;
    EXPECT_EQ(text, content(expected)) << file;
  }
}

TEST(Scenarios, ThoseThatAreShippedAreLegalAndExpectSomething) {
  const auto files = yaml_files(scenarios);
  ASSERT_GE(files.size(), 3u);
  for (const auto& file : files) {
    const auto parsed = load(file.string());
    EXPECT_THAT(lines(parsed, file.string()), testing::IsEmpty());
    ASSERT_TRUE(std::holds_alternative<Plan>(parsed)) << file;
    EXPECT_FALSE(std::get<Plan>(parsed).expectations.empty()) << file;
    EXPECT_FALSE(std::get<Plan>(parsed).description.empty()) << file;
  }
}

TEST(Profiles, EveryNumberNamesItsSource) {
  auto files = yaml_files(scenarios / "profiles");
  for (const auto& file : yaml_files(scenarios / "profiles" / "elements")) files.push_back(file);
  for (const auto& file : files) {
    const auto parsed = parse_profile(content(file));
    if (const auto* problems = std::get_if<Problems>(&parsed))
      ADD_FAILURE() << to_text(file.string(), problems->at(0));
  }
  ASSERT_FALSE(HasFailure());
  for (const auto& file : files) {
    const auto parsed = parse_profile(content(file));
    const Profile& profile = std::get<Profile>(parsed);
    EXPECT_EQ(profile.name, file.stem().string());
    ASSERT_NE(find_profile(profile.name), nullptr) << file << " is not built in";
    for (const Source& source : profile.link.sources) EXPECT_NE(source.source, "") << source.of;
  }
  const auto bare = parse_profile("name: x\ndescription: z\nrate: 1 bit/s\ndelay: 1s\n");
  ASSERT_TRUE(std::holds_alternative<Problems>(bare));
  EXPECT_THAT(std::get<Problems>(bare), SizeIs(2));
}

TEST(Parse, FillsInWhatIsLeftOut) {
  const Plan least_plan = plan(least);
  EXPECT_EQ(least_plan.calm, 5min);
  EXPECT_EQ(least_plan.seed, 1u);
  EXPECT_EQ(least_plan.world, WorldKind::ns3);
  EXPECT_EQ(least_plan.broker.durability, trace::Durability::power);
  ASSERT_THAT(least_plan.groups, SizeIs(1));
  const GroupPlan& group = least_plan.groups[0];
  EXPECT_EQ(group.count, 1u);
  EXPECT_EQ(group.keep_alive, 60s);
  EXPECT_TRUE(group.clean_start);
  EXPECT_EQ(group.session_expiry, 0u);
  EXPECT_THAT(group.versions, ElementsAre(Version::v5));
  ASSERT_THAT(least_plan.links, SizeIs(1));
  EXPECT_EQ(least_plan.links[0].name, "wired");
  EXPECT_EQ(least_plan.links[0].model.up.bits_per_second, 100e6);
  EXPECT_EQ(least_plan.links[0].model.down.delay, 1ms);
}

TEST(Parse, ALinkHasAllItsParts) {
  const Plan read =
      plan(head +
           "links:\n"
           "  l:\n"
           "    profile: gprs\n"
           "    delay: { uniform: [100ms, 300ms], correlation: 0.5, source: s }\n"
           "    up: { rate: { normal: [1 Mbit/s, 200 kbit/s], every: 2s, "
           "correlation: 0.8, source: s }, queue_bytes: 64kB, queue_time: 2s }\n"
           "    down: { rate: { poisson: 3 Mbit/s, source: s }, drop: codel, "
           "reorder: true, bursts: { to_bad: 0.2%, to_good: 5%, loss_bad: 90%, every: 10ms } }\n"
           "    radio: { promotion: { uniform: [1s, 2s], source: s }, paging: 2s, "
           "tail: 10s, drx_after: 200ms, drx: 300ms,\n"
           "      sleep: { awake: 16s, every: 1h, missed: lost } }\n"
           "    handovers: { between: 16s, gap: 40ms, failures: 5%, "
           "failure_length: 2s, source: measured }\n"
           "    nat: { idle_timeout: 3min, then: rebind }\n"
           "    roaming: { between: 1h, length: 10s }\n"
           "    outages: { timetable: [ { at: 1min, for: 5s } ], period: 10min, "
           "directions: up }\n"
           "fleet: { a: { link: l } }\n");
  const LinkPlan& link = read.links.at(0);
  ASSERT_TRUE(link.model.parts);
  const sim::link::Parts& parts = *link.model.parts;
  EXPECT_EQ(link.model.up.delay, 200ms) << "the median stands for it elsewhere";
  EXPECT_EQ(parts.up.delay->correlation, 0.5);
  EXPECT_EQ(parts.up.rate.varying->every, 2s);
  EXPECT_EQ(parts.up.rate.varying->correlation, 0.8);
  EXPECT_NEAR(parts.up.rate.varying->bits_per_second.median(), 1e6, 1);
  EXPECT_EQ(parts.up.queue_bytes, 64'000u);
  EXPECT_EQ(parts.up.queue_time, 2s);
  EXPECT_FALSE(parts.up.bursts);
  EXPECT_EQ(parts.down.rate.poisson_bits_per_second, 3e6);
  EXPECT_EQ(link.model.down.bits_per_second, 3e6);
  EXPECT_TRUE(parts.down.codel);
  EXPECT_TRUE(parts.down.reorders);
  EXPECT_EQ(parts.down.bursts->to_bad, 0.002);
  EXPECT_EQ(parts.down.bursts->loss_in_bad, 0.9);
  EXPECT_EQ(parts.down.bursts->loss_in_good, 0);
  EXPECT_EQ(parts.down.bursts->every, 10ms);
  EXPECT_EQ(parts.radio->promotion.mean(), 1.5);
  EXPECT_EQ(parts.radio->paging.mean(), 2);
  EXPECT_EQ(parts.radio->tail, 10s);
  EXPECT_EQ(parts.radio->drx_after, 200ms);
  EXPECT_EQ(parts.radio->sleep->awake, 16s);
  EXPECT_EQ(parts.radio->sleep->period, 1h);
  EXPECT_FALSE(parts.radio->sleep->network_keeps);
  EXPECT_EQ(parts.gaps->between.kind(), sim::link::Distribution::Kind::exponential);
  EXPECT_EQ(parts.gaps->length.mean(), 0.04);
  EXPECT_EQ(parts.gaps->failures, 0.05);
  EXPECT_EQ(parts.nat->idle_timeout, 3min);
  EXPECT_EQ(parts.nat->then, sim::link::Expiry::rebind);
  EXPECT_TRUE(parts.roams);
  EXPECT_EQ(link.roaming->between.mean(), 3600);
  EXPECT_EQ(link.outages->period, 10min);
  EXPECT_EQ(link.outages->timetable.at(0).length, 5s);
  EXPECT_FALSE(link.outages->down);
  const auto source_of = [&](std::string_view of) {
    for (const Source& source : link.sources)
      if (source.of == of) return source.value + " <- " + source.source;
    return std::string("none");
  };
  EXPECT_EQ(source_of("delay"), "uniform 100ms to 300ms, correlation 0.5 <- s");
  EXPECT_EQ(source_of("handovers gap"), "40ms <- measured");
  EXPECT_EQ(source_of("radio sleep every"), "1h <- the scenario");
  EXPECT_EQ(source_of("outages between"), "none") << "the profile's are replaced as a whole";
}

TEST(Parse, ElementsAreAddedToAProfileAndOverriddenByTheLink) {
  const Plan read = plan(
      head +
      "links:\n"
      "  l: { profile: 5g-nsa, with: [nat-3min, rrc-lte-verizon], nat: { idle_timeout: 1h } }\n"
      "  m: { profile: 5g-nsa, with: nat-3min }\n"
      "fleet: { a: { link: l } }\n");
  const sim::link::Parts& both = *read.links.at(0).model.parts;
  EXPECT_EQ(both.nat->idle_timeout, 1h);
  EXPECT_EQ(both.radio->tail, 10s);
  EXPECT_TRUE(both.gaps) << "of the profile";
  EXPECT_EQ(read.links.at(1).model.parts->nat->idle_timeout, 3min);
  EXPECT_EQ(std::count_if(read.links[0].sources.begin(), read.links[0].sources.end(),
                          [](const Source& source) { return source.of == "nat idle_timeout"; }),
            1);
}

TEST(Parse, ALinkWithoutPartsHasNone) {
  EXPECT_EQ(plan(least).links.at(0).model.parts, nullptr);
  const Plan bare = plan(head +
                         "links: { l: { rate: { uniform: [1 Mbit/s, 2 Mbit/s], source: s }, "
                         "delay: 1ms, up: { rate: 1 Mbit/s }, down: { rate: unlimited } } }\n"
                         "fleet: { a: { link: l } }\n");
  EXPECT_EQ(bare.links.at(0).model.parts, nullptr) << "what is overridden leaves nothing behind";
}

TEST(Parse, ATraceIsReadBesideTheScenario) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "mq-trace-test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "drive.down") << "10\n20\n2000\n";
  std::ofstream(folder / "s.yaml")
      << head << "links: { l: { profile: gprs,\n"
      << "  rate: { trace: drive.down, start: anywhere, source: s }, outages: { trace: drive.down, "
         "longer_than: 1s } } }\nfleet: { a: { link: l } }\n";
  const auto parsed = load((folder / "s.yaml").string());
  ASSERT_THAT(lines(parsed, "s.yaml"), testing::IsEmpty());
  const LinkPlan& link = std::get<Plan>(parsed).links.at(0);
  EXPECT_EQ(link.model.parts->down.rate.trace->opportunities.size(), 3u);
  EXPECT_TRUE(link.model.parts->down.rate.starts_anywhere);
  EXPECT_EQ(link.outages->timetable.at(0).at, 20ms);
  EXPECT_EQ(link.outages->timetable.at(0).length, 1980ms);
  EXPECT_EQ(link.outages->period, 2s);
  std::filesystem::remove_all(folder);
}

TEST(Profiles, ASourceOfAMappingIsThatOfItsNumbers) {
  const std::string start =
      "name: x\ndescription: z\nrate: { value: 1 Mbit/s, source: s }\ndelay: { value: 1s, source: "
      "s }\n";
  const auto problems = [&](const std::string& rest) {
    const auto parsed = parse_profile(start + rest);
    return std::holds_alternative<Problems>(parsed) ? std::get<Problems>(parsed).size() : 0;
  };
  EXPECT_EQ(problems("nat: { idle_timeout: 3min, source: s }\n"), 0u);
  EXPECT_EQ(problems("nat: { idle_timeout: { value: 3min, source: s }, then: reset }\n"), 0u);
  EXPECT_EQ(problems("nat: { idle_timeout: 3min }\n"), 1u);
  EXPECT_EQ(problems("up: { bursts: { to_bad: 1%, to_good: 5% } }\n"), 2u);
  EXPECT_EQ(problems("outages: { timetable: [ { at: 1s, for: 1s } ] }\n"), 2u);
  EXPECT_EQ(problems("radio: { tail: 1s, sleep: { awake: 1s, every: 1h }, source: s }\n"), 0u);
}

TEST(Parse, AProfilesNumbersAreOverriddenOneByOne) {
  const Plan read = plan(head +
                         "links:\n"
                         "  l: { profile: gprs, delay: 600ms, up: { rate: 9600 bit/s, queue: 5 },\n"
                         "       loss: { value: 2%, source: measured }, tcp: lwip }\n"
                         "fleet: { a: { link: l } }\n");
  ASSERT_THAT(read.links, SizeIs(1));
  const sim::LinkModel& model = read.links[0].model;
  EXPECT_EQ(model.up.bits_per_second, 9600);
  EXPECT_EQ(model.down.bits_per_second, 50'000);
  EXPECT_EQ(model.up.delay, 600ms);
  EXPECT_EQ(model.down.delay, 600ms);
  EXPECT_EQ(model.up.jitter, 400ms);
  EXPECT_EQ(model.up.queue_packets, 5u);
  EXPECT_EQ(model.down.queue_packets, 20u);
  EXPECT_DOUBLE_EQ(model.down.loss, 0.02);
  EXPECT_EQ(model.tcp, sim::TcpPreset::lwip);
  EXPECT_TRUE(read.links[0].outages);
  std::vector<std::string> written;
  for (const Source& source : read.links[0].sources)
    written.push_back(source.of + "=" + source.value + " " + source.source);
  EXPECT_THAT(written, Contains("delay=600ms the scenario"));
  EXPECT_THAT(written, Contains("loss=2% measured"));
  EXPECT_THAT(written, Contains("rate up=9600 bit/s the scenario"));
  EXPECT_THAT(written, Contains("rate down=50 kbit/s Firefox network preset GPRS 50/20; Android "
                                "emulator table 80/40"));
}

TEST(Parse, AProfilesOutagesCanBeLeftAway) {
  const Plan read =
      plan(head + "links: { l: { profile: gprs, outages: none } }\nfleet: { a: { link: l } }\n");
  EXPECT_FALSE(read.links.at(0).outages);
  for (const Source& source : read.links[0].sources)
    EXPECT_THAT(source.of, Not(HasSubstr("outages")));
  EXPECT_TRUE(run_info(read).faults.empty());
}

TEST(Parse, TextLosesItsLastLineEndAndANameIsOneLine) {
  EXPECT_THAT(refusals("version: 1\nname: |\n  two\n  lines\nduration: 1h\nfleet: { a: {} }\n"),
              ElementsAre("x:2:7: `name`: expected one line of text, found several"));
  EXPECT_EQ(plan(head + "description: >\n  two\n  lines\nfleet: { a: {} }\n").description,
            "two lines");
}

TEST(Parse, ATargetIsALinkAGroupOrAClient) {
  const Plan read = plan(head +
                         "links: { l: { profile: edge } }\n"
                         "fleet: { a: { count: 3, link: l }, b: {} }\n"
                         "faults:\n"
                         "  - { at: 1min, cut: [l, b], for: 1s }\n"
                         "  - { at: 1min, cut: a, for: 1s, directions: up, every: 10s }\n"
                         "  - { at: 1min, cut: a-3, for: 1s, directions: down }\n"
                         "  - { at: 59min, crash: broker, restart_after: 1min }\n");
  ASSERT_THAT(read.faults, SizeIs(4));
  EXPECT_THAT(read.faults[0].clients, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(read.faults[0].target, "l, b");
  EXPECT_THAT(read.faults[1].clients, ElementsAre(0, 1, 2));
  EXPECT_EQ(read.faults[1].every, 10s);
  EXPECT_TRUE(std::get<Cut>(read.faults[1].what).up);
  EXPECT_FALSE(std::get<Cut>(read.faults[1].what).down);
  EXPECT_FALSE(std::get<Cut>(read.faults[2].what).up);
  const trace::RunInfo info = run_info(read);
  ASSERT_THAT(info.faults, SizeIs(7));  // and one for each client that has outages
  EXPECT_THAT(info.faults[0].clients, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(info.faults[2].clients, ElementsAre(2));
  EXPECT_THAT(info.faults[3].clients, testing::IsEmpty());
  EXPECT_EQ(info.faults[3].kind, "crash");
  EXPECT_EQ(info.faults[4].kind, "outage");
  EXPECT_EQ(info.faults[4].target, "a-1");
}

TEST(Parse, EveryKindOfFaultIsRead) {
  const Plan read =
      plan(head +
           "links: { l: { profile: edge } }\n"
           "fleet: { a: { count: 3, link: l }, b: {} }\n"
           "faults:\n"
           "  - { at: 1min, slow: a, rate: 2 kbit/s, for: 5s, directions: up }\n"
           "  - { at: 1min, reorder: l, share: 5%, by: 200ms, for: 5s, swizzle: 3s }\n"
           "  - { at: 1min, nat: b, then: rebind, chance: 20% }\n"
           "  - { at: 1min, reboot: a-2, restart_after: 5s, store: lost }\n"
           "  - { at: 1min, clock: a, by: 1h, jump: back }\n"
           "  - { at: 1min, push: b, topic: fw, payload: 1MiB }\n"
           "  - { pause: broker, for: 5s, after: PUBREC left }\n"
           "  - { disk: full, for: 5s, after: PUBLISH arrived, of: [a-1, b] }\n"
           "  - { half_open: b, after: PUBLISH received, of: a }\n");
  ASSERT_THAT(read.faults, SizeIs(9));
  const auto& slow = std::get<Disturb>(read.faults[0].what);
  EXPECT_EQ(slow.up.bits_per_second, 2000);
  EXPECT_FALSE(slow.down.any());
  const auto& reorder = std::get<Disturb>(read.faults[1].what);
  EXPECT_EQ(reorder.up, reorder.down);
  EXPECT_EQ(reorder.up.held_back, 200ms);
  EXPECT_EQ(read.faults[1].length(), 11s);
  EXPECT_EQ(std::get<ForgetConnections>(read.faults[2].what).then, sim::link::Expiry::rebind);
  EXPECT_EQ(read.faults[2].chance, 0.2);
  EXPECT_FALSE(std::get<Reboot>(read.faults[3].what).keeps_store);
  EXPECT_EQ(std::get<SetClock>(read.faults[4].what).by, -1h);
  EXPECT_EQ(std::get<Push>(read.faults[5].what).payload_bytes, 1048576u);
  EXPECT_EQ(std::get<Push>(read.faults[5].what).qos, Qos::at_least_once);
  EXPECT_THAT(read.faults[6].watched, ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(read.faults[6].strikes_all);
  EXPECT_THAT(read.faults[7].watched, ElementsAre(0, 3));
  EXPECT_THAT(read.faults[8].clients, ElementsAre(3));
  EXPECT_THAT(read.faults[8].watched, ElementsAre(0, 1, 2));
  EXPECT_EQ(run_info(read).faults[2].kind, "nat");
  // What a carrier is to forget it must have known.
  const auto wired = std::find_if(read.links.begin(), read.links.end(),
                                  [](const LinkPlan& link) { return link.name == "wired"; });
  ASSERT_NE(wired, read.links.end());
  EXPECT_TRUE(wired->model.parts && wired->model.parts->roams);
}

TEST(Parse, AFaultHasWhatItsKindNeedsAndNothingElse) {
  const auto fault = [](const std::string& entry) {
    return refusals(head +
                    "fleet: { a: {}, b: { protocol: 3.1.1, clean_start: false } }\nfaults: [ " +
                    entry + " ]\n");
  };
  EXPECT_THAT(fault("{ at: 1s, slow: a, for: 1s }"), ElementsAre(HasSubstr("`slow` needs `rate`")));
  EXPECT_THAT(fault("{ at: 1s, cut: a, for: 1s, share: 5% }"),
              ElementsAre(HasSubstr("`share` does not go with `cut`")));
  EXPECT_THAT(fault("{ at: 1s, cut: a, for: 1s, reset: a }"),
              ElementsAre(HasSubstr("a fault needs exactly one of these keys: cut, slow")));
  EXPECT_THAT(fault("{ at: 1s, rset: a }"),
              testing::Contains(HasSubstr("unknown key `rset` in a fault; did you mean `reset`?")));
  EXPECT_THAT(fault("{ at: 1s, reset: a, of: a }"),
              ElementsAre(HasSubstr("`of` goes with `after`")));
  EXPECT_THAT(fault("{ at: 1s, pause: broker, for: 1s, swizzle: 1s }"),
              ElementsAre(HasSubstr("`swizzle` does not go with `pause`")));
  EXPECT_THAT(fault("{ at: 1s, reset: c }"), ElementsAre(HasSubstr("there is no link, group")));
  EXPECT_THAT(fault("{ at: 1s, push: a, topic: \"#\", payload: 1kB }"),
              ElementsAre(HasSubstr("not a topic name")));
  EXPECT_THAT(fault("{ at: 1s, reboot: b, restart_after: 1s, store: lost }"),
              ElementsAre(HasSubstr("3.1.1 that has lost its half")));
  EXPECT_THAT(fault("{ at: 59min 55s, cut: a, for: 3s, swizzle: 2s }"),
              ElementsAre(HasSubstr("would end after the storm")));
}

TEST(Parse, ADeviceCanBeCalledFromOutside) {
  const Plan read = plan(head +
                         "links: { l: { profile: lte-cat1, with: nat-3min } }\n"
                         "fleet: { a: { link: l, count: 2 } }\n"
                         "faults: [ { at: 1min, every: 5min, call: a-2 } ]\n"
                         "expect: [ calls: unanswered ]\n");
  ASSERT_THAT(read.faults, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<CallDevice>(read.faults[0].what));
  EXPECT_THAT(read.faults[0].clients, ElementsAre(1));
  EXPECT_EQ(read.expectations.at(0).argument, "unanswered");
  EXPECT_THAT(refusals(head + "fleet: { a: {} }\nexpect: [ calls: never ]\n"),
              ElementsAre(HasSubstr("`unanswered`")));
}

TEST(Parse, ALinkMayBeANetworkOfStations) {
  const std::string fleet = "fleet: { a: { link: l, count: 16 } }\n";
  const Plan read = plan(head + "links: { l: { lte: { speed: 90 km/h }, delay: 20ms } }\n" + fleet);
  ASSERT_TRUE(read.links[0].has_stations());
  const auto& stations = *read.links[0].model.parts->stations;
  EXPECT_EQ(stations.count, 3);
  EXPECT_EQ(stations.spacing_metres, 1000);
  EXPECT_DOUBLE_EQ(stations.metres_per_second, 25);
  EXPECT_EQ(read.links[0].model.up.bits_per_second, 0);
  EXPECT_EQ(read.links[0].model.down.delay, 20ms);
  const trace::RunInfo info = run_info(read);
  ASSERT_THAT(info.faults, SizeIs(32));
  EXPECT_EQ(info.faults[2].kind, "handover");
  EXPECT_EQ(info.faults[3].kind, "link failure");
  EXPECT_EQ(info.faults[3].target, "a-2");
  EXPECT_TRUE(refusal(read, WorldKind::memory));
  EXPECT_FALSE(refusal(read, WorldKind::ns3));
}

TEST(Parse, ANetworkOfStationsIsForASmallFleetAndTheNs3World) {
  const std::string lte = "links: { l: { lte: { speed: 1 m/s } } }\n";
  EXPECT_THAT(
      refusals(head + lte + "fleet: { a: { link: l, count: 9 }, b: { link: l, count: 8 } }\n"),
      ElementsAre(HasSubstr("17 devices; ns-3's model of LTE is for at most 16")));
  EXPECT_THAT(refusals(head + "world: memory\n" + lte + "fleet: { a: { link: l } }\n"),
              ElementsAre(HasSubstr("needs the world `ns3`")));
  EXPECT_THAT(refusals(head + "links: { l: { lte: { speed: 0 } }, m: { lte: { speed: 0 } } }\n" +
                       "fleet: { a: { link: l } }\n"),
              ElementsAre(HasSubstr("one link with `lte`")));
  const std::string wifi = "links: { l: { wifi: { speed: 1 m/s } } }\n";
  const Plan most = plan(head + wifi + "fleet: { a: { link: l, count: 16 } }\n");
  EXPECT_EQ(run_info(most).faults.back().kind, "roam");
  EXPECT_THAT(refusals(head + wifi + "fleet: { a: { link: l, count: 17 } }\n"),
              ElementsAre(HasSubstr("17 devices; ns-3's model of Wi-Fi is for at most 16")));
  plan(head + "links: { l: { lte: { speed: 0 } }, m: { wifi: { speed: 0 } } }\n" +
       "fleet: { a: { link: l }, b: { link: m } }\n");
}

TEST(Parse, LimitsOfCostsHaveTheUnitsOfWhatTheyLimit) {
  const std::string fleet =
      "links: { l: { profile: nbiot-ecl0 }, m: { profile: edge } }\n"
      "fleet: { a: { link: l }, b: { link: m } }\n";
  const Plan read = plan(head + fleet +
                         "expect:\n"
                         "  - bytes: { below: 20kB, direction: up, of: a }\n"
                         "  - radio: { below: 2min }\n"
                         "  - energy: { below: 5 J, of: a }\n"
                         "  - reconnects: { below: 3 }\n"
                         "  - first_message: { percentile: 99, below: 10s }\n"
                         "  - staleness: { percentile: 50, below: 1h }\n");
  ASSERT_THAT(read.expectations, SizeIs(6));
  EXPECT_EQ(read.expectations[0].most, 20'000);
  EXPECT_EQ(read.expectations[0].argument, "up");
  EXPECT_EQ(read.expectations[0].group, "a");
  EXPECT_EQ(read.expectations[0].as_written, "bytes: up below 20kB of a");
  EXPECT_EQ(read.expectations[1].below, 2min);
  EXPECT_EQ(read.expectations[2].most, 5e6);
  EXPECT_EQ(read.expectations[4].percentile, 99);
  EXPECT_DOUBLE_EQ(read.links[0].power->send, 792);
  EXPECT_THAT(refusals(head + fleet + "expect: [ energy: { below: 5 J, of: b } ]\n"),
              ElementsAre(HasSubstr("says what its radio draws")));
  EXPECT_THAT(refusals(head + fleet + "expect: [ radio: { below: 5s, of: bb } ]\n"),
              ElementsAre(HasSubstr("there is no group `bb`")));
  EXPECT_THAT(refusals(head + fleet + "expect: [ energy: { below: 5 mW } ]\n"),
              ElementsAre(HasSubstr("expected an energy such as `5 J`")));
}

TEST(Parse, MembersTakeTheVersionsInTurnAndTheirTopicsTheirIds) {
  const trace::RunInfo info = run_info(plan(
      head +
      "fleet:\n"
      "  a: { count: 3, protocol: [3.1.1, 5], clean_start: false, session_expiry: 1h,\n"
      "       will: { topic: 'w/{id}', qos: 2 }, subscribe: [ { filter: '{id}/#', qos: 1 } ] }\n"));
  ASSERT_THAT(info.clients, SizeIs(3));
  EXPECT_EQ(info.clients[0].version, Version::v3_1_1);
  EXPECT_EQ(info.clients[1].version, Version::v5);
  EXPECT_EQ(info.clients[2].version, Version::v3_1_1);
  EXPECT_EQ(info.clients[0].session_expiry, 0xffffffffu);
  EXPECT_EQ(info.clients[1].session_expiry, 3600u);
  EXPECT_EQ(info.clients[1].will->topic, "w/a-2");
  EXPECT_EQ(info.clients[2].subscriptions.at(0).filter, "a-3/#");
}

TEST(Parse, ReadsAFileWithAByteOrderMarkAndCarriageReturns) {
  std::string text = "\xef\xbb\xbf";
  for (const char c : least) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  plan(text);
}

TEST(Parse, CountsColumnsInCharacters) {
  EXPECT_THAT(refusals(head + "fleet: { a: { will: { topic: 'äöü', qos: 9 } } }\n"),
              ElementsAre(HasSubstr("x:4:42: `qos`")));
}

// ---- Limits, at and one past
// ---------------------------------------------------------------------

std::string commented(std::size_t bytes) {
  std::string text = least + "#";
  while (text.size() < bytes) text += text.size() % 50'000 == 0 ? "\n#" : ".";
  return text.substr(0, bytes);
}

TEST(Limits, AFileOfOneMebibyteIsReadAndOneByteMoreIsNot) {
  plan(commented(file_bytes_max));
  EXPECT_THAT(refusals(commented(file_bytes_max + 1)),
              ElementsAre("x:1:1: longer than 1048576 bytes"));
}

TEST(Limits, NestingEndsAtItsDepth) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_THAT(refusals(nested(depth_max)), ElementsAre(HasSubstr("expected a mapping")));
  EXPECT_THAT(refusals(nested(depth_max + 1)),
              ElementsAre("x:1:65: nested more than 64 levels deep"));
}

TEST(Limits, ValuesAreCounted) {
  // The list itself is one.
  const auto list = [](std::size_t values) {
    std::string text = "[1";
    for (std::size_t at = 2; at < values; ++at) text += ",\n 1";
    return text + "]";
  };
  EXPECT_THAT(refusals(list(nodes_max)), ElementsAre(HasSubstr("expected a mapping")));
  EXPECT_THAT(refusals(list(nodes_max + 1)), ElementsAre(HasSubstr("more than 100000 values")));
}

TEST(Limits, ProblemsAreListedUpToALimit) {
  std::string text = least;
  for (std::size_t at = 0; at < problems_max; ++at) text += "key" + std::to_string(at) + ": 1\n";
  EXPECT_THAT(refusals(text), SizeIs(problems_max));
  EXPECT_THAT(refusals(text + "more: 1\n"), SizeIs(problems_max + 1));
}

TEST(Limits, TheFleetIsCounted) {
  EXPECT_EQ(run_info(plan(head + "fleet: { a: { count: 99999 }, b: {} }\n")).clients.size(),
            clients_max);
  EXPECT_THAT(refusals(head + "fleet: { a: { count: 100000 }, b: {} }\n"),
              ElementsAre("x:4:32: the fleet has more than 100000 clients"));
}

std::string repeat(std::size_t count, const std::function<std::string(std::size_t)>& entry) {
  std::string text;
  for (std::size_t at = 0; at < count; ++at) text += entry(at);
  return text;
}

TEST(Limits, TheClientsThatFaultsTouchAreSummedUp) {
  const auto file = [](std::size_t last) {
    return head + "fleet: { a: { count: 100000 } }\nfaults:\n" +
           repeat(10, [](std::size_t) { return "  - { at: 1s, cut: a, for: 1s }\n"; }) +
           repeat(last, [](std::size_t) { return "  - { at: 1s, cut: a-1, for: 1s }\n"; });
  };
  plan(file(0));
  EXPECT_THAT(refusals(file(1)), ElementsAre(HasSubstr("the faults touch more than 1000000")));
}

TEST(Limits, LinesAndBracketsAreCounted) {
  const std::string line = "# " + std::string(line_bytes_max - 2, '.') + "\n";
  plan(least + line);
  EXPECT_THAT(refusals(least + "#" + line),
              ElementsAre("x:5:100001: a line of more than 100000 bytes"));
  const std::string brackets =
      repeat(brackets_max / 10 - 1, [](std::size_t) { return "# [[[[[[[[[[\n"; });
  plan(least + brackets + "# [[[[[[[[\n");  // the file itself has two
  EXPECT_THAT(refusals(least + brackets + "# [[[[[[[[[\n"),
              ElementsAre(HasSubstr("more than 50000 brackets")));
}

// `entries(n)` is a legal file with n entries of what is limited.
template <class Entries>
void expect_limit(std::size_t max, Entries entries) {
  plan(entries(max));
  EXPECT_THAT(refusals(entries(max + 1)),
              ElementsAre(HasSubstr("has more than " + std::to_string(max) + " entries")));
}

TEST(Limits, ListsAreCounted) {
  expect_limit(links_max, [](std::size_t count) {
    return least + "links:\n" + repeat(count, [](std::size_t at) {
             return "  l" + std::to_string(at) + ": { profile: edge }\n";
           });
  });
  expect_limit(groups_max, [](std::size_t count) {
    return head + "fleet:\n" +
           repeat(count, [](std::size_t at) { return "  g" + std::to_string(at) + ": {}\n"; });
  });
  expect_limit(faults_max, [](std::size_t count) {
    return least + "faults:\n" +
           repeat(count, [](std::size_t) { return "  - { at: 1s, cut: a, for: 1s }\n"; });
  });
  expect_limit(publishes_max, [](std::size_t count) {
    return head + "fleet:\n  a:\n    publish:\n" +
           repeat(count, [](std::size_t) { return "    - { topic: t, at: 1s }\n"; });
  });
  expect_limit(subscribes_max, [](std::size_t count) {
    return head + "fleet:\n  a:\n    subscribe:\n" +
           repeat(count, [](std::size_t) { return "    - { filter: t }\n"; });
  });
  expect_limit(expectations_max, [](std::size_t count) {
    return least + "expect:\n" + repeat(count, [](std::size_t at) {
             return "  - latency: { percentile: 50, below: " + std::to_string(at + 1) + "s }\n";
           });
  });
}

TEST(Limits, APayloadHasRoomForTheStampAndEndsAtItsLimit) {
  const auto file = [](std::string_view size) {
    return head + "fleet: { a: { publish: [ { topic: t, at: 1s, payload: " + std::string(size) +
           " } ] } }\n";
  };
  const auto bytes = [&](std::string_view size) {
    return plan(file(size)).groups.at(0).publish.at(0).payload.bytes;
  };
  EXPECT_EQ(bytes(std::to_string(trace::stamped_payload_bytes_min) + "B"),
            trace::stamped_payload_bytes_min);
  EXPECT_THAT(refusals(file(std::to_string(trace::stamped_payload_bytes_min - 1) + "B")),
              ElementsAre(HasSubstr("must be at least 16B")));
  EXPECT_EQ(bytes("16MiB"), 16u * 1024 * 1024);
  EXPECT_THAT(refusals(file("16777217B")), ElementsAre(HasSubstr("must be at most 16MiB")));
}

TEST(Limits, TimesAndNumbersEndWhereTheyDo) {
  const auto group = [](std::string_view keys) {
    return head + "fleet: { a: { " + std::string(keys) + " } }\n";
  };
  for (const std::string_view good :
       {"keep_alive: 65535s", "keep_alive: 0", "count: 100000",
        "clean_start: false, session_expiry: 4294967294s", "will: { topic: t, delay: 4294967295s }",
        "publish: [ { topic: t, every: 1ms } ]", "publish: [ { topic: t, every: 366d } ]"})
    plan(group(good));
  for (const std::string_view bad :
       {"keep_alive: 65536s", "count: 100001", "count: 0", "count: -1",
        "clean_start: false, session_expiry: 4294967295s", "will: { topic: t, delay: 4294967296s }",
        "publish: [ { topic: t, every: 999us } ]", "publish: [ { topic: t, every: 367d } ]"})
    EXPECT_THAT(refusals(group(bad)), SizeIs(1)) << bad;
}

TEST(Limits, ATopicIsAsLongAsMqttAllowsWithItsLongestId) {
  const auto file = [](std::size_t bytes) {
    return head + "fleet: { a: { publish: [ { topic: '{id}" + std::string(bytes - 1, 't') +
           "', at: 1s } ] } }\n";
  };
  plan(file(topic_bytes_max - 3));  // as written it is three bytes longer than expanded
  EXPECT_THAT(refusals(file(topic_bytes_max + 1)), SizeIs(1));
}

// ---- Hostile files
// ---------------------------------------------------------------------------------

struct Hostile {
  std::string name;
  std::string text;
};

// `unit` again and again in lines that are as long as a line may be, or one a line.
std::string filled(std::string_view unit, std::size_t line_bytes) {
  constexpr std::size_t bytes = 150'000;
  std::string text;
  for (std::size_t line = 0; text.size() < bytes; line = 0) {
    for (; line + unit.size() <= line_bytes; line += unit.size()) text += unit;
    text += '\n';
  }
  return text;
}

std::vector<Hostile> hostile_files() {
  std::vector<Hostile> files;
  files.push_back({"20,000 open brackets", std::string(20'000, '[')});
  for (const std::string_view unit :
       {"[",     "{",      "[{",          "- ",    "? ",    "a: ",     ": ",      "-\n",
        "a:\n",  "&a ",    "*a ",         "!a ",   "\"",    "'",       "|\n",     ">\n ",
        "#",     "%",      "%YAML 1.2\n", "---\n", "...\n", "a: &a\n", "[a,",     "{a: ",
        "{a,",   "a\n",    "a ",          "\n",    " \n",   "\n ",     "\"\\x41", "\"\\\n",
        "? a\n", "a: b: ", "<<: ",        "[a]: ", "a,",    "{a}: ",   "[1,2],",  "{a: 1},"}) {
    files.push_back({std::string(unit), filled(unit, unit.size())});
    files.push_back({std::string(unit) + " in long lines", filled(unit, line_bytes_max)});
  }
  std::string keys;
  for (std::size_t at = 0; at < 50'000; ++at)
    keys.append("k").append(std::to_string(at)).append(": 1\n");
  files.push_back({"50,000 keys", keys});
  std::string indented;
  for (std::size_t at = 0; at < 1'000; ++at) indented += std::string(at, ' ') + "a:\n";
  files.push_back({"ever deeper", indented});
  files.push_back({"a long key", std::string(file_bytes_max - 3, 'k') + ": 1"});
  files.push_back({"a long value", "name: " + std::string(file_bytes_max - 7, 'v')});
  return files;
}

// A release build needs at most a third of a second for the worst; a sanitized one on a busy
// machine gets more time, which still catches what grows with the square of the length.
constexpr double cpu_seconds_max = 5;

TEST(HostileFiles, AreRefusedQuicklyAndBriefly) {
  for (const Hostile& file : hostile_files()) {
    const std::clock_t begin = std::clock();
    const auto found = refusals(file.text);
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_LT(took, cpu_seconds_max) << file.name;
    EXPECT_FALSE(found.empty()) << file.name;
    for (const std::string& line : found) EXPECT_LT(line.size(), 1'000u) << file.name;
  }
}

TEST(HostileFiles, AHundredMegabytesAreNotRead) {
  const auto path = std::filesystem::temp_directory_path() / "mq_hundred_megabytes.yaml";
  std::ofstream(path) << "version: 1\n";
  std::filesystem::resize_file(path, 100'000'000);
  EXPECT_THAT(lines(load(path.string()), "x"), ElementsAre("x:1:1: longer than 1048576 bytes"));
  std::filesystem::remove(path);
}

TEST(Load, SaysWhyAFileCannotBeRead) {
  EXPECT_THAT(lines(load("/no/such/file.yaml"), "x"), ElementsAre(HasSubstr("cannot be read")));
  EXPECT_THAT(lines(load("/"), "x"), ElementsAre("x:1:1: this is a folder"));
}

}  // namespace
}  // namespace mq::scenario
