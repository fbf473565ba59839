#include "broker/access/authenticator.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

#include "broker/access/scram_desk.h"

namespace mq::broker {
namespace {

using Verdict = Authenticated::Verdict;

constexpr HashCost cheap{.iterations = 5000, .memory_kib = 64, .passes = 1};

Credentials users(const std::string& password, HashKind kind = HashKind::sha512_pbkdf2) {
  Credentials made;
  made.set("ann", hash_password(password, kind, "twelve bytes", cheap));
  return made;
}

class Authenticating : public ::testing::Test {
 protected:
  void ask(std::uint64_t link, const std::string& password) {
    authenticator.ask({.link = LinkId{link}, .user = "ann", .password = Bytes::copy(password)});
  }
  void await(std::size_t count) {
    const auto work = boost::asio::make_work_guard(loop);
    loop.restart();
    while (told.size() < count && loop.run_one_for(std::chrono::seconds(30)) > 0) {
    }
    ASSERT_EQ(told.size(), count);
  }

  boost::asio::io_context loop;
  std::vector<Authenticated> told;
  std::vector<std::thread::id> where;
  Authenticator authenticator{loop, 4, [this](const Authenticated& answer) {
                                told.push_back(answer);
                                where.push_back(std::this_thread::get_id());
                              }};
};

TEST_F(Authenticating, EveryQuestionHasOneAnswerOnTheLoopsThread) {
  authenticator.use(users("secret"));
  for (std::uint64_t link = 1; link <= 20; ++link) ask(link, link % 2 == 0 ? "secret" : "wrong");
  await(20);
  for (std::size_t i = 0; i < told.size(); ++i) {
    const bool right = static_cast<std::uint64_t>(told[i].link) % 2 == 0;
    EXPECT_EQ(told[i].verdict, right ? Verdict::accepted : Verdict::denied);
    EXPECT_EQ(where[i], std::this_thread::get_id());
  }
}

TEST_F(Authenticating, AUserIsLookedForInTheRealmThatIsNamed) {
  authenticator.use(
      Authenticator::Realms{{"inside", users("secret")}, {"outside", users("other")}});
  std::uint64_t link = 0;
  for (const char* realm : {"inside", "outside", "nowhere", ""})
    authenticator.ask(
        {.link = LinkId{++link}, .user = "ann", .password = Bytes::copy("secret"), .realm = realm});
  await(4);
  for (const Authenticated& answer : told)
    EXPECT_EQ(answer.verdict == Verdict::accepted, answer.link == LinkId{1});
}

TEST_F(Authenticating, WithoutUsersNobodyIsLetIn) {
  ask(1, "");
  await(1);
  EXPECT_EQ(told[0].verdict, Verdict::denied);
}

// The old password was right when the work began, and is not when it ends.
TEST_F(Authenticating, APasswordThatIsChangedMeanwhileIsTheOldOne) {
  authenticator.use(users("secret"));
  ask(1, "secret");
  authenticator.use(users("other"));
  await(1);
  EXPECT_EQ(told[0].verdict, Verdict::denied);
  authenticator.use(users("secret"));
  ask(2, "secret");
  authenticator.use(users("secret"));
  await(2);
  EXPECT_EQ(told[1].verdict, Verdict::accepted);
}

TEST_F(Authenticating, ItCanEndWithWorkUnderWay) {
  authenticator.use(users("secret"));
  for (std::uint64_t link = 1; link <= 50; ++link) ask(link, "secret");
}

TEST(ScramDesk, LetsInWhoKnowsThePassword) {
  const Credentials known = users("secret", HashKind::scram_sha_256);
  for (const std::string& password : {std::string("secret"), std::string("wrong")}) {
    ScramDesk desk([] { return std::string("server"); });
    ScramClient client("ann", password, "client");
    const auto say = [&](const std::string& data, bool begins) {
      return desk.answer({.link = LinkId{1},
                          .method = std::string(scram_sha_256),
                          .data = Bytes::copy(data),
                          .begins = begins},
                         known);
    };
    EXPECT_EQ(say("", true).verdict, Verdict::more);  // nothing said in CONNECT
    const Authenticated challenge = say(client.first(), false);
    ASSERT_EQ(challenge.verdict, Verdict::more);
    const Authenticated verdict = say(*client.last(std::string(challenge.data.text())), false);
    EXPECT_EQ(verdict.verdict, password == "secret" ? Verdict::accepted : Verdict::denied);
    EXPECT_EQ(client.trusts(verdict.data.text()), password == "secret");
    EXPECT_EQ(verdict.user, password == "secret" ? "ann" : "");
    EXPECT_EQ(say("again", false).verdict, Verdict::denied);
  }
}

}  // namespace
}  // namespace mq::broker
