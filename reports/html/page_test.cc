#include "reports/html/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "reports/html/markup.h"
#include "reports/junit/junit.h"
#include "reports/results_json.h"
#include "reports/summary/summary.h"
#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view island_begin = "<script type=\"application/json\" id=\"data\">";

std::string island_of(const std::string& page) {
  const std::size_t begin = page.find(island_begin) + island_begin.size();
  return page.substr(begin, page.find("</script>", begin) - begin);
}

// The page without its style and scripts.
std::string body_of(const std::string& page) {
  const std::size_t begin = page.find("<body>");
  return page.substr(begin, page.find(island_begin) - begin);
}

// Every tag with the names of its attributes, in the order of the page: what an HTML parser would
// make elements of, and a little more (it does not know of comments).
std::vector<std::string> tags_of(const std::string& html) {
  std::vector<std::string> tags;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at)) {
    std::string tag;
    char quote = 0;
    for (++at; at < html.size() && (quote != 0 || html[at] != '>'); ++at) {
      if (quote == 0 && html[at] == '"')
        quote = '"';
      else if (html[at] == quote)
        quote = 0;
      else if (quote == 0)
        tag += html[at];
    }
    tags.push_back(tag);
  }
  return tags;
}

const Results& run(bool hostile) {
  static const Results tame = testing::DemoRun({.sensors = 5, .duration = 1h}).results();
  static const Results attack =
      testing::DemoRun({.sensors = 5, .duration = 1h, .hostile = true}).results();
  return hostile ? attack : tame;
}

TEST(Page, SaysTheVerdictTheHashAndTheCommandOnTop) {
  const std::string page = html_page(run(false));
  EXPECT_THAT(page, HasSubstr("<h1>Broken</h1>"));
  EXPECT_THAT(page,
              HasSubstr("1 of 7 promises was broken. A message of QoS 1 arrives at least once: "
                        "3 of 4,080 lost."));
  EXPECT_LT(page.find("7c1f0b52e88d3a96"), page.find("id=\"promises\""));
  EXPECT_LT(page.find("./mqttlab run scenarios/commuter-train.yaml --seed 1"),
            page.find("id=\"promises\""));
}

TEST(Page, WhatTheRadioCostsHasColumnsOnlyWhereALinkSaysSo) {
  Results results = run(false);
  EXPECT_THAT(html_page(results), HasSubstr(">Energy</th>"));
  for (auto& row : results.costs.rows) {
    row.radio_on.reset();
    row.microjoules.reset();
  }
  const std::string page = html_page(results);
  EXPECT_THAT(page, Not(HasSubstr(">Energy</th>")));
  EXPECT_THAT(page, HasSubstr("No link of this run says what its radio draws."));
}

TEST(Page, StaysUnderAMegabyte) {
  EXPECT_LT(html_page(testing::DemoRun({}).results()).size(), 1'000'000U);
  EXPECT_LT(html_page(testing::DemoRun({.sensors = 300, .duration = 1h}).results()).size(),
            2'000'000U);
}

TEST(Page, AllowsNothingButItsOwnScripts) {
  const std::string page = html_page(run(false));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("script-src 'unsafe")));
  EXPECT_THAT(body_of(page), Not(HasSubstr(" style=")));
  for (const std::string& tag : tags_of(body_of(page)))
    EXPECT_THAT(tag, Not(HasSubstr(" on"))) << "no handler in an attribute";
}

// Whatever peers and users say, the page has the same elements with the same attributes.
TEST(Page, NoTextBecomesMarkup) {
  const std::string tame = html_page(run(false));
  const std::string hostile = html_page(run(true));
  EXPECT_EQ(tags_of(body_of(hostile)), tags_of(body_of(tame)));
  EXPECT_THAT(hostile, Not(HasSubstr("<img")));
  EXPECT_THAT(hostile, HasSubstr("&lt;img src=x onerror=alert(1)&gt;"));
  const std::string island = island_of(hostile);
  EXPECT_EQ(island.find_first_of("<>&"), std::string::npos);
  boost::system::error_code failed;
  boost::json::parse(island, failed);
  EXPECT_FALSE(failed) << failed.message();
}

// Each text alone, wherever a text can stand.
TEST(Page, NoSingleTextBecomesMarkup) {
  Results results = run(false);
  results.series.fleet.clear();
  results.series.timelines.clear();
  for (Latency& latency : results.series.latencies) latency.bins.clear();
  const std::vector<std::string> expected = tags_of(body_of(html_page(results)));
  for (const std::string& attack : testing::hostile_texts()) {
    for (std::string* place :
         {&results.run.scenario, &results.hash, &results.command, &results.program_version,
          &results.findings[1].measured, &results.findings[1].clauses[0], &results.findings[1].id,
          &results.sequences[0].lanes[0], &results.sequences[0].steps[0].text,
          &results.sequences[0].steps[0].detail, &results.sequences[0].title,
          &results.configuration.links[0].settings[0].source, &results.trace.note,
          &results.sometimes[0].phrase, &results.traffic[0].link,
          &results.ledger.deliveries[0].group, &results.costs.rows[0].group,
          &results.not_reproducible.started}) {
      const std::string before = std::exchange(*place, attack);
      results.sequences[0].finding = results.findings[1].id;
      EXPECT_EQ(tags_of(body_of(html_page(results))), expected) << attack.substr(0, 60);
      *place = before;
    }
  }
}

// results.json is a file that anybody can have touched: what is read can be rendered.
TEST(Page, OfDamagedResultsIsAnErrorOrAPage) {
  const std::string text = to_json(testing::DemoRun({.sensors = 2, .duration = 12min}).results());
  Rng rng(7);
  int read = 0;
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = text;
    for (int bytes = 0; bytes < 1 + i % 3; ++bytes)
      damaged[rng.below(damaged.size())] = "0123456789-e\"[]{},nul"[rng.below(21)];
    const auto results = from_json(damaged);
    if (!std::holds_alternative<Results>(results)) continue;
    ++read;
    EXPECT_FALSE(html_page(std::get<Results>(results)).empty());
    EXPECT_FALSE(junit_xml(std::get<Results>(results)).empty());
    EXPECT_FALSE(summary_markdown(std::get<Results>(results)).empty());
  }
  EXPECT_GT(read, 50);
}

TEST(Page, OfNothingIsStillAPage) {
  const std::string page = html_page(Results{});
  EXPECT_THAT(page, HasSubstr("<h1>Interrupted</h1>"));
  Results complete;
  complete.complete = true;
  EXPECT_THAT(html_page(complete), HasSubstr("<h1>Nothing proven</h1>"));
}

TEST(MarkupBuilder, EscapesWhatIsNoLiteral) {
  Markup out;
  out << "<b>" << std::string("<i>") << std::string_view("&") << 7 << "</b>";
  EXPECT_EQ(out.text(), "<b>&lt;i&gt;&amp;7</b>");
}

}  // namespace
}  // namespace mq::report
