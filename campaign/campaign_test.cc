#include "campaign/campaign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/rng.h"
#include "campaign/export.h"
#include "campaign/figures.h"
#include "campaign/latin.h"
#include "campaign/outcome.h"
#include "campaign/parameter.h"
#include "campaign/plan.h"
#include "campaign/shard.h"
#include "campaign/summary.h"
#include "scenarios/language/parse.h"
#include "scenarios/language/units.h"

namespace mq::campaign {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view scenario_text = R"(version: 1
name: a sensor
duration: 10min
world: memory
links:
  modem: { profile: gprs }
fleet:
  sensor:
    link: modem
    publish: [ { topic: "plant/{id}", qos: 1, every: 10s } ]
  screen: { subscribe: [ { filter: "plant/#", qos: 1 } ] }
faults:
  - { at: 1min, cut: modem, for: 10s }
)";

std::variant<Campaign, FileProblems> read(const std::string& sweep) {
  return parse("version: 1\nscenario: sensor.yaml\n" + sweep, "sweep.yaml", scenario_text);
}

Campaign campaign(const std::string& sweep) {
  auto result = read(sweep);
  if (const auto* problems = std::get_if<FileProblems>(&result)) {
    ADD_FAILURE() << to_text(problems->front().file, problems->front().problem);
    return {};
  }
  return std::get<Campaign>(std::move(result));
}

// The first problem as the user sees it; empty if there is none.
std::string problem(const std::string& sweep) {
  const auto result = read(sweep);
  const auto* problems = std::get_if<FileProblems>(&result);
  return problems == nullptr ? "" : to_text(problems->front().file, problems->front().problem);
}

const std::string three_axes =
    "seeds: 4\nbrokers: [ours, mosquitto]\n"
    "grid:\n  links.modem.loss: [0%, 1%, 5%]\n  fleet.sensor.keep_alive: [10s, 60s]\n"
    "list:\n  - { links.modem.delay: 20ms, duration: 2min }\n"
    "  - { links.modem.delay: 300ms, duration: 5min }\n";

// ---- The file -----------------------------------------------------------------------------------

TEST(CampaignFile, EveryKindOfSweepIsAnAxisAndTheyMultiply) {
  const Plan plan(campaign(three_axes + "latin:\n  points: 5\n  ranges:\n"
                                        "    faults.0.for: { from: 1s, to: 100s, scale: log }\n"));
  EXPECT_EQ(plan.points(), 3 * 2 * 2 * 5);
  EXPECT_EQ(plan.runs(), plan.points() * 2 * 4);
  EXPECT_EQ(plan.campaign().axes[3].kind, Axis::Kind::latin);
  EXPECT_EQ(plan.campaign().world, World::memory);
}

TEST(CampaignFile, WithoutASweepItIsSeedsOfOneScenario) {
  const Plan plan(campaign("seeds: 7\nfirst_seed: 100\n"));
  EXPECT_EQ(plan.points(), 1);
  EXPECT_EQ(plan.runs(), 7);
  EXPECT_EQ(plan.at(6).seed, 106);
  EXPECT_EQ(plan.label(0), "");
}

TEST(CampaignFile, MistakesAreAnsweredWithTheirPlaceAndAGuess) {
  const std::pair<const char*, const char*> cases[] = {
      {"grid: { links.modem.los: [0%] }",
       "sweep.yaml:3:9: `links.modem` has no key `los`; did you "
       "mean `loss`?"},
      {"grid: { links.modm.loss: [0%] }",
       "there is no `modm` in `links` of the scenario; did you mean `modem`?"},
      {"grid: { fleet.sensors.count: [2] }", "did you mean `sensor`?"},
      {"grid: { links.modem.loss: [5] }",
       "sweep.yaml:3:28: `links.modem.loss`: expected a percentage"},
      {"grid: { links.modem.loss: 5% }", "expected a list of values"},
      {"grid: { links.modem.loss: [5%, 5%] }", "the value `5%` comes twice"},
      {"grid: { fleet.sensor.publish.1.qos: [0] }", "is a list with 1 entries, counted from 0"},
      {"grid: { fleet.sensor.publish.0.qos.x: [0] }", "is a value: nothing lies below it"},
      {"grid: { seed: [1] }", "seeds are given by `seeds`"},
      {"grid: { world: [ns3] }", "a campaign has one `world`"},
      {"grid: { broker.external: [x] }", "brokers are given by `brokers`"},
      {"grid: { name: [x] }", "`name` changes nothing"},
      {"grid: { durations: [1s] }", "did you mean `duration`?"},
      {"gird: { duration: [1s] }", "unknown key `gird` in a campaign; did you mean `grid`?"},
      {"grid: { duration: [1min] }\nlist: [ { duration: 2min } ]", "`duration` is swept twice"},
      {"grid: { links.modem: [{profile: edge}], links.modem.loss: [1%] }",
       "one lies within the other"},
      {"list: [ { duration: 1min }, { calm: 1min } ]", "sets the same parameters as the first"},
      {"list: [ { duration: 1min }, { duration: 1min } ]", "the same row comes twice"},
      {"latin: { points: 3, ranges: { duration: { from: 2min, to: 1min } } }",
       "`from` must be less than `to`"},
      {"latin: { points: 3, ranges: { links.modem.loss: { from: 0%, to: 1%, scale: log } } }",
       "`from` must be more than 0"},
      {"latin: { points: 3, ranges: { links.modem.profile: { from: a, to: b } } }",
       "is not a number"},
      {"latin: { ranges: { duration: { from: 1min, to: 2min } } }", "needs the key `points`"},
      {"latin: { points: 100001, ranges: { duration: { from: 1min, to: 2min } } }", "`points`"},
      {"brokers: [ours, ours]", "the broker `ours` comes twice"},
      {"seeds: 0", "`seeds`"},
      {"seeds: 1000001", "`seeds`"},
      {"seeds: 1000000\ngrid: { duration: [1min, 2min, 3min, 4min, 5min, 6min, 7min, 8min, 9min, "
       "10min, 11min] }",
       "more than 10000000 runs"},
      {"limits: { time: 10 }", "the unit is missing"},
  };
  for (const auto& [sweep, expected] : cases) EXPECT_THAT(problem(sweep), HasSubstr(expected));
}

TEST(CampaignFile, AtTheLimitOfRunsItIsTaken) {
  EXPECT_EQ(problem("seeds: 1000000\ngrid: { duration: [1min, 2min, 3min, 4min, 5min, 6min, 7min, "
                    "8min, 9min, 10min] }"),
            "");
}

TEST(CampaignFile, AProblemOfTheScenarioIsReportedInTheScenario) {
  const auto result =
      parse("version: 1\nscenario: s.yaml\n", "dir/c.yaml", "version: 1\nname: x\n");
  ASSERT_TRUE(std::holds_alternative<FileProblems>(result));
  EXPECT_EQ(std::get<FileProblems>(result).front().file, "dir/s.yaml");
}

// ---- Parameters ---------------------------------------------------------------------------------

TEST(Parameter, WhatIsSetStandsInTheRunsScenarioAndTheRestStays) {
  const Plan plan(
      campaign("grid:\n  links.modem.loss: [7%]\n  fleet.sensor.publish.0.every: [3s]\n"
               "  fleet.screen.will: [{topic: a/b, qos: 1}]\n  faults: [~]\n"
               "brokers: mosquitto\n"));
  const std::string text = plan.text(plan.at(0));
  const auto parsed = scenario::parse(text, "run.yaml");
  ASSERT_TRUE(std::holds_alternative<scenario::Plan>(parsed)) << text;
  const auto& run = std::get<scenario::Plan>(parsed);
  EXPECT_DOUBLE_EQ(run.links[0].model.up.loss, 0.07) << text;
  EXPECT_EQ(run.groups[0].publish[0].every, std::chrono::seconds(3));
  EXPECT_EQ(run.groups[0].publish[0].qos, Qos::at_least_once);
  EXPECT_EQ(run.groups[1].will->topic, "a/b");
  EXPECT_THAT(run.faults, IsEmpty());
  EXPECT_EQ(run.broker.external, "mosquitto");
  EXPECT_EQ(run.world, scenario::WorldKind::memory);
}

TEST(Parameter, APointThatIsNoScenarioIsFoundBeforeAnythingRuns) {
  const Plan plan(campaign("grid: { duration: [10min, 30s] }"));  // a fault at 1min
  const auto refused = refused_point(plan);
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(plan.label(refused->point), "duration=30s");
  EXPECT_FALSE(refused_point(Plan(campaign(three_axes))).has_value());
}

// ---- The hypercube ------------------------------------------------------------------------------

TEST(Latin, EachStratumOfEachParameterIsHitOnce) {
  constexpr std::uint64_t points = 100;
  const std::vector<Range> ranges = {
      {.path = "a", .is = scenario::Is::duration, .low = 1, .high = 1001},
      {.path = "b", .is = scenario::Is::rate, .low = 1e3, .high = 1e9, .is_log = true}};
  const Axis axis = hypercube(ranges, points, 3);
  for (std::size_t which = 0; which < ranges.size(); ++which) {
    std::vector<double> shares;
    for (const Level& level : axis.levels) {
      const std::string& text = level.settings[which].text;
      shares.push_back(which == 0 ? (seconds(*scenario::parse_duration(text)) - 1) / 1000
                                  : std::log10(*scenario::parse_rate(text) / 1e3) / 6);
    }
    std::sort(shares.begin(), shares.end());
    // Rounding to three digits may move one over the edge of its stratum, and no further.
    for (std::size_t i = 0; i < points; ++i)
      EXPECT_NEAR(shares[i] * points, static_cast<double>(i) + 0.5, 1.0) << which;
  }
}

TEST(Latin, TheSameSeedGivesTheSamePointsAndARangeMoreShiftsNothing) {
  const Range a{.path = "a", .is = scenario::Is::whole, .low = 0, .high = 1e6};
  const Range b{.path = "b", .is = scenario::Is::whole, .low = 0, .high = 1e6};
  const Axis alone = hypercube({a}, 20, 1);
  const Axis both = hypercube({b, a}, 20, 1);
  const Axis other = hypercube({a}, 20, 2);
  std::size_t differ = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(alone.levels[i].settings[0].text, both.levels[i].settings[1].text);
    differ += alone.levels[i].settings[0].text != other.levels[i].settings[0].text ? 1U : 0U;
  }
  EXPECT_GT(differ, 15U);
}

TEST(Latin, NumbersAreWrittenAsTheLanguageReadsThemAndStayInTheirRange) {
  const auto text = [](scenario::Is is, double low, double high, double value) {
    return written({.path = "x", .is = is, .low = low, .high = high}, value);
  };
  EXPECT_EQ(text(scenario::Is::duration, 0.01, 2, 0.123456), "123ms");
  EXPECT_EQ(text(scenario::Is::duration, 0.0105, 2, 0.0105004), "10ms 500us");
  EXPECT_EQ(text(scenario::Is::percentage, 0, 1, 0.012345), "1.23%");
  EXPECT_EQ(text(scenario::Is::rate, 1, 1e9, 123456), "123000 bit/s");
  EXPECT_EQ(text(scenario::Is::whole, 1, 1999, 1999), "1999");
  EXPECT_EQ(text(scenario::Is::size, 16, 1e6, 64), "64B");
}

// ---- The plan -----------------------------------------------------------------------------------

TEST(PlanOfRuns, PositionsAndLevelsGoBackAndForth) {
  const Plan plan(campaign(three_axes));
  std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>> seen;
  for (std::uint32_t i = 0; i < plan.runs(); ++i) {
    const auto run = plan.at(i);
    EXPECT_EQ(plan.point_of(plan.levels(run.point)), run.point);
    EXPECT_EQ(plan.index_of(run.point, run.broker,
                            static_cast<std::uint32_t>(run.seed - plan.campaign().first_seed)),
              i);
    EXPECT_TRUE(seen.emplace(run.point, run.broker, run.seed).second);
  }
}

std::map<std::uint64_t, std::string> texts_by_key(const Plan& plan) {
  std::map<std::uint64_t, std::string> all;
  for (const KeyedRun& run : keyed_runs(plan)) {
    const Run at = plan.at(run.index);
    std::string what = plan.broker(at) + " " + std::to_string(at.seed);
    std::vector<std::string> settings;
    for (const Setting* setting : plan.settings(at.point))
      settings.push_back(setting->path + "=" + setting->text);
    std::sort(settings.begin(), settings.end());
    for (const std::string& setting : settings) what += " " + setting;
    EXPECT_TRUE(all.emplace(static_cast<std::uint64_t>(run.key), what).second);
  }
  return all;
}

TEST(PlanOfRuns, AKeySaysWhatIsRunAndNotWhereItStands) {
  const std::string other_order =
      "brokers: [mosquitto, ours]\nseeds: 4\n"
      "grid:\n  fleet.sensor.keep_alive: [60s, 10s]\n  links.modem.loss: [5%, 0%, 1%]\n"
      "list:\n  - { duration: 5min, links.modem.delay: 300ms }\n"
      "  - { duration: 2min, links.modem.delay: 20ms }\n";
  EXPECT_EQ(texts_by_key(Plan(campaign(three_axes))), texts_by_key(Plan(campaign(other_order))));
}

TEST(PlanOfRuns, WhatIsAddedLeavesTheOtherKeysAsTheyWere) {
  const auto before =
      texts_by_key(Plan(campaign("seeds: 3\ngrid: { links.modem.loss: [0%, 1%] }")));
  const auto after =
      texts_by_key(Plan(campaign("seeds: 5\ngrid: { links.modem.loss: [0%, 1%, 2%] }")));
  EXPECT_EQ(after.size(), 15U);
  for (const auto& [key, what] : before) EXPECT_EQ(after.at(key), what);
}

TEST(PlanOfRuns, AnotherScenarioOrWorldHasOtherKeys) {
  const auto key = [](const std::string& text, std::string_view scenario) {
    auto parsed = parse("version: 1\nscenario: s.yaml\n" + text, "c.yaml", scenario);
    return keyed_runs(Plan(std::get<Campaign>(std::move(parsed)))).front().key;
  };
  std::string longer(scenario_text);
  longer.replace(longer.find("10min"), 5, "11min");
  std::string remark = "# says nothing\n" + std::string(scenario_text);
  EXPECT_NE(key("", scenario_text), key("", longer));
  EXPECT_NE(key("", scenario_text), key("world: ns3\n", scenario_text));
  EXPECT_EQ(key("", scenario_text), key("", remark));
  // What is swept has no value of its own.
  EXPECT_EQ(key("grid: { duration: [5min] }\n", scenario_text),
            key("grid: { duration: [5min] }\n", longer));
}

TEST(PlanOfRuns, ShardsAreDisjointAndTogetherTheWholePlan) {
  Rng rng(20260);
  for (int round = 0; round < 200; ++round) {
    std::vector<KeyedRun> runs(1 + rng.below(300));
    for (std::size_t i = 0; i < runs.size(); ++i)
      runs[i] = {Key{rng.next()}, static_cast<std::uint32_t>(i)};
    std::sort(runs.begin(), runs.end(), [](auto& a, auto& b) { return a.key < b.key; });
    const auto count = static_cast<std::uint32_t>(1 + rng.below(40));
    std::vector<KeyedRun> together;
    std::size_t least = runs.size();
    std::size_t most = 0;
    for (std::uint32_t number = 0; number < count; ++number) {
      const auto mine = part(runs, {number, count});
      least = std::min(least, mine.size());
      most = std::max(most, mine.size());
      together.insert(together.end(), mine.begin(), mine.end());
    }
    std::sort(together.begin(), together.end(), [](auto& a, auto& b) { return a.key < b.key; });
    EXPECT_EQ(together, runs);
    EXPECT_LE(most - least, 1U);
  }
}

TEST(PlanOfRuns, TheShardOfARunDoesNotDependOnTheOrderInTheFile) {
  const auto keys = [](const std::string& sweep) {
    std::vector<std::vector<std::uint64_t>> all;
    const auto runs = keyed_runs(Plan(campaign(sweep)));
    for (std::uint32_t i = 0; i < 5; ++i)
      for (all.emplace_back(); const KeyedRun& run : part(runs, {i, 5}))
        all.back().push_back(static_cast<std::uint64_t>(run.key));
    return all;
  };
  EXPECT_EQ(keys("seeds: 9\ngrid: { links.modem.loss: [0%, 1%], duration: [2min, 3min] }"),
            keys("seeds: 9\ngrid: { duration: [3min, 2min], links.modem.loss: [1%, 0%] }"));
}

TEST(PlanOfRuns, TwoRunsWithOneKeyAreNoticed) {
  EXPECT_FALSE(collision({{Key{1}, 0}, {Key{2}, 1}}).has_value());
  EXPECT_EQ(collision({{Key{1}, 4}, {Key{1}, 9}, {Key{2}, 1}}), std::pair(4U, 9U));
  EXPECT_FALSE(collision(keyed_runs(Plan(campaign("seeds: 100000")))).has_value());
}

// ---- Which shard --------------------------------------------------------------------------------

using Variables = std::map<std::string, std::string>;

std::string shard(std::string_view wish, const Variables& variables) {
  const auto chosen = chosen_shard(wish, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
  if (const auto* why = std::get_if<std::string>(&chosen)) return *why;
  const auto one = std::get<Shard>(chosen);
  return std::to_string(one.number) + " of " + std::to_string(one.count);
}

TEST(ShardOfProcess, IsWhatTheUserSaysCountedFromOne) {
  EXPECT_EQ(shard("", {}), "0 of 1");
  EXPECT_EQ(shard("1/1", {}), "0 of 1");
  EXPECT_EQ(shard("5/5", {{"SLURM_ARRAY_TASK_ID", "2"}}), "4 of 5");
  for (const char* wish : {"5", "a/5", "-1/5", "1/5x", "/", "1/"})
    EXPECT_THAT(shard(wish, {}), HasSubstr("expected I/N")) << wish;
  for (const char* wish : {"0/5", "6/5"})
    EXPECT_THAT(shard(wish, {}), HasSubstr("are counted from 1 to 5")) << wish;
  for (const char* wish : {"1/0", "1/1000001"})
    EXPECT_THAT(shard(wish, {}), HasSubstr("expected 1 to 1000000 shards")) << wish;
}

TEST(ShardOfProcess, IsFoundInTheVariablesOfSlurm) {
  const auto slurm = [](const char* id, const char* count, const char* min, const char* max,
                        const char* step) {
    return Variables{{"SLURM_ARRAY_TASK_ID", id},
                     {"SLURM_ARRAY_TASK_COUNT", count},
                     {"SLURM_ARRAY_TASK_MIN", min},
                     {"SLURM_ARRAY_TASK_MAX", max},
                     {"SLURM_ARRAY_TASK_STEP", step}};
  };
  EXPECT_EQ(shard("", slurm("0", "8", "0", "7", "1")), "0 of 8");
  EXPECT_EQ(shard("auto", slurm("8", "8", "1", "8", "1")), "7 of 8");
  EXPECT_EQ(shard("auto", slurm("14", "3", "10", "14", "2")), "2 of 3");
  EXPECT_THAT(shard("auto", slurm("7", "3", "1", "7", "1")), HasSubstr("has gaps"));
  EXPECT_THAT(shard("auto", slurm("0", "3", "1", "3", "1")), HasSubstr("none of an array"));
  EXPECT_THAT(shard("auto", slurm("x", "3", "1", "3", "1")), HasSubstr("SLURM_ARRAY_TASK_ID=x"));
  EXPECT_THAT(shard("auto", {{"SLURM_ARRAY_TASK_ID", "1"}}), HasSubstr("SLURM_ARRAY_TASK_COUNT"));
  // A part of an array that is submitted again keeps its numbers.
  EXPECT_EQ(shard("auto/64", slurm("3", "2", "3", "17", "14")), "3 of 64");
  EXPECT_EQ(shard("auto/64", slurm("63", "1", "63", "63", "1")), "63 of 64");
  EXPECT_THAT(shard("auto/64", slurm("64", "1", "64", "64", "1")), HasSubstr("from 0 to 63"));
}

TEST(ShardOfProcess, IsFoundInTheVariableOfKubernetes) {
  EXPECT_EQ(shard("auto/3", {{"JOB_COMPLETION_INDEX", "2"}}), "2 of 3");
  EXPECT_THAT(shard("auto/3", {{"JOB_COMPLETION_INDEX", "3"}}), HasSubstr("from 0 to 2"));
  EXPECT_THAT(shard("auto", {{"JOB_COMPLETION_INDEX", "1"}}), HasSubstr("auto/N"));
  EXPECT_THAT(shard("", {{"JOB_COMPLETION_INDEX", "1"}}), HasSubstr("auto/N"));
  EXPECT_THAT(shard("auto/3", {{"JOB_COMPLETION_INDEX", ""}}), HasSubstr("a whole number"));
  EXPECT_THAT(shard("auto/3", {}), HasSubstr("no task of an array"));
  EXPECT_THAT(shard("auto/3", {{"JOB_COMPLETION_INDEX", "1"}, {"SLURM_ARRAY_TASK_ID", "1"}}),
              HasSubstr("both set"));
}

// ---- Outcomes -----------------------------------------------------------------------------------

TEST(OutcomeOfARun, IsReadBackFromItsLineAndNothingElseIs) {
  Outcome outcome{.key = Key{~std::uint64_t{0}},
                  .end = End::judged,
                  .verdict = Verdict::broken,
                  .hash = "abc",
                  .broken = {"qos1", "will"},
                  .evidence = "tabs\tand\nlines, become spaces",
                  .wall_us = 1,
                  .cpu_us = 2,
                  .memory_kib = 3};
  outcome.figures.assign(figures.size(), no_figure);
  outcome.figures[3] = 0.1;
  const std::string line = to_line(outcome);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto back = from_line(line);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(to_line(*back), line);
  EXPECT_EQ(back->broken, outcome.broken);
  EXPECT_EQ(back->figures[3], 0.1);
  EXPECT_TRUE(std::isnan(back->figures[4]));
  // Cut anywhere before the evidence, it is none.
  for (std::size_t size = 0; size < line.rfind('\t'); ++size)
    EXPECT_FALSE(from_line(line.substr(0, size)).has_value()) << size;
  EXPECT_FALSE(from_line(line + "\tmore").has_value());
}

TEST(SummaryOfResults, CountsByPointAndKeepsStrangersOut) {
  const Plan plan(campaign("seeds: 2\ngrid: { links.modem.loss: [0%, 5%] }"));
  Summary summary(plan);
  for (const KeyedRun& run : keyed_runs(plan)) {
    Outcome outcome{.key = run.key, .end = End::judged, .verdict = Verdict::held};
    outcome.figures.assign(figures.size(), no_figure);
    outcome.figures[0] = static_cast<double>(plan.at(run.index).seed);
    if (run.index >= 2) {
      outcome.verdict = Verdict::broken;
      outcome.broken = {"qos1"};
      outcome.evidence = "lost";
    }
    if (run.index == 3) outcome = {.key = run.key, .end = End::crashed, .evidence = "signal 11"};
    summary.take(outcome);
  }
  summary.take({.key = Key{7}});
  EXPECT_EQ(summary.cell(0, 0).held, 2U);
  EXPECT_EQ(medians(summary.cell(0, 0))[0], 1.5);
  EXPECT_TRUE(std::isnan(medians(summary.cell(0, 0))[1]));
  EXPECT_EQ(summary.cell(1, 0).promises.at("qos1"), 1U);
  EXPECT_EQ(summary.strangers(), 1U);
  EXPECT_EQ(summary.left(), 0U);
  const std::string text = text_of(summary);
  EXPECT_THAT(text, HasSubstr("a sensor: 4 of 4 runs done (2 points x 2 seeds)"));
  EXPECT_THAT(text, HasSubstr("1 of 1  links.modem.loss=5%"));
  EXPECT_THAT(text, HasSubstr("run 3 crashed: signal 11"));
  const std::string csv = to_csv(summary);
  EXPECT_TRUE(csv.starts_with("links.modem.loss,runs,held,broken,")) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_THAT(to_json(summary), HasSubstr(R"("promises_broken":{"qos1":1})"));
}

}  // namespace
}  // namespace mq::campaign
