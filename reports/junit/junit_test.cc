#include "reports/junit/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "reports/testing/demo_run.h"

namespace mq::report {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> names_of(const pugi::xml_node& node) {
  std::vector<std::string> names;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    std::string name = child.name();
    for (const auto& attribute : child.attributes()) name += std::string(" ") + attribute.name();
    names.push_back(name);
    for (const std::string& below : names_of(child)) names.push_back("  " + below);
  }
  return names;
}

pugi::xml_document parsed(const std::string& xml) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size());
  EXPECT_TRUE(result) << result.description();
  return document;
}

Results run(bool hostile = false, bool broken = true) {
  return testing::DemoRun({.sensors = 2, .duration = 1h, .broken = broken, .hostile = hostile})
      .results();
}

TEST(Junit, HasACasePerPromiseAndSkipsWhatWasNotTried) {
  const auto document = parsed(junit_xml(run()));
  const auto suite = document.child("testsuites").child("testsuite");
  EXPECT_STREQ(suite.attribute("name").value(), "a commuter train with tunnels");
  EXPECT_EQ(suite.attribute("tests").as_int(), 8);
  EXPECT_EQ(suite.attribute("failures").as_int(), 1);
  EXPECT_EQ(suite.attribute("skipped").as_int(), 1);
  EXPECT_EQ(std::distance(suite.children("testcase").begin(), suite.children("testcase").end()), 8);
  const auto failed = suite.find_child([](auto node) { return node.child("failure"); });
  EXPECT_STREQ(failed.attribute("name").value(), "qos1: A message of QoS 1 arrives at least once");
  EXPECT_THAT(failed.child("failure").text().get(), ::testing::HasSubstr("v5/MQTT-4.3.2-1"));
  EXPECT_THAT(failed.child("failure").text().get(),
              ::testing::HasSubstr("never reached dashboard"));
}

TEST(Junit, AHeldRunHasNoFailure) {
  EXPECT_THAT(junit_xml(run(false, false)), ::testing::HasSubstr("failures=\"0\""));
}

TEST(Junit, WhatTheScenarioAsksForAndWasNotTriedFailsARunThatProvesNothing) {
  Results results = run(false, false);
  results.findings.back().expected = true;
  EXPECT_THAT(junit_xml(results), ::testing::HasSubstr("failures=\"0\""));
  results.verdict = checks::Verdict::not_tried;
  const auto document = parsed(junit_xml(results));
  EXPECT_EQ(document.child("testsuites").attribute("failures").as_int(), 1);
  EXPECT_THAT(junit_xml(results), ::testing::HasSubstr("message=\"not tried: "));
}

TEST(Junit, AnInterruptedOrAnEmptyRunIsNotGreen) {
  Results results = run(false, false);
  results.complete = false;
  EXPECT_THAT(junit_xml(results), ::testing::HasSubstr("failures=\"1\""));
  EXPECT_THAT(junit_xml(Results{.complete = true}), ::testing::HasSubstr("failures=\"1\""));
}

TEST(Junit, NoTextBecomesMarkup) {
  EXPECT_EQ(names_of(parsed(junit_xml(run(true)))), names_of(parsed(junit_xml(run(false)))));
}

}  // namespace
}  // namespace mq::report
