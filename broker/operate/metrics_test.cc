#include "broker/operate/metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace mq::broker {
namespace {

struct Exposition {
  std::map<std::string, std::string> types;
  std::set<std::string> helped;
  std::map<std::string, double> values;
};

// The text format 0.0.4: every sample stands behind HELP and TYPE of its name, once.
Exposition parse(const std::string& text) {
  static const std::regex comment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
  static const std::regex sample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[a-zA-Z_]\w*="[^"\\\n]*"\})? ([0-9.e+-]+))");
  Exposition read;
  EXPECT_TRUE(text.ends_with('\n'));
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, comment)) {
      if (parts[1] == "HELP")
        EXPECT_TRUE(read.helped.insert(parts[2]).second) << line;
      else
        EXPECT_TRUE(read.types.emplace(parts[2], parts[3]).second) << line;
    } else if (std::regex_match(line, parts, sample)) {
      EXPECT_TRUE(read.helped.contains(parts[1]) && read.types.contains(parts[1])) << line;
      EXPECT_TRUE(read.values.emplace(parts[1], std::stod(parts[3])).second) << line;
    } else {
      ADD_FAILURE() << "neither comment nor sample: " << line;
    }
  }
  return read;
}

TEST(Metrics, AreInPrometheusTextFormat) {
  Broker::Census census{};
  census.links = 3;
  census.dropped_messages = 5;
  census.traffic.bytes_sent = 12'345'678'901;
  const Exposition read = parse(metrics_text(census, process_facts(), "1.2.3", 1.5e9));
  EXPECT_GT(read.values.size(), 20u);
  EXPECT_EQ(read.values.at("mqttlab_broker_info"), 1);
  EXPECT_EQ(read.values.at("mqttlab_broker_links"), 3);
  EXPECT_EQ(read.values.at("mqttlab_broker_messages_dropped_total"), 5);
  EXPECT_EQ(read.values.at("mqttlab_broker_bytes_sent_total"), 12'345'678'901);
  EXPECT_EQ(read.values.at("process_start_time_seconds"), 1.5e9);
  for (const auto& [name, type] : read.types)
    EXPECT_EQ(type == "counter", name.ends_with("_total")) << name;
}

TEST(Metrics, TellOfThisProcess) {
  const ProcessFacts facts = process_facts();
  EXPECT_GT(facts.cpu_seconds, 0);
  EXPECT_GT(facts.resident_bytes, 100'000u);
  EXPECT_GE(facts.open_descriptors, 3u);
  EXPECT_GE(facts.descriptors_max, facts.open_descriptors);
}

}  // namespace
}  // namespace mq::broker
