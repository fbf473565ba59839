// The broker as a service, on real sockets: its configuration file, signals, metrics and $SYS.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "client/pubsub/process.h"

namespace mq::broker {
namespace {

using client::Process;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class Service : public testing::Test {
 protected:
  Service() {
    std::string pattern = testing::TempDir() + "mqttlab-service-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Service() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& text) const { std::ofstream(path("broker.conf")) << text; }

  // With the file of write() and further words; waits until it listens.
  void start(const Words& before = {}) {
    Words words = before;
    for (const std::string& word : {std::string(MQ_REAL_PROGRAM), std::string("broker"),
                                    std::string("-c"), path("broker.conf")})
      words.push_back(word);
    broker_ = std::make_unique<Process>(words);
    ASSERT_TRUE(broker_->prints("notice listening address=127.0.0.1:")) << broker_->output();
    ASSERT_TRUE(broker_->prints("\n"));
    port_ = port_behind("listening address=127.0.0.1:");
  }
  int port_behind(const std::string& text) const {
    const auto at = broker_->output().find(text);
    return at == std::string::npos ? 0 : std::atoi(broker_->output().c_str() + at + text.size());
  }
  Words sub(const Words& flags) const {
    Words words = {MQ_REAL_PROGRAM, "sub", "-h", "127.0.0.1", "-p", std::to_string(port_)};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }

  std::string http(int port, const std::string& request) const {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)},
                   error);
    boost::asio::write(socket, boost::asio::buffer(request), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Process> broker_;
  int port_ = 0;
};

TEST_F(Service, SaysGoodbyeTo5ClientsOnSigterm) {
  write("listener 0 127.0.0.1\npid_file " + path("pid") + "\n");
  start();
  EXPECT_TRUE(std::filesystem::exists(path("pid")));
  Process client(sub({"-V", "mqttv5", "-t", "x", "-d"}));
  ASSERT_TRUE(client.prints("subscribed")) << client.output();
  broker_->signal(SIGTERM);
  EXPECT_TRUE(client.prints("Server shutting down")) << client.output();
  EXPECT_EQ(broker_->exit_status(), 0) << broker_->output();
  EXPECT_FALSE(std::filesystem::exists(path("pid")));
}

TEST_F(Service, DoesNotWaitForeverForAClientThatTakesNoGoodbye) {
  write("listener 0 127.0.0.1\nshutdown_timeout 0\n");
  start();
  Process client(sub({"-t", "x", "-d"}));
  ASSERT_TRUE(client.prints("subscribed")) << client.output();
  client.signal(SIGSTOP);
  broker_->signal(SIGTERM);
  EXPECT_EQ(broker_->exit_status(), 0);
  EXPECT_THAT(broker_->output(), HasSubstr("ended_late"));
  client.signal(SIGKILL);
}

TEST_F(Service, GoesOnWhenNobodyReadsItsLog) {
  write("listener 0 127.0.0.1\nlog_type all\n");
  start();
  // More than a pipe holds.
  Words many = {"-d"};
  constexpr int filters = 400;
  for (int i = 0; i < filters; ++i) {
    many.push_back("-t");
    many.push_back(std::string(200, 'x') + std::to_string(i));
  }
  Process first(sub(many));
  ASSERT_TRUE(first.prints("subscribed")) << first.output();
  Process second(sub({"-t", "y", "-d"}));
  EXPECT_TRUE(second.prints("subscribed")) << second.output();
  EXPECT_TRUE(broker_->prints(" subscribe subscribed ", filters + 1));
  broker_->signal(SIGTERM);
  EXPECT_EQ(broker_->exit_status(), 0);
  EXPECT_THAT(broker_->output(), HasSubstr("notice ended\n"));
}

TEST_F(Service, AnswersScrapersAndHealthChecks) {
  write("listener 0 127.0.0.1\nmetrics 127.0.0.1:0\n");
  start();
  ASSERT_TRUE(broker_->prints("metrics address=127.0.0.1:")) << broker_->output();
  ASSERT_TRUE(broker_->prints("\n", 2));
  const int port = port_behind("metrics address=127.0.0.1:");
  EXPECT_THAT(http(port, "GET /metrics HTTP/1.1\r\n\r\n"), HasSubstr("\nmqttlab_broker_links 0\n"));
  EXPECT_THAT(http(port, "GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("\r\n\r\nok\n"));
  EXPECT_THAT(http(port, "GET /readyz HTTP/1.1\r\n\r\n"), HasSubstr("\r\n\r\nready\n"));
  // A head without an end is cut off at its limit.
  EXPECT_EQ(http(port, "GET /" + std::string(9000, 'x')), "");
  EXPECT_THAT(http(port, "GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("200 OK"));
}

TEST_F(Service, PublishesSysTopicsThatWildcardsAtTheTopDoNotGet) {
  write("listener 0 127.0.0.1\nsys_interval 1\n");
  start();
  Process uptime(sub({"-t", "$SYS/broker/uptime", "-C", "2", "-v"}));
  EXPECT_EQ(uptime.exit_status(), 0);
  EXPECT_THAT(uptime.output(), HasSubstr("$SYS/broker/uptime "));
  Process all(sub({"-t", "#", "-W", "1", "-v"}));
  EXPECT_EQ(all.exit_status(), 4) << all.output();
}

TEST_F(Service, ReadsItsFileAgainOnSighup) {
  write("listener 0 127.0.0.1\nlog_dest stderr\n");
  start();
  write("listener 0 127.0.0.1\nlog_format json\nmax_queued_messages 5\npid_file x\n");
  broker_->signal(SIGHUP);
  EXPECT_TRUE(broker_->prints(R"("event":"needs_restart","key":"pid_file")")) << broker_->output();
  EXPECT_TRUE(broker_->prints(R"("event":"reloaded")"));
  write("listener x\n");
  broker_->signal(SIGHUP);
  EXPECT_TRUE(broker_->prints("broker.conf:1:10: error: listener: expected a port"));
  EXPECT_TRUE(broker_->prints(R"("event":"not_reloaded")"));
  Process client(sub({"-t", "x", "-E"}));
  EXPECT_EQ(client.exit_status(), 0);  // it still serves
}

TEST_F(Service, LetsInWhomTheChangedFilesLetIn) {
  write("listener 0 127.0.0.1\nallow_anonymous true\n");
  start();
  Process before(sub({"-t", "x", "-E"}));
  EXPECT_EQ(before.exit_status(), 0) << before.output();
  write("listener 0 127.0.0.1\nallow_anonymous false\n");
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("notice reloaded"));
  Process after(sub({"-t", "x", "-E"}));
  EXPECT_EQ(after.exit_status(), 3) << after.output();
  write("listener 0 127.0.0.1\npassword_file " + path("none") + "\n");
  broker_->signal(SIGHUP);
  EXPECT_TRUE(broker_->prints("not_reloaded")) << broker_->output();
  EXPECT_TRUE(broker_->prints("none")) << broker_->output();
}

TEST_F(Service, OpensItsLogFileAnewOnSighup) {
  write("listener 0 127.0.0.1\nlog_dest stderr\nlog_dest file " + path("log") + "\n");
  start();
  std::filesystem::rename(path("log"), path("log.1"));
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("reloaded"));
  // stderr is written before the file.
  broker_->signal(SIGTERM);
  EXPECT_EQ(broker_->exit_status(), 0);
  std::string text;
  std::ifstream in(path("log"));
  std::getline(in, text);
  EXPECT_THAT(text, HasSubstr("notice reloaded"));
}

TEST_F(Service, LogsWhoComesButNeverASecret) {
  write("listener 0 127.0.0.1\nlog_type all\n");
  start();
  Process client(sub({"-i", "so called \x1b[2J", "-u", "someone", "-P", "hunter2", "-t", "x", "-E",
                      "--will-topic", "w", "--will-payload", "lastwords"}));
  EXPECT_EQ(client.exit_status(), 0) << client.output();
  ASSERT_TRUE(broker_->prints("disconnected"));
  EXPECT_THAT(broker_->output(), HasSubstr(R"(client="so called \u001b[2J")"));
  EXPECT_THAT(broker_->output(), HasSubstr(" connected "));
  EXPECT_THAT(broker_->output(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(broker_->output(), Not(HasSubstr("lastwords")));
}

TEST_F(Service, TellsSystemdWhenItIsReadyAndWhenItStops) {
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = path("notify");
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto heard = [&] {
    char text[512];
    const ssize_t size = ::recv(socket, text, sizeof text, 0);
    return std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  write("listener 0 127.0.0.1\n");
  start({"env", "NOTIFY_SOCKET=" + name});
  EXPECT_THAT(heard(), HasSubstr("READY=1\nSTATUS=listening on 127.0.0.1:"));
  broker_->signal(SIGHUP);
  EXPECT_THAT(heard(), HasSubstr("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(heard(), "READY=1");
  broker_->signal(SIGTERM);
  EXPECT_EQ(heard(), "STOPPING=1");
  ::close(socket);
}

TEST_F(Service, DoesNotStartWithAFileThatIsWrong) {
  write("listener 0 127.0.0.1\n\npsk_file x\n");
  Process broken({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf")});
  EXPECT_EQ(broken.exit_status(), 2);
  EXPECT_THAT(broken.output(), HasSubstr("broker.conf:3:1: error: psk_file: "));
  write("listener 0 127.0.0.1\nmetrics localhost:x\n");
  Process nowhere({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf")});
  EXPECT_EQ(nowhere.exit_status(), 2) << nowhere.output();
  EXPECT_THAT(nowhere.output(), HasSubstr("metrics: expected ADDRESS:PORT or PORT"));
  write("listener 0 127.0.0.1\nlistner 1\n");
  Process tested({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf"), "--test-config"});
  EXPECT_EQ(tested.exit_status(), 0);
  EXPECT_THAT(tested.output(), HasSubstr("did you mean listener?"));
  EXPECT_THAT(tested.output(), HasSubstr("the configuration is sound"));
}

TEST_F(Service, TestsTheFilesThatTheConfigurationNames) {
  std::ofstream(path("rules")) << "user ann\ntopik read x\n";
  std::ofstream(path("cert")) << "no certificate\n";
  write("password_file " + path("none") + "\nacl_file " + path("rules") +
        "\nlistener 0 127.0.0.1\ncertfile " + path("cert") + "\nkeyfile " + path("cert") + "\n");
  Process tested({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf"), "--test-config"});
  EXPECT_EQ(tested.exit_status(), 2);
  EXPECT_THAT(tested.output(), HasSubstr(path("none") + ": No such file"));
  EXPECT_THAT(tested.output(), HasSubstr(path("rules") + ":2:1: expected user, topic"));
  EXPECT_THAT(tested.output(), HasSubstr(path("cert") + ": "));
  EXPECT_THAT(tested.output(), Not(HasSubstr("sound")));
}

TEST_F(Service, ListenersHaveUsersRulesAndTopicsOfTheirOwn) {
  Process passwd({MQ_REAL_PROGRAM, "passwd", "-c", "-b", path("users"), "ann", "secret"});
  ASSERT_EQ(passwd.exit_status(), 0) << passwd.output();
  std::ofstream(path("rules")) << "user ann\ntopic read site/#\n";
  write(
      "per_listener_settings true\nlog_type all\nlistener 0 127.0.0.1\nallow_anonymous true\n"
      "mount_point site/\nlistener 0 127.0.0.2\npassword_file " +
      path("users") + "\nacl_file " + path("rules") + "\n");
  start();
  ASSERT_TRUE(broker_->prints("address=127.0.0.2:"));
  ASSERT_TRUE(broker_->prints("\n", 2));
  const int closed = port_behind("listening address=127.0.0.2:");
  const auto at_closed = [&](const Words& flags) {
    Words words = {MQ_REAL_PROGRAM, "sub", "-h", "127.0.0.2", "-p", std::to_string(closed)};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  };
  EXPECT_EQ(Process(at_closed({"-t", "site/a", "-E"})).exit_status(), 3);
  EXPECT_EQ(Process(at_closed({"-t", "x", "-E", "-u", "ann", "-P", "secret"})).exit_status(), 1);
  Process ann(at_closed({"-t", "#", "-v", "-C", "1", "-d", "-u", "ann", "-P", "secret"}));
  ASSERT_TRUE(ann.prints("ubscribed")) << ann.output();
  Process pub({MQ_REAL_PROGRAM, "pub", "-h", "127.0.0.1", "-p", std::to_string(port_), "-t", "a",
               "-m", "x"});
  EXPECT_EQ(pub.exit_status(), 0) << pub.output();
  EXPECT_EQ(ann.exit_status(), 0);
  EXPECT_THAT(ann.output(), HasSubstr("site/a x\n"));
}

// Each listener has a file of users, in all of which there is an ann, and a file of rules.
class ServiceOfListeners : public Service {
 protected:
  void write_listeners() {
    std::string text = "per_listener_settings true\nlog_type all\npersistence true\n";
    text += "persistence_location " + folder_.string() + "\n";
    for (const std::string& of : {std::string("127.0.0.1"), std::string("127.0.0.2")}) {
      set_password(of, of);
      std::ofstream(path("rules-" + of)) << "user ann\ntopic " << of << "/#\n";
      text += "listener 0 " + of + "\npassword_file " + path("users-" + of) + "\nacl_file " +
              path("rules-" + of) + "\n";
    }
    write(text);
  }
  void set_password(const std::string& of, const std::string& password) {
    Process passwd({MQ_REAL_PROGRAM, "passwd", "-c", "-b", path("users-" + of), "ann", password});
    ASSERT_EQ(passwd.exit_status(), 0) << passwd.output();
  }
  void start_both() {
    start();
    ASSERT_TRUE(broker_->prints("listening address=127.0.0.2:"));
    ASSERT_TRUE(broker_->prints("\n", 2));
  }
  Words as_ann(const std::string& verb, const std::string& of, const std::string& password,
               const Words& flags) const {
    Words words = {MQ_REAL_PROGRAM,
                   verb,
                   "-h",
                   of,
                   "-p",
                   std::to_string(port_behind("listening address=" + of + ":")),
                   "-u",
                   "ann",
                   "-P",
                   password};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  std::optional<int> done(const std::string& verb, const std::string& of,
                          const std::string& password, const Words& flags) const {
    return Process(as_ann(verb, of, password, flags)).exit_status();
  }
  const std::string a = "127.0.0.1";
  const std::string b = "127.0.0.2";
};

TEST_F(ServiceOfListeners, GoByFilesOfTheirOwn) {
  write_listeners();
  start_both();
  EXPECT_EQ(done("sub", a, b, {"-t", a + "/x", "-E"}), 3);  // the password of the other one
  EXPECT_EQ(done("sub", b, a, {"-t", b + "/x", "-E"}), 3);
  EXPECT_EQ(done("sub", a, a, {"-t", b + "/x", "-E"}), 1);  // the topic of the other one
  EXPECT_EQ(done("sub", b, b, {"-t", b + "/x", "-E"}), 0);
  EXPECT_EQ(done("sub", a, a, {"-i", "s", "-c", "-q", "1", "-t", a + "/x", "-E"}), 0);
  EXPECT_EQ(done("sub", b, b, {"-i", "s", "-c", "-q", "1", "-t", b + "/x", "-E"}), 3);
  EXPECT_EQ(done("pub", a, a, {"-t", a + "/x", "-q", "1", "-m", "kept"}), 0);
  broker_->signal(SIGTERM);
  EXPECT_EQ(broker_->exit_status(), 0);
  start_both();
  EXPECT_EQ(done("sub", b, b, {"-i", "s", "-c", "-t", b + "/x", "-E"}), 3);
  Process back(as_ann("sub", a, a, {"-i", "s", "-c", "-q", "1", "-t", a + "/x", "-C", "1"}));
  EXPECT_EQ(back.exit_status(), 0);
  EXPECT_THAT(back.output(), HasSubstr("kept"));
  EXPECT_THAT(broker_->output(), Not(HasSubstr("nobody gets")));
}

TEST_F(ServiceOfListeners, SayWhoseSessionsNobodyGetsWhenAFileWasMoved) {
  write_listeners();
  start_both();
  EXPECT_EQ(done("sub", a, a, {"-i", "s", "-c", "-q", "1", "-t", a + "/x", "-E"}), 0);
  broker_->signal(SIGTERM);
  EXPECT_EQ(broker_->exit_status(), 0);
  std::filesystem::rename(path("users-" + a), path("moved"));
  std::string text = "per_listener_settings true\npersistence true\n";
  text += "persistence_location " + folder_.string() + "\nlistener 0 127.0.0.1\npassword_file ";
  write(text + path("moved") + "\n");
  start();
  EXPECT_THAT(broker_->output(),
              HasSubstr("users of " + path("users-" + a) +
                        ": no listener has these; sessions that nobody gets: 1"));
  EXPECT_EQ(done("sub", a, a, {"-i", "s", "-c", "-t", a + "/x", "-E"}), 3);
  broker_->signal(SIGTERM);
  EXPECT_EQ(broker_->exit_status(), 0);
  std::filesystem::create_symlink(path("moved"), path("users-" + a));
  write(text + path("users-" + a) + "\n");
  start();
  EXPECT_THAT(broker_->output(), Not(HasSubstr("nobody gets")));
  EXPECT_EQ(done("sub", a, a, {"-i", "s", "-c", "-t", a + "/x", "-E"}), 0);
}

TEST_F(ServiceOfListeners, ReadEachFileAgainAndAllOrNothing) {
  write_listeners();
  start_both();
  Process inside(as_ann("sub", a, a, {"-t", a + "/#", "-d", "-V", "5"}));
  Process outside(as_ann("sub", b, b, {"-t", b + "/#", "-d", "-V", "5"}));
  ASSERT_TRUE(inside.prints("ubscribed") && outside.prints("ubscribed"));
  set_password(b, "new");
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("notice reloaded")) << broker_->output();
  EXPECT_TRUE(outside.prints("Not authorized")) << outside.output();
  EXPECT_EQ(done("pub", a, a, {"-t", a + "/x", "-m", "still here"}), 0);
  EXPECT_TRUE(inside.prints("still here"));
  set_password(a, "newer");
  std::ofstream(path("rules-" + b)) << "nonsense\n";
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("not_reloaded")) << broker_->output();
  EXPECT_THAT(broker_->output(), HasSubstr(path("rules-" + b) + ":1:1"));
  EXPECT_EQ(done("sub", a, a, {"-t", a + "/x", "-E"}), 0);
}

// Without it the files would be nobody's, and everybody would be let in until the restart.
TEST_F(ServiceOfListeners, KeepTheirFilesWhenPerListenerSettingsAreSwitched) {
  write_listeners();
  start_both();
  write("listener 0 127.0.0.1\n");
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("notice reloaded")) << broker_->output();
  EXPECT_TRUE(broker_->prints("needs_restart key=per_listener_settings"));
  EXPECT_EQ(done("sub", a, "wrong", {"-t", a + "/x", "-E"}), 3);
  EXPECT_EQ(done("sub", a, a, {"-t", b + "/x", "-E"}), 1);
  write("password_file " + path("users-" + a) + "\nacl_file " + path("rules-" + a) +
        "\nlog_type all\nlistener 0 127.0.0.1\n");
  start();
  write("per_listener_settings true\nlistener 0 127.0.0.1\n");
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("notice reloaded")) << broker_->output();
  EXPECT_EQ(done("sub", a, "wrong", {"-t", a + "/x", "-E"}), 3);
  EXPECT_EQ(done("sub", a, a, {"-t", b + "/x", "-E"}), 1);
}

TEST_F(ServiceOfListeners, AreNotReplacedByFlagsThatDoNotSayWhoseFilesCount) {
  write_listeners();
  const Words flags = {MQ_REAL_PROGRAM, "broker",   "-c",         path("broker.conf"),
                       "--test-config", "--listen", "127.0.0.3:0"};
  Process silent(flags);
  EXPECT_EQ(silent.exit_status(), 2);
  EXPECT_THAT(silent.output(), HasSubstr("--password-file has to say which one counts"));
  EXPECT_THAT(silent.output(), HasSubstr("--acl-file has to say which one counts"));
  Words full = flags;
  for (const std::string& word : {std::string("--password-file"), path("users-" + a),
                                  std::string("--acl-file"), path("rules-" + a)})
    full.push_back(word);
  EXPECT_EQ(Process(full).exit_status(), 0);
  std::ofstream(path("rules-" + b)) << "nonsense\n";
  Process tested({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf"), "--test-config"});
  EXPECT_EQ(tested.exit_status(), 2);
  EXPECT_THAT(tested.output(), HasSubstr(path("rules-" + b) + ":1:1"));
}

TEST_F(Service, LogsOnTopicsIfAsked) {
  write("listener 0 127.0.0.1\nlog_dest stderr\nlog_dest topic\nlog_type all\n");
  start();
  Process reader(sub({"-t", "$SYS/broker/log/#", "-v", "-d"}));
  ASSERT_TRUE(reader.prints("subscribed")) << reader.output();
  Process other(sub({"-t", "other", "-i", "somebody", "-E"}));
  EXPECT_TRUE(reader.prints("client=somebody")) << reader.output();
  EXPECT_TRUE(reader.prints("$SYS/broker/log/M/subscribe ")) << reader.output();
  EXPECT_THAT(reader.output(), HasSubstr("$SYS/broker/log/N "));
}

TEST_F(Service, TakesConnectionsOfOneInterface) {
  write("listener 0 127.0.0.1\nbind_interface lo\n");
  start();
  EXPECT_EQ(Process(sub({"-t", "x", "-E"})).exit_status(), 0);
  write("listener 0 127.0.0.1\nbind_interface none0\n");
  Process refused({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf")});
  EXPECT_EQ(refused.exit_status(), 3);
  EXPECT_THAT(refused.output(), HasSubstr("127.0.0.1:0 of interface none0: No such device\n"));
}

TEST_F(Service, LogsWhyAClientIsGone) {
  write("listener 0 127.0.0.1\nlog_type all\n");
  start();
  const auto connect = [this](boost::asio::ip::tcp::socket& socket) {
    socket.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port_)});
    // CONNECT of 3.1.1, Clean Session, the client id "c"
    const std::string hello(
        "\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01"
        "c",
        15);
    boost::asio::write(socket, boost::asio::buffer(hello));
    std::array<char, 4> answer{};
    boost::asio::read(socket, boost::asio::buffer(answer));
  };
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket closed(context);
  connect(closed);
  closed.close();
  EXPECT_TRUE(broker_->prints("client=c because=\"closed without DISCONNECT\"\n"))
      << broker_->output();
  boost::asio::ip::tcp::socket reset(context);
  connect(reset);
  reset.set_option(boost::asio::socket_base::linger(true, 0));
  reset.close();
  EXPECT_TRUE(broker_->prints("client=c because=\"Connection reset by peer\"\n"))
      << broker_->output();
  boost::asio::ip::tcp::socket faulty(context);
  connect(faulty);
  boost::asio::write(faulty, boost::asio::buffer("\xf0\x00", 2));  // AUTH, which 3.1.1 has not
  EXPECT_TRUE(broker_->prints("disconnected link=3 client=c reason=")) << broker_->output();
  EXPECT_TRUE(broker_->prints("\n"));
  EXPECT_THAT(broker_->output(), Not(HasSubstr("Unspecified")));
}

TEST_F(Service, LogsSubscriptionsIfAsked) {
  write("listener 0 127.0.0.1\nlog_type notice\n");
  start();
  EXPECT_EQ(Process(sub({"-i", "a", "-t", "quiet", "-E"})).exit_status(), 0);
  write("listener 0 127.0.0.1\nlog_type notice\nlog_type subscribe\nlog_type unsubscribe\n");
  broker_->signal(SIGHUP);
  ASSERT_TRUE(broker_->prints("reloaded"));
  EXPECT_EQ(Process(sub({"-i", "a", "-t", "b/+", "-q", "1", "-U", "c", "-E"})).exit_status(), 0);
  EXPECT_TRUE(broker_->prints("unsubscribe unsubscribed")) << broker_->output();
  EXPECT_TRUE(broker_->prints("subscribe subscribed")) << broker_->output();
  ASSERT_TRUE(broker_->prints("disconnected", 2)) << broker_->output();
  EXPECT_THAT(broker_->output(), HasSubstr("client=a filter=b/+ granted="));
  EXPECT_THAT(broker_->output(), Not(HasSubstr("quiet")));
}

// v5 4.11
TEST_F(Service, SendsClientsElsewhereAndTheyTellWhere) {
  write("listener 0 127.0.0.1\nserver_reference other.test:1883\n");
  start();
  Process client(sub({"-V", "5", "-t", "a", "-d"}));
  ASSERT_TRUE(client.prints("ubscribed")) << client.output();
  broker_->signal(SIGTERM);
  EXPECT_TRUE(client.prints("Use another server; it says to use other.test:1883"))
      << client.output();
  EXPECT_EQ(broker_->exit_status(), 0);
  write("listener 0 127.0.0.1\nserver_reference other.test:1883\nserver_moved true\n");
  start();
  Process refused(sub({"-V", "5", "-t", "a"}));
  EXPECT_EQ(refused.exit_status(), 3);
  EXPECT_THAT(refused.output(), HasSubstr("it says to use other.test:1883"));
}

TEST_F(Service, TwoDoNotShareAPidFile) {
  write("listener 0 127.0.0.1\npid_file " + path("pid") + "\n");
  start();
  Process second({MQ_REAL_PROGRAM, "broker", "-c", path("broker.conf")});
  EXPECT_EQ(second.exit_status(), 3);
  EXPECT_THAT(second.output(), HasSubstr("another process holds the pid file"));
}

}  // namespace
}  // namespace mq::broker
