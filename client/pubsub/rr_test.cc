// Requests and responses on real sockets, our rr and mosquitto's (v5 4.10).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client/pubsub/testing/real_broker.h"

namespace mq::client {
namespace {

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Pair {
  Who broker;
  Who client;
};

class Requests : public testing::TestWithParam<Pair> {
 protected:
  Words at_broker(const Words& flags) const {
    return Words{"-h", "127.0.0.1", "-p", std::to_string(broker.port())} + flags;
  }
  std::unique_ptr<Process> rr(const Words& flags) const {
    const Words program = GetParam().client == Who::ours
                              ? Words{MQ_REAL_PROGRAM, "rr"}
                              : Words{"stdbuf", "-oL", mosquitto_program("mosquitto_rr")};
    return std::make_unique<Process>(program + at_broker(flags));
  }
  // Prints the first request as "<response topic|correlation data|payload>".
  std::unique_ptr<Process> responder(const char* version) const {
    auto process = std::make_unique<Process>(
        Words{MQ_REAL_PROGRAM, "sub"} +
        at_broker({"-V", version, "-t", "ask", "-C", "1", "-q", "1", "-F", "<%R|%D|%p>", "-d"}));
    EXPECT_TRUE(process->prints("ubscribed")) << process->output();
    return process;
  }
  void respond(const Words& flags) const {
    Process process(Words{MQ_REAL_PROGRAM, "pub"} + at_broker(flags));
    EXPECT_EQ(process.exit_status(), 0) << process.output();
  }

  RealBroker broker{GetParam().broker};
};

INSTANTIATE_TEST_SUITE_P(
    Pairs, Requests,
    testing::Values(Pair{Who::ours, Who::mosquitto}, Pair{Who::mosquitto, Who::ours},
                    Pair{Who::ours, Who::ours}),
    [](const auto& pair) {
      const auto text = [](Who who) { return std::string(who == Who::ours ? "our" : "mosquitto"); };
      return text(pair.param.broker) + "_broker_" + text(pair.param.client) + "_rr";
    });

// v5 3.3.2.3.5, 3.3.2.3.6
TEST_P(Requests, SayWhereTheResponseIsWanted) {
  const auto responding = responder("mqttv5");
  const auto asking = rr({"-t", "ask", "-e", "answer/1", "-m", "what time?", "-q", "1", "-D",
                          "publish", "correlation-data", "c17"});
  EXPECT_TRUE(responding->prints("<answer/1|c17|what time?>")) << responding->output();
  respond({"-V", "5", "-t", "answer/1", "-m", "noon", "-D", "publish", "correlation-data", "c17"});
  EXPECT_EQ(asking->exit_status(), 0) << asking->output();
  EXPECT_EQ(asking->output(), "noon\n");
}

TEST_P(Requests, Of311GoByTheTopicAlone) {
  const auto responding = responder("mqttv311");
  const auto asking = rr({"-V", "mqttv311", "-t", "ask", "-e", "answer/1", "-m", "x", "-v"});
  EXPECT_TRUE(responding->prints("<||x>")) << responding->output();
  respond({"-t", "answer/1", "-m", "noon"});
  EXPECT_EQ(asking->exit_status(), 0) << asking->output();
  EXPECT_EQ(asking->output(), "answer/1 noon\n");
}

class OurRequests : public Requests {};
INSTANTIATE_TEST_SUITE_P(Alone, OurRequests, testing::Values(Pair{Who::ours, Who::ours}));

// v5 3.3.2.3.6: correlation data tells the responses apart.
TEST_P(OurRequests, TakeNoOtherRequestsResponse) {
  const auto responding = responder("mqttv5");
  const auto asking = rr({"-t", "ask", "-e", "answers", "-n", "-q", "1", "-d"});
  ASSERT_EQ(responding->exit_status(), 0);
  const std::string& heard = responding->output();
  const auto at = heard.find("<answers|") + 9;
  const std::string correlation = heard.substr(at, heard.find('|', at) - at);
  EXPECT_EQ(correlation.size(), 20u) << heard;
  respond({"-V", "5", "-t", "answers", "-m", "other", "-D", "publish", "correlation-data", "x"});
  EXPECT_TRUE(asking->prints("a message that is no response"));
  respond(
      {"-V", "5", "-t", "answers", "-m", "mine", "-D", "publish", "correlation-data", correlation});
  EXPECT_EQ(asking->exit_status(), 0);
  EXPECT_NE(asking->output().find("mine\n"), std::string::npos);
  EXPECT_EQ(asking->output().find("other"), std::string::npos);
}

TEST_P(OurRequests, EndWithAStatusThatScriptsCanUse) {
  EXPECT_EQ(rr({"-t", "ask", "-e", "answer", "-m", "x", "-W", "1"})->exit_status(), 4);
  respond({"-t", "answer", "-m", "of yesterday", "-r"});
  EXPECT_EQ(rr({"-t", "ask", "-e", "answer", "-m", "x", "-W", "1", "-R"})->exit_status(), 4);
  const auto stale = rr({"-t", "ask", "-e", "answer", "-m", "x"});
  EXPECT_EQ(stale->exit_status(), 0);
  EXPECT_EQ(stale->output(), "of yesterday\n");
  const auto without = rr({"-t", "ask", "-m", "x"});
  EXPECT_EQ(without->exit_status(), 1);
  EXPECT_NE(without->output().find("no response information"), std::string::npos);
  const std::pair<Words, const char*> wrong[] = {
      {{"-t", "ask", "-e", "a/#", "-m", "x"}, "no topic name"},
      {{"-e", "a", "-m", "x"}, "-t TOPIC"},
      {{"-t", "ask", "-e", "a"}, "expected one of -m, -f, -s, -n"},
      {{"-V", "311", "-t", "ask", "-m", "x"}, "-e TOPIC"},
      {{"-t", "ask", "-e", "a", "-m", "x", "-D", "publish", "response-topic", "b"}, "-e TOPIC"}};
  for (const auto& [flags, says] : wrong) {
    const auto process = rr(flags);
    EXPECT_EQ(process->exit_status(), 2) << says;
    EXPECT_NE(process->output().find(says), std::string::npos) << process->output();
  }
}

// v5 3.1.2.11.6, 3.2.2.3.15
TEST(ResponseInformation, GivesAResponseTopicToWhoNamesNone) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mq_rr_XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  std::ofstream(pattern + "/broker.conf") << "response_information answers/%c\n";
  RealBroker broker(Who::ours, {"-c", pattern + "/broker.conf", "--listen", "127.0.0.1:0"});
  const Words to_broker = {"-p", std::to_string(broker.port())};
  Process responding(
      Words{MQ_REAL_PROGRAM, "sub", "-V", "5", "-t", "ask", "-C", "1", "-F", "<%R>", "-d"} +
      to_broker);
  ASSERT_TRUE(responding.prints("ubscribed")) << responding.output();
  Process asking(Words{MQ_REAL_PROGRAM, "rr", "-i", "me", "-t", "ask", "-m", "x"} + to_broker);
  EXPECT_TRUE(responding.prints("<answers/me/me>")) << responding.output();
  Process answer(Words{MQ_REAL_PROGRAM, "pub", "-t", "answers/me/me", "-m", "y"} + to_broker);
  EXPECT_EQ(answer.exit_status(), 0);
  EXPECT_EQ(asking.exit_status(), 0);
  EXPECT_EQ(asking.output(), "y\n");
  std::filesystem::remove_all(pattern);
}

}  // namespace
}  // namespace mq::client
