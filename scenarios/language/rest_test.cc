// Groups that speak HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/language/limits.h"
#include "scenarios/language/parse.h"

namespace mq::scenario {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::variant<Plan, Problems> with_rest(const std::string& rest, const std::string& more = "") {
  return parse("version: 1\nname: x\nduration: 1h\nfleet:\n  reader: { " + rest +
                   " }\n  screen: { subscribe: [ { filter: t } ] }\n" + more,
               "x.yaml");
}
Plan rest_plan(const std::string& rest, const std::string& more = "") {
  auto parsed = with_rest(rest, more);
  if (const auto* problems = std::get_if<Problems>(&parsed)) {
    ADD_FAILURE() << to_text("x.yaml", problems->front());
    return {};
  }
  return std::get<Plan>(std::move(parsed));
}
std::vector<std::string> rest_refusals(const std::string& rest, const std::string& more = "") {
  const auto parsed = with_rest(rest, more);
  std::vector<std::string> texts;
  if (const auto* problems = std::get_if<Problems>(&parsed))
    for (const Problem& problem : *problems) texts.push_back(problem.text);
  return texts;
}

TEST(ParseRest, FillsInWhatIsNotSaid) {
  const Plan plan = rest_plan("rest: { put: [ { path: '/{id}/t', every: 1min } ] }");
  const RestPlan& rest = *plan.groups[0].rest;
  EXPECT_TRUE(rest.keeps_connection);
  EXPECT_EQ(rest.token_bytes, 0u);
  EXPECT_EQ(rest.timeout, 30s);
  EXPECT_EQ(rest.put.at(0).topic, "/{id}/t");
  EXPECT_EQ(rest.put.at(0).payload.bytes, 64u);
  EXPECT_EQ(plan.store.idle_timeout, 75s);
  const trace::RunInfo info = run_info(plan);
  EXPECT_EQ(info.clients[0].speaks, trace::Speaks::http);
  EXPECT_EQ(info.clients[1].speaks, trace::Speaks::mqtt);
}

TEST(ParseRest, ReadsWhatIsSaid) {
  const Plan plan = rest_plan(
      "transport: tls, rest: { connection: each, token: 1kB, timeout: 5s,\n"
      "    get: [ { path: /a, every: 10s, if_changed: true } ],\n"
      "    put: [ { path: /b, at: 5min, text: 'n {n}' } ] }",
      "store: { idle_timeout: 2min }\n"
      "expect:\n  - age: { below: 20s, of: reader }\n  - age: { below: 9s, measure: mean }\n");
  const RestPlan& rest = *plan.groups[0].rest;
  EXPECT_FALSE(rest.keeps_connection);
  EXPECT_EQ(rest.token_bytes, 1000u);
  EXPECT_EQ(rest.timeout, 5s);
  EXPECT_EQ(rest.get.at(0).every, 10s);
  EXPECT_TRUE(rest.get.at(0).if_changed);
  EXPECT_EQ(rest.put.at(0).payload.text, "n {n}");
  EXPECT_EQ(plan.store.idle_timeout, 2min);
  EXPECT_EQ(plan.expectations.at(0).as_written, "age: below 20s of reader");
  EXPECT_EQ(plan.expectations.at(0).below, 20s);
  EXPECT_EQ(plan.expectations.at(1).argument, "mean");
}

TEST(ParseRest, HasNoEffectWithoutSomebodyWhoSpeaksIt) {
  EXPECT_THAT(rest_refusals("count: 1", "store: { idle_timeout: 2min }\n"),
              ElementsAre(HasSubstr("nobody speaks with it")));
  EXPECT_THAT(rest_refusals("rest: { put: [ { path: /a, every: 1s } ] }",
                            "faults: [ { at: 1s, half_open: reader } ]\n"),
              ElementsAre(HasSubstr("the members of `reader` speak HTTP")));
  EXPECT_THAT(
      rest_refusals("rest: { put: [ { path: /a, every: 1s } ] }",
                    "faults: [ { cut: screen, for: 1s, after: PUBACK sent, of: reader } ]\n"),
      ElementsAre(HasSubstr("whose packet is waited for speak HTTP")));
  EXPECT_THAT(rest_refusals("rest: { put: [ { path: /a, every: 1s } ] }",
                            "expect: [ age: { below: 1s, of: reader } ]\n"),
              ElementsAre(HasSubstr("nobody of them reads anything")));
}

// ---- Limits, at and one past

TEST(ParseRest, APathHasALimitForTheLongestIdOfTheGroup) {
  const auto path = [](std::size_t bytes) {
    return "count: 10, rest: { get: [ { every: 1s, path: '/{id}" + std::string(bytes, 'a') +
           "' } ] }";
  };
  const std::size_t id = std::string("reader-10").size();
  rest_plan(path(path_bytes_max - id - 1));
  EXPECT_THAT(rest_refusals(path(path_bytes_max - id)), ElementsAre(HasSubstr("longer than")));
}

TEST(ParseRest, ValuesTokensAndTimeoutsHaveLimits) {
  const auto rest = [](const std::string& text) {
    return "rest: { " + text + ", get: [ { path: /a, every: 1s } ] }";
  };
  rest_plan(rest("token: 4KiB"));
  EXPECT_THAT(rest_refusals(rest("token: 4097B")), ElementsAre(HasSubstr("at most 4KiB")));
  rest_plan(rest("timeout: 1s"));
  EXPECT_THAT(rest_refusals(rest("timeout: 999ms")), ElementsAre(HasSubstr("at least 1s")));
  const auto put = [](const std::string& payload) {
    return "rest: { put: [ { path: /a, every: 1s, payload: " + payload + " } ] }";
  };
  rest_plan(put("1MiB"));
  EXPECT_THAT(rest_refusals(put("1048577B")), ElementsAre(HasSubstr("at most 1MiB")));
}

}  // namespace
}  // namespace mq::scenario
