#include "broker/access/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace mq::broker {
namespace {

constexpr HashCost cheap{.iterations = 5000, .memory_kib = 64, .passes = 1};
constexpr const char* salt = "twelve bytes";

std::string fault(std::string_view text) {
  try {
    parse_passwords(text, "pw");
  } catch (const FileFault& error) {
    return error.what();
  }
  return "no fault";
}

TEST(PasswordHash, EveryKindRecognisesItsPasswordAfterBeingWritten) {
  for (const HashKind kind : {HashKind::sha512_pbkdf2, HashKind::argon2id, HashKind::scram_sha_256})
    for (const std::string& password :
         {std::string("secret"), std::string(), std::string("a\0b", 3)}) {
      const std::string text = to_text(hash_password(password, kind, salt, cheap));
      const auto hash = password_hash_of(text);
      ASSERT_TRUE(hash) << text;
      EXPECT_EQ(to_text(*hash), text);
      // SCRAM has no empty password and none with control characters (RFC 4013, 2.3).
      const bool can_be = kind != HashKind::scram_sha_256 || password == "secret";
      EXPECT_EQ(password_is(*hash, password), can_be) << text;
      EXPECT_FALSE(password_is(*hash, password + "x")) << text;
      EXPECT_FALSE(password_is(*hash, "Secret")) << text;
    }
}

// Made by mosquitto_passwd 2.0.11 of Debian, -b and -H sha512, for the password "secret".
TEST(PasswordHash, WhatMosquittoWroteIsRead) {
  for (const char* text : {"$7$101$VwXWD1uvo7o8iZCq$mregG6mEFkMXKlAg69oAnqtUVoobcszyHfFu"
                           "eKgNvWS/mEF+3WTAXX2q+jP6xQE2eU5sTpjKHZuFSvhWUxIGHQ==",
                           "$6$7iZRAX23WkNKQX68$u+2KbL1kh6Tqw+U6d1sn/Pr9e+eHhJ8hCo5xJlgI"
                           "Ah9obtUGtolyl+bLNetM1W8NizNfP5xo2lI4EZfVtXe+Fw=="}) {
    const auto hash = password_hash_of(text);
    ASSERT_TRUE(hash) << text;
    EXPECT_TRUE(password_is(*hash, "secret")) << text;
    EXPECT_FALSE(password_is(*hash, "secre")) << text;
    EXPECT_EQ(to_text(*hash), text);
  }
}

TEST(PasswordHash, TheDefaultCostIsWhatOwaspWants) {
  EXPECT_GE(HashCost{}.iterations, 210'000u);
  EXPECT_GE(HashCost{}.memory_kib, 19u * 1024);
  EXPECT_GE(HashCost{}.passes, 2u);
}

TEST(PasswordHash, WhatIsNoneIsRefused) {
  const std::string right = to_text(hash_password("p", HashKind::sha512_pbkdf2, salt, cheap));
  EXPECT_FALSE(password_hash_of(right.substr(0, right.size() - 1)));
  EXPECT_FALSE(password_hash_of(right + "A"));
  for (const char* text :
       {"", "secret", "$", "$7$", "$7$0$AAAA$AAAA", "$7$101$AAAA$AAAA", "$7$-1$AAAA$AAAA",
        "$7$10000001$AAAA$AAAA", "$5$AAAA$AAAA", "$argon2id$",
        "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA",
        "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA", "SCRAM-SHA-256$1:x"})
    EXPECT_FALSE(password_hash_of(text)) << text;
}

TEST(PasswordFile, KnowsItsUsersAndNobodyElse) {
  const std::string ann = to_text(hash_password("a", HashKind::sha512_pbkdf2, salt, cheap));
  const std::string bob = to_text(hash_password("b", HashKind::scram_sha_256, salt, cheap));
  const Credentials users = parse_passwords("# users\nann:" + ann + "\r\nbob:" + bob + "\n", "pw");
  EXPECT_EQ(users.size(), 2u);
  EXPECT_TRUE(users.verify("ann", "a"));
  EXPECT_TRUE(users.verify("bob", "b"));
  EXPECT_FALSE(users.verify("ann", "b"));
  EXPECT_FALSE(users.verify("eve", "a"));
  EXPECT_FALSE(users.verify("", ""));
  EXPECT_TRUE(users.look_up("bob").known);
  EXPECT_FALSE(users.look_up("ann").known);  // SCRAM cannot be done with this kind of hash
  const auto eve = users.look_up("eve");
  EXPECT_FALSE(eve.known);
  EXPECT_EQ(eve.credential.iterations, cheap.iterations);
  EXPECT_EQ(eve.credential.salt, users.look_up("eve").credential.salt);
  EXPECT_EQ(eve.credential.salt.size(), std::string(salt).size());
}

// CVE-2018-12551: a blank line is no user without a name.
TEST(PasswordFile, OneWrongLineLetsNobodyIn) {
  const std::string ann =
      "ann:" + to_text(hash_password("a", HashKind::sha512_pbkdf2, salt, cheap));
  EXPECT_EQ(fault(ann + "\n\n"), "pw:2:1: expected USER:HASH");
  EXPECT_EQ(fault("\n"), "pw:1:1: expected USER:HASH");
  EXPECT_EQ(fault("ann\n"), "pw:1:4: expected USER:HASH");
  EXPECT_EQ(fault(":x\n"), "pw:1:1: expected a user name");
  EXPECT_EQ(fault(ann + "\n" + ann), "pw:2:1: the user \"ann\" stands here twice");
  const std::string plain = fault("ann:my secret\n");
  EXPECT_THAT(plain, testing::StartsWith("pw:1:5: expected a hash"));
  EXPECT_THAT(plain, testing::Not(testing::HasSubstr("my secret")));
  EXPECT_EQ(parse_passwords("", "pw").size(), 0u);
}

TEST(PasswordFile, ChangedUsersAreNamed) {
  Credentials before;
  for (const char* user : {"same", "changed", "gone"})
    before.set(user, hash_password(user, HashKind::sha512_pbkdf2, salt, cheap));
  Credentials after = before;
  after.erase("gone");
  after.set("changed", hash_password("x", HashKind::sha512_pbkdf2, salt, cheap));
  after.set("new", hash_password("x", HashKind::sha512_pbkdf2, salt, cheap));
  EXPECT_THAT(before.changed_in(after), testing::ElementsAre("changed", "gone"));
}

// security.md, section 4: the medians of an unknown user and of a wrong password within 20 %.
TEST(PasswordFile, HowLongItTakesTellsNothingOfWhetherAUserExists) {
  Credentials users;
  for (const char* user : {"ann", "bob", "cid"})
    users.set(user, hash_password(user, HashKind::sha512_pbkdf2, salt, cheap));
  const auto median = [&](const std::string& user) {
    std::vector<std::chrono::nanoseconds> took;
    for (int i = 0; i < 21; ++i) {
      const auto from = std::chrono::steady_clock::now();
      users.verify(user, "wrong");
      took.push_back(std::chrono::steady_clock::now() - from);
    }
    std::sort(took.begin(), took.end());
    return static_cast<double>(took[took.size() / 2].count());
  };
  // On a busy machine one of several attempts is undisturbed.
  double least = 100;
  for (int i = 0; i < 10 && least > 1.2; ++i) {
    const double known = median("bob");
    const double unknown = median("eve");
    least = std::min(least, std::max(known, unknown) / std::min(known, unknown));
  }
  EXPECT_LE(least, 1.2);
}

}  // namespace
}  // namespace mq::broker
