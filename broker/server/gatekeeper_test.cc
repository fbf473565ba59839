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
  std::unique_ptr<Gatekeeper> gate(AccessOptions options,
                                   const std::vector<ListenerOptions>& listeners = {}) {
    return std::make_unique<Gatekeeper>(loop, std::move(options), AccessPolicy{}, listeners, 1,
                                        [](const Authenticated&) {});
  }
  static ListenerOptions says(std::optional<bool> anonymous) { return {.anonymous = anonymous}; }

  std::filesystem::path folder;
  boost::asio::io_context loop;
};

TEST_F(GatekeeperTest, WithoutFilesEverybodyIsLetInLocally) {
  const auto open = gate({});
  EXPECT_FALSE(open->policy().verifies_passwords);
  EXPECT_FALSE(open->policy().rules);
  EXPECT_FALSE(open->policy().adopts_sessions);
  EXPECT_TRUE(open->anonymous_allowed(says({}), true));
  EXPECT_FALSE(open->anonymous_allowed(says({}), false));
  EXPECT_TRUE(open->anonymous_allowed(says(true), false));
  EXPECT_FALSE(open->anonymous_allowed(says(false), true));
}

TEST_F(GatekeeperTest, APasswordFileKeepsAnonymousClientsOut) {
  const auto path = file("pw", line("ann", "a", HashKind::sha512_pbkdf2));
  const auto closed = gate({.password_file = path});
  EXPECT_TRUE(closed->policy().verifies_passwords);
  EXPECT_TRUE(closed->policy().methods.empty());
  EXPECT_TRUE(closed->policy().adopts_sessions);
  EXPECT_FALSE(closed->anonymous_allowed(says({}), true));
  const auto half_open = gate({.password_file = path, .anonymous = true});
  EXPECT_TRUE(half_open->anonymous_allowed(says({}), false));
  EXPECT_FALSE(half_open->policy().adopts_sessions);
  EXPECT_FALSE(gate({.password_file = path}, {says(true)})->policy().adopts_sessions);
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
        AccessPolicy{}, std::vector<ListenerOptions>{}, 1,
        [&](const Authenticated& told) { first = told.data.text(); });
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
  EXPECT_THAT(changed.changed_users,
              testing::ElementsAre(AccessChanged::User{"ann"}, AccessChanged::User{"bob"}));
  EXPECT_FALSE(changed.access.rules->may_read({"ann", "x"}, "a"));
  EXPECT_FALSE(running->reload({}, {}).access.rules);  // the files are not named any more
}

class ListenersWithFiles : public GatekeeperTest {
 protected:
  ListenerOptions listener(const std::string& passwords, const std::string& rules) const {
    ListenerOptions made;
    made.own_access = OwnAccess{passwords, rules};
    return made;
  }
  std::string users_of(const std::string& name, const std::string& password, HashKind kind) const {
    return file(name, line("ann", password, kind));
  }

  const std::string a = users_of("a", "1", HashKind::sha512_pbkdf2);
  const std::string b = users_of("b", "2", HashKind::scram_sha_256);
  const std::string x = file("x", "user ann\ntopic inside\n");
  const std::string y = file("y", "user ann\ntopic outside\n");
  const std::vector<ListenerOptions> listeners{listener(a, x), listener(b, y), listener("", "")};
};

TEST_F(ListenersWithFiles, EachHasItsUsersItsMethodsAndItsRules) {
  const auto two = gate({}, listeners);
  const AccessPolicy& policy = two->policy();
  EXPECT_TRUE(policy.verifies_passwords);
  EXPECT_FALSE(policy.adopts_sessions);  // the third lets in whoever is local
  const Origin first = two->origin_of(listeners[0]);
  const Origin second = two->origin_of(listeners[1]);
  const Origin third = two->origin_of(listeners[2]);
  EXPECT_FALSE(policy.same_realm(first.realm, second.realm));
  EXPECT_TRUE(policy.methods_of(first).empty());
  EXPECT_THAT(policy.methods_of(second), testing::ElementsAre("SCRAM-SHA-256"));
  EXPECT_TRUE(policy.rules_for(first)->may_read({"ann", ""}, "inside"));
  EXPECT_FALSE(policy.rules_for(first)->may_read({"ann", ""}, "outside"));
  EXPECT_TRUE(policy.rules_for(second)->may_read({"ann", ""}, "outside"));
  EXPECT_EQ(policy.rules_for(third), nullptr);
  EXPECT_FALSE(two->anonymous_allowed(listeners[0], true));
  EXPECT_TRUE(two->anonymous_allowed(listeners[2], true));
  EXPECT_TRUE(gate({}, {listeners[0], listeners[1]})->policy().adopts_sessions);
}

TEST_F(ListenersWithFiles, EachFileIsReadAgainAndAllOrNothing) {
  const auto two = gate({}, listeners);
  users_of("b", "new", HashKind::scram_sha_256);
  file("y", "");
  const AccessChanged changed = two->reload({}, {});
  EXPECT_THAT(changed.changed_users, testing::ElementsAre(AccessChanged::User{"ann", b}));
  EXPECT_FALSE(changed.access.rules_for(true, y)->may_read({"ann", ""}, "outside"));
  file("x", "");
  file("y", "nonsense");
  EXPECT_THROW(two->reload({}, {}), FileFault);
  EXPECT_TRUE(two->policy().rules_for(true, x)->may_read({"ann", ""}, "inside"));
}

// Who signed the certificate says who somebody is, as a password file does.
TEST_F(ListenersWithFiles, UsersByCertificateAreOthersThanThoseByPassword) {
  ListenerOptions certified = listener("", x);
  certified.certificate_is_user = true;
  certified.tls.emplace().ca_file = "ca";
  const auto two = gate({}, {listeners[0], certified});
  const std::string realm = two->origin_of(certified).realm;
  EXPECT_FALSE(two->policy().same_realm(realm, two->origin_of(listeners[0]).realm));
  EXPECT_FALSE(two->policy().same_realm("", realm));
}

}  // namespace
}  // namespace mq::broker
