// Cases on real sockets: our own broker as a process, and listeners that are no broker.
#include "conformance/runner/remote.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "conformance/runner/parse.h"
#include "peers/peer.h"
#include "transport/certificate_maker.h"

namespace mq::conformance {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

Target at(std::uint16_t port, const std::string& scheme = "mqtt") {
  return {.address =
              std::get<Address>(address_in(scheme + "://127.0.0.1:" + std::to_string(port)))};
}

RemoteOptions quick() { return {.longest = 2s, .hello_within = 1s, .word = word_of_a_run()}; }

RemoteRun run(const Library& library, const Target& target, const std::string& only = "*",
              PaceLimits pace = {.per_second = 0}) {
  RemoteOptions options = quick();
  options.pace = pace;
  return run_remotely(selected(library, {.only = {only}}), library, target, options);
}

Library library_of(const std::string& cases) {
  Library library = embedded_library();
  library.cases.clear();
  EXPECT_THAT(read_cases({"x.cases", cases}, library.cases), IsEmpty());
  return library;
}

peers::Wishes ours() { return {.program = MQ_REAL_PROGRAM}; }

std::string told(const CaseResult& result) {
  return result.which->id + ": " + name(result.outcome.verdict) + " " + result.outcome.reason +
         (result.outcome.failure ? result.outcome.failure->got : "");
}

// ---- Our own broker

TEST(Remote, OurBrokerOnARealPortIsJudgedAsInVirtualTime) {
  peers::Peer broker(peers::find_adapter("ours"), ours());
  broker.start();
  const Library library = embedded_library();
  const RemoteRun all = run(library, at(broker.port()), "*", PaceLimits{});
  EXPECT_EQ(all.lost, "");
  EXPECT_EQ(all.results.size(), selected(library, {}).size());
  std::size_t played = 0;
  for (const CaseResult& result : all.results) {
    if (result.outcome.verdict == Verdict::not_applicable) continue;
    ++played;
    // As in virtual time; see OurBrokerPassesEveryCase.
    EXPECT_EQ(result.outcome.verdict, Verdict::pass) << told(result);
  }
  EXPECT_GT(played, library.cases.size() / 2);
}

TEST(Remote, WhatTakesTooLongOrNeedsAConfigurationDoesNotApply) {
  peers::Peer broker(peers::find_adapter("ours"), ours());
  broker.start();
  for (const CaseResult& result :
       run(embedded_library(), at(broker.port()), "keep-alive/hour").results) {
    EXPECT_EQ(result.outcome.verdict, Verdict::not_applicable);
    EXPECT_THAT(result.outcome.reason, HasSubstr("it takes 1h 30min, and --longest is 2s"));
  }
  const auto configured =
      run(embedded_library(), at(broker.port()), "server-keep-alive").results.at(0).outcome;
  EXPECT_THAT(configured.reason, HasSubstr("configured with keep_alive_max=20"));
}

TEST(Remote, NothingIsLeftAtTheTarget) {
  peers::Peer broker(peers::find_adapter("ours"), ours());
  broker.start();
  const Library leaving = library_of(
      "case leaves: a session, a retained message and a will\n"
      "asserts: v5/MQTT-3.1.0-1, v3/MQTT-3.1.0-1\n"
      "A connect clean_start=0 session_expiry_interval=3600 client_id=stays will_topic=left/will "
      "will_retain=1 will_payload=x\n"
      "A publish topic=\"left/{{ \\u{e9}\" retain=1 payload=x\nA cut\n");
  EXPECT_THAT(told(run(leaving, at(broker.port()), "v5/*").results.at(0)), HasSubstr("pass"));
  const Library looking = library_of(
      "case looks: for what is left\nasserts: v5/MQTT-3.1.0-1\n"
      "B connect\nB subscribe filter=left/#\nB expect nothing\n"
      "A open\nA send CONNECT client_id=stays clean_start=0\nA expect CONNACK session_present=0\n");
  EXPECT_THAT(told(run(looking, at(broker.port())).results.at(0)), HasSubstr("pass"));
}

// An adapter file like that of our broker, with a limit of its own.
peers::Adapter ours_with(const std::string& flags) {
  const std::string file =
      testing::TempDir() + "/ours_with_" + std::to_string(::getpid()) + ".yaml";
  std::ofstream(file) << "version: 1\nname: limited\ntitle: ours\nprogram: mqttlab\n"
                         "install: none\nrelease: [\"${program}\", --version]\n"
                         "command: [\"${program}\", broker, -p, \"${port.mqtt}\", " +
                             flags + "]\nlisteners: [mqtt]\nready_within: 10s\n";
  peers::Adapter adapter = peers::find_adapter(file);
  std::filesystem::remove(file);
  return adapter;
}

TEST(Remote, ABrokerThatLimitsConnectionsIsAskedMoreSlowlyAndNotAccused) {
  peers::Peer broker(ours_with("--max-connection-rate, \"120\""), ours());
  broker.start();
  const Library library = embedded_library();
  const RemoteRun all = run(library, at(broker.port()), "v5/filter*", PaceLimits{});
  EXPECT_EQ(all.lost, "");
  EXPECT_TRUE(all.was_limited);
  EXPECT_LT(all.connections_per_second, PaceLimits{}.per_second);
  std::size_t passed = 0;
  for (const CaseResult& result : all.results) {
    const Verdict verdict = result.outcome.verdict;
    passed += verdict == Verdict::pass ? 1 : 0;
    EXPECT_TRUE(verdict == Verdict::pass || verdict == Verdict::not_applicable) << told(result);
  }
  EXPECT_GT(passed, 60U);
}

// What the first try left, as its connections were turned away, is not met by the second.
TEST(Remote, WhatALimitCutShortIsPlayedAgainOnTopicsOfItsOwn) {
  peers::Peer broker(ours_with("--max-connection-rate, \"60\""), ours());
  broker.start();
  std::string script =
      "case stays: a message that was under way\nasserts: v5/MQTT-3.1.0-1\n| name |\n";
  for (int i = 0; i < 60; ++i) script += "| " + std::to_string(i) + " |\n";
  const Library library = library_of(
      script +
      "B connect clean_start=0 session_expiry_interval=3600\nB subscribe filter={t}/a qos=1\n"
      "A connect\nA publish topic={t}/a qos=1 payload=x\nB expect PUBLISH dup=0\nB cut\n"
      "C connect client_id={B.client_id} clean_start=0 session_expiry_interval=3600\n"
      "C expect PUBLISH dup=1\n");
  const RemoteRun all = run(library, at(broker.port()), "*", PaceLimits{.per_second = 150});
  EXPECT_EQ(all.lost, "");
  EXPECT_TRUE(all.was_limited);
  const auto passes = [](const CaseResult& one) { return one.outcome.verdict == Verdict::pass; };
  EXPECT_GT(std::count_if(all.results.begin(), all.results.end(), passes), 20);
  for (const CaseResult& result : all.results)
    EXPECT_NE(result.outcome.verdict, Verdict::fail) << told(result);
}

TEST(Remote, TlsAndWebSocketCarryTheSameCases) {
  const std::string folder = testing::TempDir() + "/conform_tls_" + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const std::time_t now = std::time(nullptr);
  transport::CertificateMaker maker("an authority", now - 86400, now + 86400);
  const auto made = maker.make({.common_name = "broker",
                                .dns_names = {},
                                .addresses = {"127.0.0.1"},
                                .valid_from = now - 3600,
                                .valid_until = now + 3600});
  std::ofstream(folder + "/ca.pem") << maker.authority_pem();
  std::ofstream(folder + "/server.pem") << made.certificate_pem;
  std::ofstream(folder + "/server.key") << made.key_pem;
  std::filesystem::permissions(folder + "/server.key", std::filesystem::perms::owner_read);
  peers::Wishes wishes = ours();
  wishes.listeners = {"mqtts", "ws"};
  wishes.certificate = folder + "/server.pem";
  wishes.key = folder + "/server.key";
  peers::Peer broker(peers::find_adapter("ours"), wishes);
  broker.start();
  const Library library = embedded_library();
  for (const std::string scheme : {"mqtts", "ws"}) {
    Target target = at(broker.port(scheme), scheme);
    target.ca_file = folder + "/ca.pem";
    for (const char* name : {"qos2-goes-through", "pubrec-then-cut", "first-packet-is-connect/*"})
      for (const CaseResult& result : run(library, target, name).results)
        EXPECT_EQ(result.outcome.verdict, Verdict::pass) << scheme << " " << told(result);
  }
  for (const CaseResult& result : run(library, at(broker.port("ws"), "ws"), "web-socket-*").results)
    EXPECT_EQ(result.outcome.verdict, Verdict::pass) << told(result);
  Target distrusted = at(broker.port("mqtts"), "mqtts");
  EXPECT_THAT(run(library, distrusted).lost, HasSubstr("certificate"));
  distrusted.ca_file = folder + "/absent.pem";
  EXPECT_THAT(run(library, distrusted).lost, HasSubstr("absent.pem"));
  std::filesystem::remove_all(folder);
}

// ---- No broker

// Listens, and does with each connection what it was told to.
class Listener {
 public:
  using Socket = boost::asio::ip::tcp::socket;

  explicit Listener(std::function<void(Socket&, int number)> serve)
      : acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}),
        thread_([this, serve = std::move(serve)] {
          for (int number = 0;; ++number) {
            boost::system::error_code error;
            Socket socket(context_);
            acceptor_.accept(socket, error);
            if (error || is_over_) return;
            serve(socket, number);
            if (socket.is_open()) kept_.push_back(std::move(socket));
          }
        }) {}
  ~Listener() {
    is_over_ = true;
    boost::system::error_code ignored;
    Socket(context_).connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::vector<Socket> kept_;
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

void expect_all_skipped(const RemoteRun& all) {
  EXPECT_FALSE(all.results.empty());
  for (const CaseResult& result : all.results)
    EXPECT_EQ(result.outcome.verdict, Verdict::skipped) << told(result);
}

TEST(Remote, ADeafListenerIsReportedAndNotAccused) {
  Listener deaf([](auto&, int) {});
  const RemoteRun all = run(embedded_library(), at(deaf.port()));
  EXPECT_THAT(all.lost, AllOf(HasSubstr("mqtt://127.0.0.1:"), HasSubstr("nothing within 1s")));
  expect_all_skipped(all);
}

TEST(Remote, AListenerThatClosesAtOnceIsReportedAndNotAccused) {
  Listener rude([](Listener::Socket& socket, int) { socket.close(); });
  const RemoteRun all = run(embedded_library(), at(rude.port()));
  EXPECT_THAT(all.lost, HasSubstr("followed by the connection is"));
  expect_all_skipped(all);
}

TEST(Remote, AListenerThatAnswersGarbageIsReportedAndNotAccused) {
  Listener web([](Listener::Socket& socket, int) {
    boost::system::error_code ignored;
    boost::asio::write(socket, boost::asio::buffer("HTTP/1.1 400 Bad Request\r\n\r\n", 28),
                       ignored);
  });
  const RemoteRun all = run(embedded_library(), at(web.port()));
  EXPECT_THAT(all.lost, HasSubstr("it is no MQTT broker"));
  expect_all_skipped(all);
}

// v5 3.1.2.2: 0x84 is what a server that speaks 5.0 may say to any other version.
TEST(Remote, ARefusalOfAnUnknownVersionMayHaveTheFormOfTheOtherVersion) {
  Listener refuses([](auto& socket, int) {
    std::array<std::byte, 64> connect{};
    const std::size_t size = socket.read_some(boost::asio::buffer(connect));
    constexpr std::array<std::uint8_t, 4> accepted{0x20, 2, 0, 0};
    constexpr std::array<std::uint8_t, 5> refused{0x20, 3, 0, 0x84, 0};
    const bool is_known = size > 8 && connect[8] == std::byte{4};
    if (is_known)
      boost::asio::write(socket, boost::asio::buffer(accepted));
    else
      boost::asio::write(socket, boost::asio::buffer(refused));
    if (!is_known) socket.close();
  });
  Target target = at(refuses.port());
  target.versions = {Version::v3_1_1};
  const RemoteRun all = run(embedded_library(), target, "v3.1.1/protocol-level-is-answered/*");
  EXPECT_EQ(all.results.size(), 7U);
  for (const CaseResult& result : all.results)
    EXPECT_EQ(result.outcome.verdict, Verdict::pass) << told(result);
}

TEST(Remote, NobodyListens) {
  const RemoteRun all = run(embedded_library(), at(1));
  EXPECT_THAT(all.lost, HasSubstr("refused"));
  expect_all_skipped(all);
}

TEST(Remote, ABrokerThatLetsNobodyInIsReportedWithItsReason) {
  Listener strict([](Listener::Socket& socket, int) {
    static constexpr unsigned char refusal[] = {0x20, 3, 0, 0x87, 0};
    char connect[64];
    boost::system::error_code ignored;
    socket.read_some(boost::asio::buffer(connect), ignored);
    boost::asio::write(socket, boost::asio::buffer(refusal), ignored);
  });
  const RemoteRun all = run(embedded_library(), at(strict.port()), "v5/*");
  EXPECT_THAT(all.lost, AllOf(HasSubstr("0x87"), HasSubstr("target file")));
}

TEST(Remote, ABrokerThatStopsAnsweringIsReportedWithWhatWasPlayed) {
  Listener dying([](Listener::Socket& socket, int number) {
    static constexpr unsigned char v5[] = {0x20, 3, 0, 0, 0};
    static constexpr unsigned char v3[] = {0x20, 2, 0, 0};
    char connect[64] = {};
    boost::system::error_code ignored;
    if (number >= 2) return;
    socket.read_some(boost::asio::buffer(connect), ignored);
    if (connect[8] == 5)
      boost::asio::write(socket, boost::asio::buffer(v5), ignored);
    else
      boost::asio::write(socket, boost::asio::buffer(v3), ignored);
  });
  const RemoteRun all = run(embedded_library(), at(dying.port()));
  EXPECT_THAT(all.lost, AllOf(HasSubstr("stopped answering while these cases were played"),
                              HasSubstr(" v5/"), HasSubstr("more")));
  for (const CaseResult& result : all.results)
    EXPECT_NE(result.outcome.verdict, Verdict::fail) << told(result);
}

TEST(Remote, ABrokerThatDiesIsGoneAndNotOneThatTurnsConnectionsAway) {
  peers::Peer broker(peers::find_adapter("ours"), ours());
  broker.start();
  RemoteOptions options = quick();
  bool is_killed = false;
  options.onlooker.progress = [&](std::size_t) {
    if (!std::exchange(is_killed, true)) broker.kill();
  };
  const Library library = embedded_library();
  const RemoteRun all = run_remotely(selected(library, {}), library, at(broker.port()), options);
  EXPECT_TRUE(is_killed);
  EXPECT_THAT(all.lost, HasSubstr("nobody listens there any more while these cases were played"));
  EXPECT_FALSE(all.was_limited);
  for (const CaseResult& result : all.results)
    EXPECT_NE(result.outcome.verdict, Verdict::fail) << told(result);
}

// ---- URLs

TEST(Address, SaysWhereAndHow) {
  const std::pair<const char*, const char*> urls[] = {
      {"mqtt://localhost", "mqtt://localhost:1883"},
      {"mqtts://10.0.0.1", "mqtts://10.0.0.1:8883"},
      {"ws://a.example:8080", "ws://a.example:8080/mqtt"},
      {"wss://a.example/b/c", "wss://a.example:443/b/c"},
      {"mqtt://[::1]:1884", "mqtt://[::1]:1884"},
  };
  for (const auto& [url, text] : urls)
    EXPECT_EQ(std::get<Address>(address_in(url)).text(), text) << url;
  const std::pair<const char*, const char*> wrong[] = {
      {"mqt://localhost", "did you mean mqtt?"},
      {"mqtt://", "expected a host"},
      {"mqtt://a:0", "expected a port"},
      {"mqtt://a:65536", "expected a port"},
      {"mqtt://a:", "expected a port"},
      {"mqtt://u:p@a", "target file"},
      {"mqtt://a/b", "only ws://"},
      {"mqtt://[::1", "expected a `]`"},
      {"mqtt://[::1]1", "`:PORT`"},
      {"mqtt://a b", "expected a host"},
  };
  for (const auto& [url, why] : wrong)
    EXPECT_THAT(std::get<NoAddress>(address_in(url)).why, HasSubstr(why)) << url;
}

}  // namespace
}  // namespace mq::conformance
