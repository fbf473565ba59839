// On real sockets against strangers: Debian's mosquitto_pub and mosquitto_sub with our broker, our
// pub and sub with Debian's mosquitto, and ours among themselves. The flags are the same, so the
// tests are.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "client/pubsub/process.h"
#include "client/pubsub/testing/real_broker.h"

namespace mq::client {
namespace {

struct Pairing {
  Who broker;
  Who clients;
  const char* version;
};

std::string pairing_name(const testing::TestParamInfo<Pairing>& pairing) {
  const auto text = [](Who who) { return who == Who::ours ? "our" : "mosquitto"; };
  return std::string(text(pairing.param.broker)) + "_broker_" + text(pairing.param.clients) +
         "_clients_" + pairing.param.version;
}

class Strangers : public testing::TestWithParam<Pairing> {
 protected:
  void SetUp() override {
    broker_ = std::make_unique<RealBroker>(GetParam().broker);
    if (HasFatalFailure()) return;
    is_v5_ = std::string(GetParam().version) == "mqttv5";
  }

  Words command(const std::string& verb, const Words& flags) const {
    Words words;
    if (GetParam().clients == Who::ours)
      words = {MQ_REAL_PROGRAM, verb};
    else
      words = {"stdbuf", "-oL", mosquitto_program("mosquitto_" + verb)};  // it buffers in a pipe
    for (const std::string& word :
         {std::string("-h"), std::string("127.0.0.1"), std::string("-p"),
          std::to_string(broker_->port()), std::string("-V"), std::string(GetParam().version)})
      words.push_back(word);
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  std::unique_ptr<Process> start(const std::string& verb, const Words& flags,
                                 const std::string& input = {}) const {
    return std::make_unique<Process>(command(verb, flags), input);
  }
  // A subscriber that the broker has answered.
  std::unique_ptr<Process> subscriber(Words flags) const {
    flags.emplace_back("-d");
    auto process = start("sub", flags);
    EXPECT_TRUE(process->prints("ubscribed")) << process->output();
    return process;
  }
  void publish(const Words& flags, const std::string& input = {}) const {
    const auto process = start("pub", flags, input);
    EXPECT_EQ(process->exit_status(), 0) << process->output();
  }
  // That a publisher with -l is done. Two threads of mosquitto_pub look at each other's variables
  // unsynchronised then, and now and then both miss that the last message was acknowledged: it is
  // asked for what it was told, and not whether it ends.
  void expect_done(Process& publisher, const char* qos, int messages) const {
    if (GetParam().clients == Who::ours) {
      EXPECT_EQ(publisher.exit_status(), 0) << publisher.output();
    } else if (qos[0] != '0') {
      const char* const answer = qos[0] == '1' ? "received PUBACK" : "received PUBCOMP";
      EXPECT_TRUE(publisher.prints(answer, messages)) << publisher.output();
    }
  }
  // Flags of a session that is kept.
  Words kept_session(Words flags) const {
    flags.emplace_back("-c");
    if (is_v5_) flags.insert(flags.end(), {"-x", "3600"});
    return flags;
  }

  std::unique_ptr<RealBroker> broker_;
  bool is_v5_ = false;
};

std::vector<Pairing> pairings() {
  std::vector<Pairing> all;
  for (const auto& [broker, clients] :
       {std::pair{Who::ours, Who::mosquitto}, std::pair{Who::mosquitto, Who::ours},
        std::pair{Who::ours, Who::ours}})
    for (const char* version : {"mqttv31", "mqttv311", "mqttv5"})
      all.push_back({broker, clients, version});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Pairings, Strangers, testing::ValuesIn(pairings()), pairing_name);

TEST_P(Strangers, DeliverAtEveryQos) {
  for (const char* published : {"0", "1", "2"})
    for (const char* subscribed : {"0", "1", "2"}) {
      const auto sub =
          subscriber({"-t", "a/#", "-q", subscribed, "-C", "1", "-F", "<%q %r %t %p>"});
      publish({"-t", "a/b", "-q", published, "-m", "hello"});
      const char* lower = published[0] < subscribed[0] ? published : subscribed;
      EXPECT_TRUE(sub->prints(std::string("<") + lower + " 0 a/b hello>")) << sub->output();
      EXPECT_EQ(sub->exit_status(), 0) << sub->output();
    }
}

TEST_P(Strangers, TakeAMessageThatLooksLikeAnOption) {
  const auto sub = subscriber({"-t", "-a", "-C", "3", "-F", "-<%p>"});
  for (const char* message : {"-5", "--what", ""}) publish({"-t", "-a", "-m", message});
  for (const char* line : {"-<-5>\n", "-<--what>\n", "-<>\n"})
    EXPECT_TRUE(sub->prints(line)) << sub->output();
}

TEST_P(Strangers, DeliverManyMessagesInOrder) {
  for (const char* qos : {"0", "1", "2"}) {
    std::vector<std::string> flags{"-t", "many", "-q", qos, "-C", "200"};
    // mosquitto 2.0 now and then sends more than the receive maximum, and our client will not have
    // it.
    if (is_v5_) flags.insert(flags.end(), {"-D", "connect", "receive-maximum", "1000"});
    const auto sub = subscriber(flags);
    std::string lines;
    for (int i = 1; i <= 200; ++i) lines += "m" + std::to_string(i) + "\n";
    const auto publisher = start("pub", {"-t", "many", "-q", qos, "-l", "-d"}, lines);
    expect_done(*publisher, qos, 200);
    EXPECT_EQ(sub->exit_status(), 0) << sub->output();
    std::size_t at = 0;
    for (int i = 1; i <= 200 && at != std::string::npos; ++i)
      at = sub->output().find("m" + std::to_string(i) + "\n", at);
    EXPECT_NE(at, std::string::npos) << "missing or out of order at QoS " << qos;
  }
}

TEST_P(Strangers, KeepARetainedMessageUntilItIsCleared) {
  publish({"-t", "state", "-m", "on", "-r", "-q", "1"});
  const auto late = subscriber({"-t", "state", "-C", "1", "-F", "<%r %p>"});
  EXPECT_TRUE(late->prints("<1 on>")) << late->output();
  publish({"-t", "state", "-n", "-r"});
  const auto later = subscriber({"-t", "state", "-C", "1", "-F", "<%r %p>"});
  publish({"-t", "state", "-m", "fresh"});
  EXPECT_TRUE(later->prints("<0 fresh>")) << later->output();
  EXPECT_EQ(later->output().find("<1"), std::string::npos) << later->output();
}

TEST_P(Strangers, PublishTheWillOfAClientThatIsKilled) {
  const auto watcher = subscriber({"-t", "gone", "-C", "1", "-F", "<%q %p>", "-q", "1"});
  const auto victim =
      subscriber({"-t", "x", "--will-topic", "gone", "--will-payload", "it is", "--will-qos", "1"});
  victim->signal(SIGKILL);
  EXPECT_EQ(victim->exit_status(), 128 + SIGKILL);
  EXPECT_TRUE(watcher->prints("<1 it is>")) << watcher->output();
}

TEST_P(Strangers, PublishNoWillOfAClientThatSaysGoodbye) {
  const auto watcher = subscriber({"-t", "gone", "-C", "1", "-F", "<%p>"});
  const auto victim =
      subscriber({"-t", "x", "-C", "1", "--will-topic", "gone", "--will-payload", "will"});
  publish({"-t", "x", "-m", "end"});
  EXPECT_EQ(victim->exit_status(), 0) << victim->output();
  publish({"-t", "gone", "-m", "not the will"});
  EXPECT_TRUE(watcher->prints("<not the will>")) << watcher->output();
  EXPECT_EQ(watcher->output().find("<will>"), std::string::npos) << watcher->output();
}

TEST_P(Strangers, KeepASessionForAClientThatIsAway) {
  const auto first = start("sub", kept_session({"-i", "keeper", "-t", "k/#", "-q", "2", "-E"}));
  EXPECT_EQ(first->exit_status(), 0) << first->output();
  publish({"-t", "k/0", "-m", "zero", "-q", "0"});  // nothing of QoS 0 is kept by ours
  publish({"-t", "k/1", "-m", "one", "-q", "1"});
  publish({"-t", "k/2", "-m", "two", "-q", "2"});
  const auto again = start(
      "sub", kept_session({"-i", "keeper", "-t", "k/#", "-q", "2", "-C", "2", "-F", "<%q %p>"}));
  EXPECT_EQ(again->exit_status(), 0) << again->output();
  EXPECT_NE(again->output().find("<1 one>"), std::string::npos) << again->output();
  EXPECT_NE(again->output().find("<2 two>"), std::string::npos) << again->output();
}

TEST_P(Strangers, CarryALargePayloadUnchanged) {
  std::string pattern = (std::filesystem::temp_directory_path() / "mq_payload_XXXXXX").string();
  const int descriptor = ::mkstemp(pattern.data());
  ASSERT_GE(descriptor, 0);
  ::close(descriptor);
  std::string payload;
  for (int i = 0; payload.size() < 700'000; ++i) payload += std::to_string(i) + ",";
  std::ofstream(pattern) << payload;
  const auto sub = subscriber({"-t", "large", "-C", "1", "-q", "1", "-F", "<%l %p>"});
  publish({"-t", "large", "-q", "1", "-f", pattern});
  std::filesystem::remove(pattern);
  EXPECT_TRUE(sub->prints("<" + std::to_string(payload.size()) + " " + payload + ">"));
}

// ---- Our programs alone

class OurPrograms : public testing::Test {
 protected:
  static std::unique_ptr<Process> run(Words words, const std::string& input = {}) {
    words.insert(words.begin(), MQ_REAL_PROGRAM);
    return std::make_unique<Process>(std::move(words), input);
  }
};

struct UsageRow {
  Words words;
  int exit_status;
  const char* says;
};

TEST_F(OurPrograms, SayWhatIsWrongAndEndWithTheRightStatus) {
  const std::string port = std::to_string(free_port());
  const std::vector<UsageRow> rows = {
      {{"pub", "-p", port, "-t", "a", "-m", "x"}, 3, "cannot connect to"},
      {{"sub", "-p", port, "-t", "a"}, 3, "cannot connect to"},
      {{"pub", "-h", "host.invalid", "-t", "a", "-m", "x"}, 3, "host.invalid"},
      {{"pub", "-t", "a"}, 2, "nothing to publish"},
      {{"pub", "-m", "x"}, 2, "expected a topic"},
      {{"pub", "-t", "a/#", "-m", "x"}, 2, "no topic name"},
      {{"pub", "-t", "a", "-m", "x", "-n"}, 2, "expected one of"},
      {{"pub", "--topc", "a"}, 2, "did you mean --topic?"},
      {{"pub", "-t", "a", "-m", "x", "-q", "3"}, 2, "not in range"},
      {{"pub", "-t", "a", "-f", "/no/such/file"}, 2, "cannot read /no/such/file"},
      {{"pub", "-t", "a", "-m", "x", "-V", "mqttv4"}, 2, "expected mqttv31"},
      {{"pub", "-t", "a", "-m", "x", "-D", "publish", "content-typ", "x"},
       2,
       "did you mean content-type?"},
      {{"pub", "-t", "a", "-m", "x", "-c"}, 2, "-c needs -i"},
      {{"sub"}, 2, "expected a topic filter"},
      {{"sub", "-t", "a/#/b"}, 2, "no topic filter"},
      {{"sub", "-t", "a", "-F", "%"}, 2, "a single %"},
      {{"sub", "-t", "a", "-L", "http://x"}, 2, "expected mqtt://"},
      {{"broker", "--listen", "127.0.0.1:70000"}, 2, "ADDRESS:PORT or PORT"},
      {{"broker", "--listen", "192.0.2.1:0"}, 3, "cannot listen on 192.0.2.1"},
      {{"pub", "--help"}, 0, "--will-topic"},
      {{"sub", "--help"}, 0, "--retained-only"},
      {{"broker", "--help"}, 0, "--listen"},
  };
  for (const UsageRow& row : rows) {
    std::string all;
    for (const std::string& word : row.words) all += word + " ";
    SCOPED_TRACE(all);
    const auto process = run(row.words);
    EXPECT_EQ(process->exit_status(), row.exit_status) << process->output();
    EXPECT_NE(process->output().find(row.says), std::string::npos) << process->output();
  }
}

TEST_F(OurPrograms, EndWithoutAMessageWhenNoneComes) {
  RealBroker broker(Who::ours);
  const std::string port = std::to_string(broker.port());
  const auto sub = run({"sub", "-p", port, "-t", "a", "-W", "1"});
  EXPECT_EQ(sub->exit_status(), 4) << sub->output();
}

TEST_F(OurPrograms, EndBySignalWithTheNumberThatScriptsExpect) {
  RealBroker broker(Who::ours);
  const std::string port = std::to_string(broker.port());
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto sub = run({"sub", "-p", port, "-t", "a", "-d"});
    ASSERT_TRUE(sub->prints("subscribed"));
    sub->signal(signal);
    EXPECT_EQ(sub->exit_status(), 128 + signal);
  }
}

// v5 3.14.2.1: reason 0x8B.
TEST_F(OurPrograms, SayGoodbyeWhenTheBrokerIsTold) {
  RealBroker broker(Who::ours);
  const std::string port = std::to_string(broker.port());
  const auto sub = run({"sub", "-p", port, "-t", "a", "-V", "5", "-d"});
  ASSERT_TRUE(sub->prints("subscribed"));
  broker.process().signal(SIGTERM);
  EXPECT_EQ(broker.process().exit_status(), 0);
  EXPECT_TRUE(sub->prints("Server shutting down")) << sub->output();
}

TEST_F(OurPrograms, ListenOnSeveralAddressesAndRefuseAPortThatIsTaken) {
  const auto broker = run({"broker", "--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"});
  ASSERT_TRUE(broker->prints("listening on 127.0.0.2:"));
  ASSERT_TRUE(broker->prints("\nmqttlab broker: listening on 127.0.0.2:"));
  const std::string& text = broker->output();
  const std::string port = std::to_string(std::atoi(text.c_str() + text.find("127.0.0.1:") + 10));
  const auto second = run({"broker", "--listen", "127.0.0.1:" + port});
  EXPECT_EQ(second->exit_status(), 3);
  EXPECT_NE(second->output().find("cannot listen on 127.0.0.1:" + port), std::string::npos);
}

TEST_F(OurPrograms, ComeBackWhenTheBrokerIsStartedAgain) {
  const std::string port = std::to_string(free_port());
  const Words broker_words = {"broker", "--listen", "127.0.0.1:" + port};
  auto broker = run(broker_words);
  ASSERT_TRUE(broker->prints("listening")) << broker->output();
  const auto sub = run({"sub", "-p", port, "-t", "a", "-C", "1", "-d"});
  ASSERT_TRUE(sub->prints("subscribed"));
  broker->signal(SIGKILL);
  broker->exit_status();
  broker = run(broker_words);
  ASSERT_TRUE(broker->prints("listening")) << broker->output();
  ASSERT_TRUE(sub->prints("subscribed to", 2)) << sub->output();
  const auto pub = run({"pub", "-p", port, "-t", "a", "-m", "back", "-q", "1"});
  EXPECT_EQ(pub->exit_status(), 0) << pub->output();
  EXPECT_EQ(sub->exit_status(), 0) << sub->output();
  EXPECT_NE(sub->output().find("back\n"), std::string::npos) << sub->output();
}

TEST(OurFlags, MayStandInAFileAsMosquittosDo) {
  RealBroker broker(Who::ours);
  std::string pattern = (std::filesystem::temp_directory_path() / "mq_flags_XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  std::ofstream(pattern + "/mosquitto_sub")
      << "# mine\n-h 127.0.0.1\n-p " << broker.port() << "\n-i from the file\n-v\n";
  const Words ours = {"env", "XDG_CONFIG_HOME=" + pattern, MQ_REAL_PROGRAM, "sub"};
  Words words = ours;
  words.insert(words.end(), {"-t", "x", "-E", "-d"});
  Process by_file(words);
  EXPECT_EQ(by_file.exit_status(), 0) << by_file.output();
  EXPECT_NE(by_file.output().find("as from the file"), std::string::npos) << by_file.output();
  words.insert(words.end(), {"--id", "given"});
  Process given(words);
  EXPECT_EQ(given.exit_status(), 0) << given.output();
  EXPECT_NE(given.output().find("as given"), std::string::npos) << given.output();
  // Filters of both count.
  std::ofstream(pattern + "/mosquitto_sub", std::ios::app) << "-t y\n";
  Process both(words);
  EXPECT_EQ(both.exit_status(), 0) << both.output();
  for (const char* filter : {"subscribed to x", "subscribed to y"})
    EXPECT_NE(both.output().find(filter), std::string::npos) << both.output();
  std::ofstream(pattern + "/mosquitto_sub") << "\n--verbos\n";
  Process wrong(words);
  EXPECT_EQ(wrong.exit_status(), 2);
  EXPECT_NE(
      wrong.output().find("mosquitto_sub:2: \"--verbos\" is not known, did you mean --verbose?"),
      std::string::npos)
      << wrong.output();
  std::filesystem::remove_all(pattern);
}

TEST(OurFlags, RemoveRetainedMessages) {
  RealBroker broker(Who::mosquitto);
  const auto port = std::to_string(broker.port());
  for (const char* topic : {"a", "b", "c/d"})
    EXPECT_EQ(Process(Words{MQ_REAL_PROGRAM, "pub", "-p", port, "-t", topic, "-m", "x", "-r"})
                  .exit_status(),
              0);
  Process removing(Words{MQ_REAL_PROGRAM, "sub", "-p", port, "-t", "a", "-t", "c/#", "-C", "2",
                         "--remove-retained", "-v"});
  EXPECT_EQ(removing.exit_status(), 0) << removing.output();
  Process left(Words{MQ_REAL_PROGRAM, "sub", "-p", port, "-t", "#", "-W", "1", "-v"});
  EXPECT_EQ(left.exit_status(), 0);
  EXPECT_EQ(left.output(), "b x\n");
}

const std::string formats_payload = "{\"x\": [1, 2.50, \"q\\u00fc\"], \"y\":null}";

// Flags for properties of PUBLISH: those that every test of formats has, and more.
Words with_properties(const std::vector<std::pair<std::string, std::string>>& more) {
  Words flags;
  const auto add = [&](const Words& words) {
    flags.insert(flags.end(), {"-D", "publish"});
    flags.insert(flags.end(), words.begin(), words.end());
  };
  add({"content-type", "text"});
  for (const auto& [name, value] : more) add({name, value});
  add({"user-property", "k\"1", "v"});
  add({"user-property", "k2", "v 2"});
  add({"response-topic", "r/t"});
  return flags;
}

void publish_retained(const std::string& port, const std::string& topic, const std::string& payload,
                      const Words& more) {
  Words words = {mosquitto_program("mosquitto_pub"),
                 "-V",
                 "mqttv5",
                 "-p",
                 port,
                 "-r",
                 "-t",
                 topic,
                 "-m",
                 payload};
  words.insert(words.end(), more.begin(), more.end());
  EXPECT_EQ(Process(words).exit_status(), 0);
}

// What both programs print of the same messages from the same broker.
TEST(Formats, AreMosquittosToTheByte) {
  RealBroker broker(Who::mosquitto);
  const auto port = std::to_string(broker.port());
  publish_retained(port, "f/a", "he\"l\\lo\x01\n\xff \xc3\xbc", {"-q", "1"});
  publish_retained(
      port, "f/b", formats_payload,
      with_properties({{"correlation-data", "c\"d"}, {"payload-format-indicator", "1"}}));
  const char* formats[] = {"%t|%p|%l|%m|%q|%r|%x|%X|%%",
                           "%A|%C|%D|%E|%F|%P|%R|%S",
                           "%10t|%-10t|%.2t|%5.2t|%-5.2t|%010t",
                           "%5l|%05l|%-5l|%-05l|%.2l|%5m|%05m",
                           "%10C|%-10C|%.2C|%10R|%.1R|%3F|%03F|%-3F",
                           "%5A|%05A|%-5A|%5S|%05S|%40p|%-40p|%040p",
                           "%5q|%5r|%5P|%5D|%5%",
                           "a\\tb\\nc\\rd\\ae\\ef\\v\\\\g",
                           "%.10I|@Y-@m-@d @@"};
  for (const std::string format : formats)
    for (const char* topic : {"f/a", "f/b"}) {
      Words flags = {"-V", "mqttv5", "-p", port, "-t", topic, "-q", "1", "-C", "1", "-F", format};
      Words theirs = {mosquitto_program("mosquitto_sub")};
      Words ours = {MQ_REAL_PROGRAM, "sub"};
      theirs.insert(theirs.end(), flags.begin(), flags.end());
      ours.insert(ours.end(), flags.begin(), flags.end());
      Process their_process(theirs), our_process(ours);
      EXPECT_EQ(their_process.exit_status(), 0) << their_process.output();
      EXPECT_EQ(our_process.exit_status(), 0) << our_process.output();
      EXPECT_EQ(our_process.output(), their_process.output()) << format;
    }
}

// But for the time of arrival, which begins the line.
TEST(Formats, AreMosquittosAsJson) {
  RealBroker broker(Who::mosquitto);
  const auto port = std::to_string(broker.port());
  Words flags = with_properties({});
  flags.insert(flags.end(), {"-q", "1"});
  publish_retained(port, "j\"", formats_payload, flags);
  for (const char* format : {"%j", "%J"}) {
    std::string printed[2];
    for (const bool is_ours : {false, true}) {
      Words words =
          is_ours ? Words{MQ_REAL_PROGRAM, "sub"} : Words{mosquitto_program("mosquitto_sub")};
      words.insert(words.end(), {"-V", "mqttv5", "-p", port, "-t", "#", "-q", "1", "-C", "1", "-D",
                                 "subscribe", "subscription-identifier", "7", "-F", format});
      Process process(words);
      EXPECT_EQ(process.exit_status(), 0) << process.output();
      const std::string& line = process.output();
      EXPECT_EQ(line.find("Z"), std::string("{\"tst\":\"2026-11-22T21:42:50.111974").size())
          << line;
      printed[is_ours ? 1 : 0] = line.substr(std::min(line.find("Z"), line.size()));
    }
    EXPECT_EQ(printed[1], printed[0]);
  }
}

TEST(Formats, AreMosquittosAsPrettyJson) {
  RealBroker broker(Who::mosquitto);
  const auto port = std::to_string(broker.port());
  publish_retained(port, "p/a", R"({"a":[1,{"b":"x,{\"y"},[]],"c":{},"d":{"e":true}})",
                   with_properties({}));
  publish_retained(port, "p/b", "[]", {});
  for (const char* format : {"%j", "%J"})
    for (const char* topic : {"p/a", "p/b"}) {
      std::string printed[2];
      for (const bool is_ours : {false, true}) {
        Words words =
            is_ours ? Words{MQ_REAL_PROGRAM, "sub"} : Words{mosquitto_program("mosquitto_sub")};
        words.insert(words.end(), {"-V", "mqttv5", "-p", port, "-t", topic, "-C", "1", "-F", format,
                                   "--pretty"});
        Process process(words);
        EXPECT_EQ(process.exit_status(), 0) << process.output();
        const std::string& text = process.output();
        printed[is_ours ? 1 : 0] =
            text.substr(0, text.find("20")) + text.substr(std::min(text.find('Z'), text.size()));
      }
      EXPECT_EQ(printed[1], printed[0]) << format;
    }
}

}  // namespace
}  // namespace mq::client
