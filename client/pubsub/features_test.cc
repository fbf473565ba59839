// Features of MQTT 5.0 as people ask for them by flags, on real sockets (docs/protocol.md).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client/pubsub/testing/real_broker.h"

namespace mq::client {
namespace {

class Features : public testing::Test {
 protected:
  Words at_broker(const std::string& verb, const Words& flags) const {
    Words words{
        MQ_REAL_PROGRAM, verb, "-V", "5", "-h", "127.0.0.1", "-p", std::to_string(broker.port())};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  void publish(const Words& flags, const std::string& input = {}) const {
    Process pub(at_broker("pub", flags), input);
    EXPECT_EQ(pub.exit_status(), 0) << pub.output();
  }
  std::unique_ptr<Process> subscriber(Words flags) const {
    flags.emplace_back("-d");
    auto sub = std::make_unique<Process>(at_broker("sub", flags));
    EXPECT_TRUE(sub->prints("ubscribed")) << sub->output();
    return sub;
  }

  RealBroker broker{Who::ours};
};

// v5 3.8.3.1
TEST_F(Features, SubscriptionOptionsAreObeyed) {
  publish({"-t", "a", "-m", "kept", "-r"});
  Process never(at_broker("sub", {"-t", "a", "--retain-handling", "never", "-W", "1"}));
  EXPECT_EQ(never.exit_status(), 4) << never.output();
  const auto as_published =
      subscriber({"-t", "b", "--retain-as-published", "-C", "1", "-F", "<%r>"});
  const auto plain = subscriber({"-t", "b", "-C", "1", "-F", "<%r>"});
  publish({"-t", "b", "-m", "x", "-r"});
  EXPECT_TRUE(as_published->prints("<1>")) << as_published->output();
  EXPECT_TRUE(plain->prints("<0>")) << plain->output();
  const auto will_of_ones_own = [&](const Words& more) {
    Words flags = {"-i", "me", "-t", "echo", "-F", "<%p>", "--will-topic", "echo"};
    flags.insert(flags.end(), more.begin(), more.end());
    return flags;
  };
  const auto local = subscriber(will_of_ones_own({"--no-local", "-c", "-q", "1", "-x", "60"}));
  local->signal(SIGKILL);
  local->exit_status();
  publish({"-t", "echo", "-m", "of others", "-q", "1"});
  Process back(
      at_broker("sub", will_of_ones_own({"--no-local", "-c", "-q", "1", "-x", "60", "-C", "1"})));
  EXPECT_EQ(back.exit_status(), 0) << back.output();
  EXPECT_EQ(back.output(), "<of others>\n");
}

// v5 4.8.2
TEST_F(Features, ASharedSubscriptionSharesMessages) {
  const Words flags = {"-t", "$share/g/t", "-q", "1", "-C", "5"};
  const auto one = subscriber(flags), other = subscriber(flags);
  publish({"-t", "t", "-l", "-q", "1"}, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
  EXPECT_EQ(one->exit_status(), 0) << one->output();
  EXPECT_EQ(other->exit_status(), 0) << other->output();
}

// v5 3.2.2.3.9, 3.4.2.1
TEST(RefusalsAreTold, WithTheirReason) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mq_refuse_XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  std::ofstream(pattern + "/acl") << "topic read #\n";
  RealBroker reading(Who::ours, {"--acl-file", pattern + "/acl"});
  RealBroker closed(Who::ours, {"--no-anonymous"});
  const auto pub = [](int port) {
    return Words{MQ_REAL_PROGRAM,
                 "pub",
                 "-V",
                 "5",
                 "-p",
                 std::to_string(port),
                 "-t",
                 "a",
                 "-m",
                 "x",
                 "-q",
                 "1"};
  };
  Process denied(pub(reading.port()));
  EXPECT_EQ(denied.exit_status(), 1);
  EXPECT_NE(denied.output().find("the message was refused: Not authorized"), std::string::npos)
      << denied.output();
  Process refused(pub(closed.port()));
  EXPECT_EQ(refused.exit_status(), 3);
  EXPECT_NE(refused.output().find("refused the connection: Not authorized ("), std::string::npos)
      << refused.output();
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace mq::client
