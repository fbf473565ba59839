// What attackers cost is given back: every recipe many times, and the broker is no larger for it.
#include <gtest/gtest.h>

#include <cstdio>

#include "broker/load/testing/plain_socket.h"
#include "broker/load/testing/tested_broker.h"
#include "protocol/testing/recipe.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 20;
constexpr std::size_t growth_max = 4 * 1024 * 1024;

TEST(Leak, RecipesPlayedManyTimesLeaveNothingBehind) {
  const hostile::Words connects{.c4 = std::string("\x10\x0d\0\4MQTT\4\2\0\0\0\1x", 15),
                                .c5 = std::string("\x10\x0e\0\4MQTT\5\2\0\0\0\0\1x", 16)};
  const auto recipes =
      hostile::read_recipes(std::string(MQ_SOURCE_DIR) + "/broker/hostile/recipes.txt", connects);
  TestedBroker broker("max_connection_rate 0\n");
  const auto play_all = [&] {
    for (const hostile::Recipe& recipe : recipes) {
      PlainSocket attacker(broker.port(Through::tcp), 2);
      attacker.send(recipe.bytes);
      if (recipe.closes) {
        EXPECT_TRUE(attacker.is_closed(5s)) << recipe.name;
      }
    }
  };
  for (int i = 0; i < 3; ++i) play_all();
  const std::size_t before = broker.memory();
  for (int i = 0; i < rounds; ++i) play_all();
  const std::size_t after = broker.memory();
  std::printf("%zu attacks: %zu KB before, %zu KB after\n", rounds * recipes.size(), before / 1024,
              after / 1024);
  if (!is_sanitized) {
    EXPECT_LT(after, before + growth_max);
  }
}

}  // namespace
}  // namespace mq::broker
