#include "broker/server/gatekeeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace mq::broker {
namespace {

class GatekeeperTest : public ::testing::Test {
 protected:
  GatekeeperTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gate-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~GatekeeperTest() override { std::filesystem::remove_all(folder); }

  std::string file(const std::string& name, const std::string& text) const {
    const std::string path = folder / name;
    std::ofstream(path) << text;
    return path;
  }
  static std::string line(const std::string& user, const std::string& password, HashKind kind) {
    return user + ":" +
           to_text(hash_password(password, kind, "twelve bytes", {.iterations = 4096})) + "\n";
  }
  std::unique_ptr<Gatekeeper> gate(AccessOptions options, bool anonymous_somewhere = false) {
    return std::make_unique<Gatekeeper>(loop, std::move(options), AccessPolicy{},
                                        anonymous_somewhere, 1, [](const Authenticated&) {});
  }

  std::filesystem::path folder;
  boost::asio::io_context loop;
};

TEST_F(GatekeeperTest, WithoutFilesEverybodyIsLetInLocally) {
  const auto open = gate({});
  EXPECT_FALSE(open->policy().verifies_passwords);
  EXPECT_FALSE(open->policy().rules);
  EXPECT_FALSE(open->policy().adopts_sessions);
  EXPECT_TRUE(open->anonymous_allowed({}, true));
  EXPECT_FALSE(open->anonymous_allowed({}, false));
  EXPECT_TRUE(open->anonymous_allowed(true, false));
  EXPECT_FALSE(open->anonymous_allowed(false, true));
}

TEST_F(GatekeeperTest, APasswordFileKeepsAnonymousClientsOut) {
  const auto path = file("pw", line("ann", "a", HashKind::sha512_pbkdf2));
  const auto closed = gate({.password_file = path});
  EXPECT_TRUE(closed->policy().verifies_passwords);
  EXPECT_TRUE(closed->policy().methods.empty());
  EXPECT_TRUE(closed->policy().adopts_sessions);
  EXPECT_FALSE(closed->anonymous_allowed({}, true));
  const auto half_open = gate({.password_file = path, .anonymous = true});
  EXPECT_TRUE(half_open->anonymous_allowed({}, false));
  EXPECT_FALSE(half_open->policy().adopts_sessions);
  EXPECT_FALSE(gate({.password_file = path}, true)->policy().adopts_sessions);
}

TEST_F(GatekeeperTest, ScramIsOfferedIfSomebodyCanUseIt) {
  const auto path = file("pw", line("ann", "a", HashKind::scram_sha_256));
  EXPECT_THAT(gate({.password_file = path})->policy().methods,
              testing::ElementsAre("SCRAM-SHA-256"));
}

// Salts that differ between two brokers or two starts would tell who does not exist.
TEST_F(GatekeeperTest, UnknownUsersAreAnsweredTheSameByTheWholeFleet) {
  const auto ann = line("ann", "a", HashKind::scram_sha_256);
  const auto path = file("pw", ann);
  const auto more = file("more", ann + line("bob", "b", HashKind::scram_sha_256));
  const auto key = file("key", "sixteen bytes...");
  const auto other_key = file("other", "sixteen others..");
  const auto salt = [this](const std::string& passwords, const std::string& key_file) {
    std::string first;
    auto gate = std::make_unique<Gatekeeper>(
        loop, AccessOptions{.password_file = passwords, .unknown_users_key_file = key_file},
        AccessPolicy{}, false, 1, [&](const Authenticated& told) { first = told.data.text(); });
    gate->ask(
        {.link = LinkId{1}, .method = "SCRAM-SHA-256", .data = Bytes::copy("n,,n=eve,r=nonce")});
    loop.restart();
    loop.poll();
    const auto at = first.find(",s=");
    return at == first.npos ? "none" : first.substr(at, first.find(",i=") - at);
  };
  EXPECT_NE(salt(path, ""), "none");
  EXPECT_EQ(salt(path, ""), salt(path, ""));
  EXPECT_NE(salt(path, ""), salt(more, ""));
  EXPECT_EQ(salt(path, key), salt(more, key));
  EXPECT_NE(salt(path, key), salt(path, other_key));
  EXPECT_THROW(
      gate({.password_file = path, .unknown_users_key_file = file("short", "15 bytes only..")}),
      FileFault);
}

TEST_F(GatekeeperTest, AFaultyFileStopsTheStartAndDoesNotStopABroker) {
  EXPECT_THROW(gate({.password_file = folder / "none"}), FileFault);
  const auto passwords = file(
      "pw", line("ann", "a", HashKind::sha512_pbkdf2) + line("bob", "b", HashKind::sha512_pbkdf2));
  const auto rules = file("acl", "user ann\ntopic a\n");
  const auto running = gate({.password_file = passwords, .acl_file = rules});
  file("pw", line("ann", "new", HashKind::sha512_pbkdf2));
  file("acl", "nonsense");
  const AccessOptions same{.password_file = passwords, .acl_file = rules};
  EXPECT_THROW(running->reload(same, {}), FileFault);
  EXPECT_TRUE(running->policy().rules->may_read({"ann", "x"}, "a"));
  file("acl", "");
  const AccessChanged changed = running->reload(same, {});
  EXPECT_THAT(changed.changed_users, testing::ElementsAre("ann", "bob"));
  EXPECT_FALSE(changed.access.rules->may_read({"ann", "x"}, "a"));
  EXPECT_FALSE(running->reload({}, {}).access.rules);  // the files are not named any more
}

}  // namespace
}  // namespace mq::broker
