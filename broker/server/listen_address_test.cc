#include "broker/server/listen_address.h"

#include <gtest/gtest.h>

#include <string>

namespace mq::broker {
namespace {

std::string parsed(std::string_view text) {
  const auto addresses = parse_listen(text, 1883);
  if (!addresses) return "?";
  std::string all;
  for (const ListenAddress& address : *addresses)
    all += "<" + address.host + "|" + std::to_string(address.port) + ">";
  return all;
}

TEST(ListenAddress, IsAnAddressAPortOrBoth) {
  EXPECT_EQ(parsed("1884"), "<localhost|1884>");
  EXPECT_EQ(parsed("localhost"), "<localhost|1883>");
  EXPECT_EQ(parsed("10.0.0.1:0"), "<10.0.0.1|0>");
  EXPECT_EQ(parsed("::1"), "<::1|1883>");
  EXPECT_EQ(parsed("[::1]"), "<::1|1883>");
  EXPECT_EQ(parsed("[::1]:1884"), "<::1|1884>");
  EXPECT_EQ(parsed("*"), "<0.0.0.0|1883><::|1883>");
  EXPECT_EQ(parsed(":1884"), "<0.0.0.0|1884><::|1884>");
  EXPECT_EQ(parsed("*:65535"), "<0.0.0.0|65535><::|65535>");
}

TEST(ListenAddress, IsNothingElse) {
  for (const char* text : {"", ":", "a:", "a:b", "a:65536", "65536", "[::1", "[]:1", "[::1]x"})
    EXPECT_EQ(parsed(text), "?") << text;
}

}  // namespace
}  // namespace mq::broker
