// Flags of pub, sub and rr whose effect is seen on real sockets only.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "client/pubsub/testing/real_broker.h"

namespace mq::client {
namespace {

Words operator+(Words a, const Words& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Words ours(const std::string& verb, int port, const Words& flags) {
  return Words{MQ_REAL_PROGRAM, verb, "-h", "127.0.0.1", "-p", std::to_string(port)} + flags;
}

// The flags that the lines of a help begin with: " -h : ..." or "  -h,--host TEXT".
std::set<std::string> flags_in(const std::string& help) {
  std::set<std::string> flags;
  std::istringstream in(help);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word[0] != '-') continue;
    std::istringstream names(word);
    for (std::string name; std::getline(names, name, ',');) flags.insert(name);
  }
  return flags;
}

TEST(Flags, OfMosquittosClientsAreAllKnown) {
  for (const std::string verb : {"pub", "sub", "rr"}) {
    Process theirs(Words{mosquitto_program("mosquitto_" + verb), "--help"});
    Process mine(Words{MQ_REAL_PROGRAM, verb, "--help"});
    theirs.exit_status();
    EXPECT_EQ(mine.exit_status(), 0);
    auto known = flags_in(mine.output());
    known.insert("-D");  // in the footer
    const auto wanted = flags_in(theirs.output());
    EXPECT_GT(wanted.size(), 30u);
    for (const std::string& flag : wanted) EXPECT_TRUE(known.contains(flag)) << verb << " " << flag;
  }
}

TEST(Flags, ThatCannotBeFollowedAreRefusedWithTheReason) {
  const std::pair<Words, const char*> rows[] = {
      {{"--tls-engine", "x"}, "engines"},
      {{"--tls-engine-kpass-sha1", "x"}, "engines"},
      {{"--keyform", "engine"}, "expected pem"},
      {{"--proxy", "http://x"}, "only SOCKS5"},
      {{"--proxy", "socks5h://:secret@x"}, "user and password"},
      {{"--proxy", "socks5h://x:70000"}, "is no port"},
      {{"--proxy", "socks5h://"}, "host is missing"},
      {{"--proxy", "socks5h://x", "--unix", "/x"}, "exclude each other"},
      {{"-A", "127.0.0.1", "--unix", "/x"}, "exclude each other"},
      {{"--psk", "00"}, "belong together"},
      {{"--psk", "secret", "--psk-identity", "a"}, "hexadecimal"},
      {{"--psk", "00", "--psk-identity", "a", "--cafile", "x"}, "excludes certificates"},
      {{"--auth-method", "SCRAM-SHA-256", "-u", "a", "-P", "secret\x07"}, "SASLprep"},
      {{"-x", "soon"}, "expected seconds"},
      {{"-x", "4294967296"}, "expected seconds"},
  };
  for (const auto& [flags, says] : rows) {
    Process process(ours("pub", 1, Words{"-t", "a", "-m", "x"} + flags));
    EXPECT_EQ(process.exit_status(), 2) << says;
    EXPECT_NE(process.output().find(says), std::string::npos) << process.output();
    EXPECT_EQ(process.output().find("secret"), std::string::npos) << process.output();
  }
  for (const Words& flags :
       {Words{"--random-filter", "0"}, Words{"--random-filter", "101"}, Words{"--pretty"}})
    EXPECT_EQ(Process(ours("sub", 1, Words{"-t", "a"} + flags)).exit_status(), 2) << flags[0];
}

TEST(Flags, ChooseTheAddressToComeFrom) {
  RealBroker broker(Who::ours);
  Process pub(ours("pub", broker.port(), {"-A", "127.0.0.2", "-t", "a", "-m", "x"}));
  EXPECT_EQ(pub.exit_status(), 0) << pub.output();
  EXPECT_TRUE(broker.process().prints("127.0.0.2:")) << broker.process().output();
  for (const char* not_ours : {"192.0.2.1", "::1"}) {
    Process other(ours("pub", broker.port(), {"-A", not_ours, "-t", "a", "-m", "x"}));
    EXPECT_EQ(other.exit_status(), 3);
    EXPECT_NE(other.output().find(std::string("from ") + not_ours), std::string::npos)
        << other.output();
  }
}

TEST(Flags, GoByASocksProxy) {
  RealBroker broker(Who::ours);
  const auto started = [](const Words& login) {
    auto proxy = std::make_unique<Process>(Words{MQ_PYTHON, MQ_SOCKS_PROXY} + login);
    EXPECT_TRUE(proxy->prints("\n")) << proxy->output();
    return std::pair(std::move(proxy), proxy->output().substr(5, proxy->output().find('\n') - 5));
  };
  const auto pub = [&](const std::string& url, const std::string& host, const Words& more) {
    return Words{MQ_REAL_PROGRAM,
                 "pub",
                 "--proxy",
                 url,
                 "-h",
                 host,
                 "-p",
                 std::to_string(broker.port()),
                 "-t",
                 "a",
                 "-m",
                 "x",
                 "-q",
                 "1"} +
           more;
  };
  const auto open = started({});
  const std::string url = "socks5h://127.0.0.1:" + open.second;
  // A name that only the proxy knows.
  Process named(pub(url, "broker.in.the.dark", {}));
  EXPECT_EQ(named.exit_status(), 0) << named.output();
  EXPECT_EQ(Process(pub(url, "127.0.0.1", {"-V", "5"})).exit_status(), 0);
  Process nobody(Words{MQ_REAL_PROGRAM, "pub", "--proxy", url, "-p", std::to_string(free_port()),
                       "-h", "127.0.0.1", "-t", "a", "-n"});
  EXPECT_EQ(nobody.exit_status(), 3);
  EXPECT_NE(nobody.output().find("the SOCKS proxy: the connection was refused"), std::string::npos)
      << nobody.output();
  const auto closed = started({"u@x", "p:w"});
  const std::string at = "@127.0.0.1:" + closed.second;
  EXPECT_EQ(Process(pub("socks5h://u%40x:p%3aw" + at, "127.0.0.1", {})).exit_status(), 0);
  Process wrong(pub("socks5h://u:secret" + at, "127.0.0.1", {}));
  EXPECT_EQ(wrong.exit_status(), 3);
  EXPECT_NE(wrong.output().find("user name or password are refused"), std::string::npos);
  EXPECT_EQ(wrong.output().find("secret"), std::string::npos) << wrong.output();
}

TEST(Flags, PrintAShareOfTheMessages) {
  RealBroker broker(Who::ours);
  Process sub(ours("sub", broker.port(),
                   {"-t", "a", "-d", "-W", "2", "--random-filter", "20", "-F", "<%p>"}));
  ASSERT_TRUE(sub.prints("ubscribed"));
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "m\n";
  EXPECT_EQ(Process(ours("pub", broker.port(), {"-t", "a", "-l", "-q", "1"}), lines).exit_status(),
            0);
  EXPECT_EQ(sub.exit_status(), 0);
  std::size_t printed = 0;
  for (std::size_t at = 0; (at = sub.output().find("<m>", at)) != std::string::npos; at += 3)
    ++printed;
  // 100 are expected; chance stays within eight standard deviations of 9.
  EXPECT_GT(printed, 28u);
  EXPECT_LT(printed, 172u);
}

TEST(Flags, MayBeGivenAgainAndTheLastCounts) {
  RealBroker broker(Who::ours);
  const auto port = std::to_string(broker.port());
  Process sub(ours(
      "sub", 1, {"-p", port, "-t", "a/#", "-q", "0", "-q", "2", "-d", "-C", "1", "-F", "<%t %q>"}));
  ASSERT_TRUE(sub.prints("ubscribed")) << sub.output();
  Process pub(ours("pub", 1, {"-p", port, "-t", "a/1", "-t", "a/2", "-q", "1", "-q", "2", "-n"}));
  EXPECT_EQ(pub.exit_status(), 0) << pub.output();
  EXPECT_EQ(sub.exit_status(), 0);
  EXPECT_NE(sub.output().find("<a/2 2>"), std::string::npos) << sub.output();
  // Messages are not flags: none may be lost by being replaced.
  EXPECT_EQ(Process(ours("pub", 1, {"-t", "a", "-m", "x", "-m", "y"})).exit_status(), 2);
}

TEST(Flags, SayWhichProgramThisIs) {
  for (const char* verb : {"pub", "sub", "rr"}) {
    Process process(Words{MQ_REAL_PROGRAM, verb, "--version"});
    EXPECT_EQ(process.exit_status(), 0);
    EXPECT_EQ(process.output().rfind(std::string("mqttlab ") + verb + " ", 0), 0u)
        << process.output();
  }
}

// Each line as mosquitto_sub prints it; without a format an empty message is no line.
TEST(Flags, PrintEmptyMessagesAsMosquittoDoes) {
  RealBroker broker(Who::ours);
  const auto port = std::to_string(broker.port());
  for (const Words& flags : {Words{}, Words{"-v"}, Words{"-N"}, Words{"-v", "-N"}}) {
    const Words kept[] = {{"-t", "e/1", "-n", "-q", "1"}, {"-t", "e/2", "-m", "x", "-q", "1"}};
    std::string printed[2];
    for (const bool is_ours : {false, true}) {
      const Words session = {"-c", "-i", "s", "-q", "1", "-p", port, "-t", "e/#"};
      const Words program =
          is_ours ? Words{MQ_REAL_PROGRAM, "sub"} : Words{mosquitto_program("mosquitto_sub")};
      EXPECT_EQ(Process(program + session + Words{"-E"}).exit_status(), 0);
      for (const Words& message : kept)
        EXPECT_EQ(Process(ours("pub", broker.port(), message)).exit_status(), 0);
      Process process(program + session + flags + Words{"-C", "2"});
      EXPECT_EQ(process.exit_status(), 0) << process.output();
      printed[is_ours ? 1 : 0] = process.output();
    }
    EXPECT_EQ(printed[1], printed[0]);
  }
}

TEST(Flags, ClearNothingThatIsFilteredOut) {
  RealBroker broker(Who::ours);
  for (const char* topic : {"r/kept", "r/cleared"})
    EXPECT_EQ(Process(ours("pub", broker.port(), {"-t", topic, "-m", "x", "-r", "-q", "1"}))
                  .exit_status(),
              0);
  Process clearing(ours("sub", broker.port(),
                        {"-t", "r/#", "-T", "r/kept", "--remove-retained", "-v", "-C", "2"}));
  EXPECT_EQ(clearing.exit_status(), 0);
  EXPECT_EQ(clearing.output(), "r/cleared x\nr/cleared (null)\n");
  Process left(ours("sub", broker.port(), {"-t", "r/#", "-v", "-C", "1", "-W", "5"}));
  EXPECT_EQ(left.exit_status(), 0);
  EXPECT_EQ(left.output(), "r/kept x\n");
}

class SharedKeys : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "mq_psk_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    std::ofstream(file()) << "sensor:00112233445566778899aabbccddeeff\n";
    ::chmod(file().c_str(), 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string file() const { return folder + "/keys"; }

  static Words with_key(const std::string& identity, const std::string& key) {
    return {"--psk-identity", identity, "--psk", key, "-t", "a", "-q", "1"};
  }

  std::string folder;
  const std::string key = "00112233445566778899aabbccddeeff";
};

TEST_F(SharedKeys, LetOurClientsAndMosquittosIn) {
  RealBroker broker(Who::ours, {"--listen", "mqtts://127.0.0.1:0", "--psk-file", file(),
                                "--psk-hint", "here", "--psk-identity-is-user", "--no-anonymous"});
  Process sub(ours("sub", broker.port(), with_key("sensor", key) + Words{"-d", "-C", "2"}));
  ASSERT_TRUE(sub.prints("ubscribed")) << sub.output() << broker.process().output();
  const Words to_broker = {"-h", "127.0.0.1", "-p", std::to_string(broker.port())};
  Process theirs(Words{mosquitto_program("mosquitto_pub")} + to_broker + with_key("sensor", key) +
                 Words{"-m", "theirs"});
  EXPECT_EQ(theirs.exit_status(), 0) << theirs.output() << broker.process().output();
  for (const char* version : {"tlsv1.2", "tlsv1.3"}) {
    Process mine(ours("pub", broker.port(),
                      with_key("sensor", key) + Words{"-m", "ours", "--tls-version", version}));
    EXPECT_EQ(mine.exit_status(), 0) << mine.output();
  }
  EXPECT_EQ(sub.exit_status(), 0);
  for (const auto& [identity, wrong] : {std::pair("sensor", "0011"), std::pair("other", "0011")}) {
    Process stranger(ours("pub", broker.port(), with_key(identity, wrong) + Words{"-n"}));
    EXPECT_EQ(stranger.exit_status(), 3) << stranger.output();
  }
}

// Keys are read again with the other files.
TEST_F(SharedKeys, AreReadAgainOnSighup) {
  RealBroker broker(Who::ours, {"--listen", "mqtts://127.0.0.1:0", "--psk-file", file()});
  std::ofstream(file()) << "sensor:0123456789abcdef0123456789abcdef\n";
  broker.process().signal(SIGHUP);
  ASSERT_TRUE(broker.process().prints("reloaded")) << broker.process().output();
  EXPECT_EQ(
      Process(ours("pub", broker.port(), with_key("sensor", key) + Words{"-n"})).exit_status(), 3);
  EXPECT_EQ(Process(ours("pub", broker.port(),
                         with_key("sensor", "0123456789abcdef0123456789abcdef") + Words{"-n"}))
                .exit_status(),
            0);
}

TEST_F(SharedKeys, ServeMosquittosBrokerToo) {
  RealBroker broker(Who::mosquitto, {"psk_hint here", "psk_file " + file()});
  Process pub(ours("pub", broker.port(), with_key("sensor", key) + Words{"-m", "x"}));
  EXPECT_EQ(pub.exit_status(), 0) << pub.output() << broker.process().output();
}

}  // namespace
}  // namespace mq::client
