#include "client/puppet/puppet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::client {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Puppet, ALineComesBackAsItWasWhateverItsBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string line = to_line("publish", {{"topic", "a b"}, {"user.a=b", all}, {"empty", ""}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Line read = line_of(line);
  EXPECT_EQ(read.word, "publish");
  EXPECT_THAT(read.words,
              ElementsAre(Pair("topic", "a b"), Pair("user.a=b", all), Pair("empty", "")));
}

TEST(Puppet, WhatLooksEncodedAndIsNotStaysAsItIs) {
  EXPECT_THAT(line_of("x a=100% b=%zz c").words,
              ElementsAre(Pair("a", "100%"), Pair("b", "%zz"), Pair("c", "")));
  EXPECT_EQ(line_of("").word, "");
}

TEST(Puppet, SettingsAreWhatTheWordsSay) {
  const auto made = settings_of({{"version", "3.1.1"},
                                 {"client_id", "c"},
                                 {"clean_start", "0"},
                                 {"keep_alive", "7"},
                                 {"will_topic", "w"},
                                 {"will_qos", "1"},
                                 {"receive_maximum", "3"},
                                 {"user.a", "b"}});
  const auto& settings = std::get<Settings>(made);
  EXPECT_EQ(settings.version, Version::v3_1_1);
  EXPECT_FALSE(settings.clean_start);
  EXPECT_EQ(settings.keep_alive, std::chrono::seconds(7));
  EXPECT_EQ(settings.will->topic, "w");
  EXPECT_EQ(settings.will->qos, Qos::at_least_once);
  EXPECT_EQ(settings.connect_properties.number(PropertyId::receive_maximum), 3u);
  EXPECT_EQ(settings.connect_properties.all().size(), 2u);
}

TEST(Puppet, WhatItCannotDoIsNamed) {
  EXPECT_EQ(std::get<Unsupported>(settings_of({{"coulour", "1"}})).why, "coulour=1");
  EXPECT_EQ(std::get<Unsupported>(settings_of({{"keep_alive", "x"}})).why, "keep_alive=x");
  EXPECT_EQ(std::get<Unsupported>(settings_of({{"authentication_method", "X"}})).why,
            "authentication_method=X");
  Puppet puppet;
  EXPECT_EQ(std::get<Unsupported>(puppet.order("dance", {})).why, "dance");
  EXPECT_EQ(std::get<Unsupported>(puppet.order("publish", {{"qos", "3"}})).why, "qos=3");
}

TEST(Puppet, EveryFilterHasTheOptionsBehindIt) {
  Puppet puppet;
  const auto made = puppet.order("subscribe", {{"subscription_identifier", "9"},
                                               {"filter", "a"},
                                               {"filter", "b"},
                                               {"qos", "2"},
                                               {"no_local", "1"}});
  const auto& order = std::get<SubscribeOrder>(std::get<Input>(made));
  ASSERT_EQ(order.entries.size(), 2u);
  EXPECT_EQ(order.entries[0].options.qos, Qos::at_most_once);
  EXPECT_EQ(order.entries[1].options.qos, Qos::exactly_once);
  EXPECT_TRUE(order.entries[1].options.no_local);
  EXPECT_EQ(order.properties.number(PropertyId::subscription_identifier), 9u);
}

TEST(Puppet, AMessageIsToldWithItsProperties) {
  Publish publish{.topic = "t", .payload = Bytes::copy("x")};
  publish.properties.add(PropertyId::message_expiry_interval, 5u);
  publish.properties.add_user("k", "v");
  const auto told = Puppet().reply(Message{publish});
  ASSERT_TRUE(told);
  EXPECT_EQ(to_line(told->word, told->words),
            "message topic=t qos=0 retain=0 dup=0 payload=x message_expiry_interval=5 user.k=v");
}

}  // namespace
}  // namespace mq::client
