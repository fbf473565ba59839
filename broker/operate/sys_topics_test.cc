#include "broker/operate/sys_topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace mq::broker {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

std::map<std::string, std::string> said(const std::vector<Announce>& words) {
  std::map<std::string, std::string> topics;
  for (const Announce& word : words) topics[word.topic] = word.payload.text();
  return topics;
}

// What Debian's mosquitto 2.0.11 publishes below $SYS.
TEST(SysTopics, HaveEveryNameThatMosquittoHas) {
  SysTopics sys("mqttlab");
  const auto topics = said(sys.update({}, 0ms));
  std::ifstream in(MQ_SOURCE_DIR "/broker/operate/testing/mosquitto-sys-topics.txt");
  std::size_t names = 0;
  for (std::string name; std::getline(in, name); ++names)
    EXPECT_TRUE(topics.contains(name)) << name;
  EXPECT_EQ(names, topics.size());
}

TEST(SysTopics, AreSaidAgainWhenTheyChange) {
  SysTopics sys("mqttlab");
  Broker::Census census{};
  sys.update(census, 0ms);
  auto again = said(sys.update(census, 10s));
  again.erase("$SYS/broker/heap/current");
  again.erase("$SYS/broker/heap/maximum");
  EXPECT_EQ(again, (std::map<std::string, std::string>{{"$SYS/broker/uptime", "10 seconds"}}));
  census.sessions = 3;
  census.connected = 1;
  const auto changed = said(sys.update(census, 10s));
  EXPECT_EQ(changed.at("$SYS/broker/clients/total"), "3");
  EXPECT_EQ(changed.at("$SYS/broker/clients/connected"), "1");
  EXPECT_EQ(changed.at("$SYS/broker/clients/inactive"), "2");
}

TEST(SysTopics, LoadsAreCountsPerMinuteThatFade) {
  SysTopics sys("mqttlab");
  Broker::Census census{};
  sys.update(census, 0ms);
  census.traffic.packets_received = 60;
  auto topics = said(sys.update(census, 1min));
  // A minute at 60 a minute: 60 * (1 - 1/e), 60 * (1 - e^(-1/5)), 60 * (1 - e^(-1/15)).
  EXPECT_EQ(topics.at("$SYS/broker/load/messages/received/1min"), "37.93");
  EXPECT_EQ(topics.at("$SYS/broker/load/messages/received/5min"), "10.88");
  EXPECT_EQ(topics.at("$SYS/broker/load/messages/received/15min"), "3.87");
  topics = said(sys.update(census, 2min));
  EXPECT_EQ(topics.at("$SYS/broker/load/messages/received/1min"), "13.95");
}

TEST(SysTopics, CanBeTakenBack) {
  SysTopics sys("mqttlab");
  const auto given = sys.update({}, 0ms);
  const auto taken = sys.withdraw();
  EXPECT_EQ(taken.size(), given.size());
  for (const Announce& word : taken) EXPECT_TRUE(word.payload.empty());
  EXPECT_THAT(sys.withdraw(), IsEmpty());
  EXPECT_EQ(sys.update({}, 0ms).size(), given.size());
}

}  // namespace
}  // namespace mq::broker
