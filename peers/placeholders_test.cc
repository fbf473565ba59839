#include "peers/placeholders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mq::peers {
namespace {

using testing::ElementsAre;

Placeholders wanting(std::string wanted) {
  return {.value = [](std::string_view name) -> std::optional<std::string> {
            if (name == "port.mqtt") return "1883";
            return std::nullopt;
          },
          .is_wanted = [wanted](std::string_view name) { return name == wanted; }};
}

TEST(Placeholders, FillEveryGapOfALine) {
  EXPECT_EQ(filled("a ${port.mqtt} b ${port.mqtt}\nc\n", wanting("")), "a 1883 b 1883\nc\n");
}

TEST(Placeholders, KeepAConditionalLineOnlyIfItIsWanted) {
  const char* text = "${?durable}persistence true\n${!durable}persistence false\nx";
  EXPECT_EQ(filled(text, wanting("durable")), "persistence true\nx\n");
  EXPECT_EQ(filled(text, wanting("other")), "persistence false\nx\n");
}

TEST(Placeholders, LeaveOutWordsOfACommand) {
  EXPECT_THAT(filled(std::vector<std::string>{"a", "${?tls}-s", "${!tls}-p", "${port.mqtt}"},
                     wanting("tls")),
              ElementsAre("a", "-s", "1883"));
}

TEST(Placeholders, AreFoundByName) {
  EXPECT_THAT(placeholders_in("${?a}x ${b} $c {d} ${e"), ElementsAre("?a", "b", "${"));
}

}  // namespace
}  // namespace mq::peers
