// A hostile broker's bytes (security.md, section 1, mirrored): the client ends the connection where
// it should, keeps its bounds, and connects again.
#include "client/core/client_fixture.h"
#include "protocol/testing/recipe.h"

namespace mq::client {
namespace {

class HostileBroker : public ClientFixture {
 protected:
  void SetUp() override {
    settings.version = Version::v5;
    settings.limits.receive_maximum = 4;
  }
  std::vector<hostile::Recipe> recipes() {
    return hostile::read_recipes(std::string(MQ_SOURCE_DIR) + "/client/core/hostile_recipes.txt",
                                 {});
  }
  void start_anew() {
    fresh_connection();
    subscribe("#");
    closed_because.reset();
  }
  void hear_text(std::string_view text) { give(BytesIn{std::as_bytes(std::span(text))}); }
};
INSTANTIATE_TEST_SUITE_P(Version, HostileBroker, testing::Values(Version::v5));

TEST_P(HostileBroker, EveryRecipeEndsAsItShould) {
  const auto all = recipes();
  EXPECT_GT(all.size(), 40u);
  for (const hostile::Recipe& recipe : all) {
    SCOPED_TRACE(recipe.name);
    start_anew();
    hear_text(recipe.bytes);
    EXPECT_EQ(closed_because.has_value(), recipe.closes);
    if (!recipe.closes) continue;
    reconnect(ConnAck{});
    EXPECT_TRUE(client->connected());
  }
}

TEST_P(HostileBroker, RecipesInSinglesAreNoBetter) {
  for (const hostile::Recipe& recipe : recipes()) {
    if (recipe.bytes.size() > 5000) continue;
    SCOPED_TRACE(recipe.name);
    start_anew();
    for (std::size_t i = 0; i < recipe.bytes.size(); ++i)
      hear_text(std::string_view(recipe.bytes).substr(i, 1));
    EXPECT_EQ(closed_because.has_value(), recipe.closes);
  }
}

}  // namespace
}  // namespace mq::client
