#include "broker/config/keys.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace mq::broker {
namespace {

TEST(ConfigKeys, AreKnownOnceAndSayWhatTheyDo) {
  std::set<std::string_view> names;
  for (const auto& keys : {config_keys(), listener_config_keys(), foreign_config_keys()})
    for (const ConfigKey& key : keys) {
      EXPECT_TRUE(names.insert(key.name).second) << key.name;
      EXPECT_FALSE(key.says.empty()) << key.name;
      EXPECT_EQ(key.apply != nullptr, key.standing == ConfigKey::Standing::supported) << key.name;
    }
}

TEST(ConfigKeys, AreAllInTheDocumentation) {
  std::ifstream in(MQ_SOURCE_DIR "/docs/broker.md");
  std::ostringstream page;
  page << in.rdbuf();
  EXPECT_NE(page.str().find(config_keys_as_markdown()), std::string::npos)
      << "docs/broker.md should contain:\n"
      << config_keys_as_markdown();
}

}  // namespace
}  // namespace mq::broker
