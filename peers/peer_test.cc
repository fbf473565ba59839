// Real processes: our own broker, and programs of every system that are none.
#include "peers/peer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "peers/probe.h"

namespace mq::peers {
namespace {

using testing::HasSubstr;
using Kind = PeerError::Kind;

Wishes ours(std::vector<std::string> settings = {}) {
  return {.settings = std::move(settings), .program = MQ_REAL_PROGRAM};
}

Adapter shell(const std::string& script, const std::string& more = {}) {
  return parse_adapter(
      "version: 1\nname: shell\ntitle: a shell\nprogram: sh\ninstall: nothing to do\n"
      "command: [\"${program}\", -c, '" +
          script + "']\nlisteners: [mqtt]\n" + more,
      "shell.yaml");
}

template <class Function>
PeerError fault_of(Function function) {
  try {
    function();
  } catch (const PeerError& error) {
    return error;
  }
  return {Kind::failed, "no fault"};
}

TEST(Peers, AreReadyWhenStartReturnsAndLeaveNothingBehind) {
  std::string folder;
  std::uint16_t port = 0;
  {
    Peer peer(find_adapter("ours"), ours());
    peer.start();
    folder = peer.folder();
    port = peer.port();
    EXPECT_TRUE(peer.is_running());
    EXPECT_EQ(ask_to_come_in(port, std::nullopt, std::chrono::seconds(5)), Answer::welcome);
    EXPECT_TRUE(std::filesystem::exists(folder + "/mqttlab.conf"));
  }
  EXPECT_FALSE(is_listening(port));
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Peers, FindWhatLiesBesideTheirAdapter) {
  const Adapter adapter = parse_adapter(
      "version: 1\nname: shell\ntitle: a shell\nprogram: sh\ninstall: nothing to do\n"
      "command: [\"${program}\"]\nlisteners: [mqtt]\n"
      "files: [{name: x.conf, text: \"include ${folder}/conf.d\"}]\n",
      "/team/tests/broker.yaml");
  const Peer peer(adapter, {});
  std::ifstream file(peer.folder() + "/x.conf");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "include /team/tests/conf.d");
}

TEST(Peers, ComeBackWithTheirDirectoryAndPortsAfterAKill) {
  Peer peer(find_adapter("ours"), ours({"durable"}));
  peer.start();
  const std::uint16_t port = peer.port();
  const pid_t first = peer.pid();
  peer.kill();
  EXPECT_FALSE(peer.is_running());
  EXPECT_FALSE(is_listening(port));
  peer.start();
  EXPECT_EQ(peer.port(), port);
  EXPECT_NE(peer.pid(), first);
  EXPECT_TRUE(peer.stop());
}

TEST(Peers, AreMeasured) {
  Peer peer(find_adapter("ours"), ours());
  peer.start();
  const Usage usage = peer.usage();
  EXPECT_GT(usage.cpu.count(), 0);
  EXPECT_GT(usage.resident_bytes, 1'000'000u);
  EXPECT_EQ(usage.processes, 1);
}

TEST(Peers, AreMeasuredWithTheProcessesThatTheyStart) {
  Wishes wishes{.skips_readiness = true};
  Peer peer(shell("setsid sh -c \"while :; do :; done\" & while :; do :; done"), wishes);
  peer.start();
  // Both of them must have got some time; on a busy machine that comes late.
  const auto both = [&] {
    const Usage usage = peer.usage();
    return usage.processes == 2 && usage.cpu > std::chrono::milliseconds(20);
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!both() && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_TRUE(both());
  peer.kill();
  EXPECT_EQ(peer.usage().processes, 0);
}

TEST(Peers, EndWithTheProcessThatStartedThem) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    const Process started({.command = {"sleep", "1000"}});
    const pid_t pid = started.pid();
    (void)!::write(ends[1], &pid, sizeof pid);
    for (;;) ::pause();
  }
  pid_t pid = 0;
  ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  // It is what it should be only when the program that asks the kernel has become it.
  const std::string name = "/proc/" + std::to_string(pid) + "/comm";
  const auto is_named = [&](const char* wanted) {
    std::string found;
    std::getline(std::ifstream(name), found);
    return found == wanted;
  };
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_named("sleep") && std::chrono::steady_clock::now() < deadline) {
  }
  ASSERT_TRUE(is_named("sleep"));
  ::kill(starter, SIGKILL);
  ::waitpid(starter, nullptr, 0);
  const auto runs = [&] {
    std::string line;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
    return !line.empty() && line.find(") Z ") == std::string::npos;
  };
  while (runs() && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_FALSE(runs());
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(Peers, ThatAreAbsentAreSaidToBe) {
  Adapter adapter = shell("true");
  adapter.programs = {"no-such-broker"};
  adapter.install = "apt-get install it";
  const PeerError fault = fault_of([&] { Peer{adapter}; });
  EXPECT_EQ(fault.kind, Kind::absent);
  EXPECT_THAT(fault.what(), HasSubstr("to install it: apt-get install it"));
}

TEST(Peers, ThatLackAPartAreSaidToBeAbsent) {
  EXPECT_EQ(fault_of([] { Peer{shell("true", "present: [sh, -c, exit 1]\n")}; }).kind,
            Kind::absent);
  Peer present(shell("true", "present: [sh, -c, exit 0]\n"));
}

TEST(Peers, AreNotAskedForWhatTheirAdapterDoesNotHave) {
  const PeerError fault = fault_of([] { Peer(find_adapter("ours"), ours({"durabel"})); });
  EXPECT_EQ(fault.kind, Kind::not_offered);
  EXPECT_THAT(fault.what(), HasSubstr("did you mean durable?"));
}

TEST(Peers, ThatEndAtOnceAreReportedWithWhatTheyPrinted) {
  const PeerError fault = fault_of([] { Peer(shell("echo no such key; exit 3")).start(); });
  EXPECT_EQ(fault.kind, Kind::failed);
  EXPECT_THAT(fault.what(), HasSubstr("status 3"));
  EXPECT_THAT(fault.what(), HasSubstr("no such key"));
}

TEST(Peers, ThatLetNobodyInAreReported) {
  const PeerError fault = fault_of([] { Peer(shell("sleep 60", "ready_within: 50ms\n")).start(); });
  EXPECT_EQ(fault.kind, Kind::failed);
  EXPECT_THAT(fault.what(), HasSubstr("let no client in within 50 ms"));
}

TEST(Peers, ThatDoNotStopAreKilled) {
  Wishes wishes{.skips_readiness = true};
  Peer peer(
      shell("trap : TERM; echo there; while :; do sleep 0.05; done", "stop: { within: 200ms }\n"),
      wishes);
  peer.start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (peer.output_end() != "there\n" && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_FALSE(peer.stop());
  EXPECT_FALSE(peer.is_running());
}

TEST(Peers, LetInOnlyTheUserWhoWasWishedFor) {
  Wishes wishes = ours({"users"});
  wishes.login = {"alice", "secret"};
  Peer peer(find_adapter("ours"), wishes);
  peer.start();
  EXPECT_EQ(ask_to_come_in(peer.port(), Login{"alice", "wrong"}, std::chrono::seconds(5)),
            Answer::refused);
}

}  // namespace
}  // namespace mq::peers
