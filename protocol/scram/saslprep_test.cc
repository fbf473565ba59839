#include "protocol/scram/saslprep.h"

#include <gtest/gtest.h>

#include "protocol/scram/scram.h"

namespace mq {
namespace {

// RFC 4013, section 3, and RFC 3454, sections 5 and 6.
TEST(Saslprep, PreparesAsTheRfcSays) {
  const std::pair<const char*, std::optional<std::string>> rows[] = {
      {"user", "user"},
      {"USER", "USER"},
      {"I\xC2\xADX", "IX"},  // a soft hyphen goes
      {"a\xC2\xA0"
       "b",
       "a b"},  // spaces become one kind
      {"a\xE2\x80\x8B"
       "b",
       "a b"},  // also the one without width
      {" !~", " !~"},
      {"K\xC3\xBChlschrank", "K\xC3\xBChlschrank"},
      {"\xD0\xBF\xD0\xB0\xD1\x80", "\xD0\xBF\xD0\xB0\xD1\x80"},
      {"\xE5\x86\xB7\xE8\x94\xB5", "\xE5\x86\xB7\xE8\x94\xB5"},
      {"", std::nullopt},
      {"\xC2\xAD", std::nullopt},  // nothing is left
      {"\x07", std::nullopt},
      {"a\x7F", std::nullopt},
      {"\xC2\xAA", std::nullopt},          // U+00AA would become a
      {"\xE2\x85\xA8", std::nullopt},      // U+2168 would become IX
      {"u\xCC\x88", std::nullopt},         // u and a mark above it
      {"\xEE\x80\x80", std::nullopt},      // private use
      {"\xF0\x9F\x8C\xA1", std::nullopt},  // younger than Unicode 3.2
      {"\xE2\x80\x8F", std::nullopt},      // turns the direction
      {"\xD8\xA7\xD8\xA8", "\xD8\xA7\xD8\xA8"},
      {"\xD8\xA7"
       "1\xD8\xA8",
       "\xD8\xA7"
       "1\xD8\xA8"},
      {"\xD8\xA7"
       "1",
       std::nullopt},  // would end in no right-to-left character
      {"1\xD8\xA7", std::nullopt},
      {"\xD8\xA7"
       "a\xD8\xA8",
       std::nullopt},  // both directions
      {"\xFF", std::nullopt}};
  for (const auto& [text, prepared] : rows) EXPECT_EQ(saslprep(text), prepared) << text;
  EXPECT_EQ(saslprep(std::string_view("a\0b", 3)), std::nullopt);
}

TEST(Saslprep, MakesScramTakeWhatLooksTheSame) {
  const auto credential = make_scram_credential(
      "a\xC2\xA0"
      "b",
      "salt", 4096);
  EXPECT_TRUE(scram_password_is(credential, "a b"));
  EXPECT_TRUE(scram_password_is(credential, "a\xC2\xAD b"));
  EXPECT_FALSE(scram_password_is(credential, "ab"));
  EXPECT_FALSE(scram_password_is(credential, "a b\x07"));
  ScramClient client("\xC2\xADuser",
                     "a\xE3\x80\x80"
                     "b",
                     "n0nce");
  ScramServer server("other");
  const auto challenge = server.first(client.first(), [&](const std::string& user) {
    return ScramServer::Looked{credential, user == "user"};
  });
  ASSERT_TRUE(challenge);
  EXPECT_TRUE(server.last(*client.last(*challenge)));
  ScramServer strict("other");
  EXPECT_FALSE(strict.first("n,,n=a\x07,r=x", [&](const std::string&) {
    return ScramServer::Looked{credential, true};
  }));
}

}  // namespace
}  // namespace mq
