// A hostile broker on real sockets: `mqttlab sub` and `pub` end with a clear error or connect
// again, in bounded memory and without spinning (security.md, section 1, mirrored; section 4, R5).
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "base/testing/sanitized.h"
#include "client/pubsub/process.h"
#include "protocol/testing/recipe.h"

namespace mq::client {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Words = std::vector<std::string>;
using ::testing::HasSubstr;

const std::string conn_ack("\x20\3\0\0\0", 5);

// The broker's end of one connection.
class Victim {
 public:
  explicit Victim(int fd) : fd_(fd) {}
  ~Victim() {
    if (fd_ >= 0) ::close(fd_);
  }
  Victim(Victim&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Victim& operator=(Victim&&) = delete;

  bool is_there() const { return fd_ >= 0; }
  void hang_up() { ::close(std::exchange(fd_, -1)); }
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // False if it does not take all of it within the time.
  bool takes(std::string_view bytes, std::chrono::milliseconds patience) {
    while (!bytes.empty()) {
      if (!ready(POLLOUT, patience)) return false;
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Until a packet of this kind has come.
  bool hears(unsigned char first_byte) {
    while (ready(POLLIN, 20s)) {
      char buffer[4096];
      const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) return false;
      heard_.append(buffer, static_cast<std::size_t>(count));
      while (heard_.size() >= 2 && heard_.size() >= 2u + static_cast<unsigned char>(heard_[1])) {
        const auto kind = static_cast<unsigned char>(heard_[0]);
        heard_.erase(0, 2u + static_cast<unsigned char>(heard_[1]));
        if (kind == first_byte) return true;
      }
    }
    return false;
  }
  bool leaves() {
    char buffer[4096];
    while (ready(POLLIN, 20s))
      if (::recv(fd_, buffer, sizeof buffer, 0) <= 0) return true;
    return false;
  }

 private:
  bool ready(short what, std::chrono::milliseconds patience) const {
    pollfd waited{fd_, what, 0};
    return ::poll(&waited, 1, static_cast<int>(patience.count())) > 0;
  }

  int fd_;
  std::string heard_;
};

class HostileBroker {
 public:
  HostileBroker() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, 16), 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  ~HostileBroker() { ::close(fd_); }
  HostileBroker(const HostileBroker&) = delete;
  HostileBroker& operator=(const HostileBroker&) = delete;

  Words client(const std::string& verb, const Words& flags) const {
    Words words{MQ_REAL_PROGRAM, verb, "-h", "127.0.0.1", "-p", std::to_string(port_)};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  Victim accept(std::chrono::milliseconds patience = 20s) {
    pollfd waited{fd_, POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(patience.count())) <= 0) return Victim(-1);
    return Victim(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
  }
  // One that has connected and wants to subscribe; nobody if it does neither.
  Victim accept_subscriber() {
    Victim victim = accept();
    if (!victim.is_there() || !victim.hears(0x10)) return Victim(-1);
    victim.say(conn_ack);
    return victim.hears(0x82) ? std::move(victim) : Victim(-1);
  }

 private:
  int fd_;
  int port_ = 0;
};

const Words subscriber_flags{
    "-V", "mqttv5", "-t", "#", "-v", "-M", "4", "-D", "connect", "maximum-packet-size", "1048576"};

constexpr std::size_t memory_max = 64 * 1024 * 1024;

TEST(HostileBrokerOnSockets, EveryRecipeIsToldAndSurvived) {
  const auto recipes =
      hostile::read_recipes(std::string(MQ_SOURCE_DIR) + "/client/core/hostile_recipes.txt", {});
  EXPECT_GT(recipes.size(), 40u);
  HostileBroker broker;
  for (const hostile::Recipe& recipe : recipes) {
    SCOPED_TRACE(recipe.name);
    Process sub(broker.client("sub", subscriber_flags));
    Victim victim = broker.accept_subscriber();
    ASSERT_TRUE(victim.is_there()) << sub.output();
    victim.say(recipe.bytes);
    if (recipe.closes) {
      EXPECT_TRUE(victim.leaves());
      victim.hang_up();
      const bool said_goodbye = recipe.name.starts_with("DISCONNECT, and");
      EXPECT_TRUE(sub.prints(said_goodbye ? "the broker ended the connection: "
                                          : "mqttlab sub: the broker broke the protocol: "))
          << sub.output();
    } else {
      victim.say(std::string("\x30\x8\0\1a\0good", 10));  // it is served as before
      EXPECT_TRUE(sub.prints("a good")) << sub.output();
      victim.hang_up();
    }
    if (!is_sanitized) {
      EXPECT_LT(sub.memory("VmHWM"), memory_max);
    }
    sub.signal(SIGTERM);
    EXPECT_EQ(sub.exit_status(), 143) << sub.output();
  }
}

// Without a limit of its own it takes every message that there may be, but nothing is reserved for
// one that was only announced.
TEST(HostileBrokerOnSockets, AnAnnouncedLengthReservesNothing) {
  HostileBroker broker;
  Process sub(broker.client("sub", {"-V", "mqttv311", "-t", "#", "-d"}));
  Victim victim = broker.accept();
  ASSERT_TRUE(victim.hears(0x10));
  victim.say(std::string("\x20\2\0\0", 4));
  ASSERT_TRUE(victim.hears(0x82));
  victim.say(std::string("\x90\3\0\1\0\x30\xff\xff\xff\x7f\0\1a", 13) + std::string(100'000, 'x'));
  EXPECT_TRUE(sub.prints("subscribed"));
  if (!is_sanitized) {
    EXPECT_LT(sub.memory("VmHWM"), memory_max);
  }
}

// What comes instead of CONNACK. No connection was had before, so the client ends.
TEST(HostileBrokerOnSockets, AnswersToConnectThatAreNoneEndTheClientWithAnError) {
  const struct {
    const char* name;
    std::string bytes;
    const char* tells;
  } answers[] = {
      {"nothing, and closes", "", "without an answer to CONNECT"},
      {"PUBLISH first", std::string("\x30\6\0\1a\0xy", 8), "cannot connect"},
      {"SUBACK first", std::string("\x90\4\0\1\0\0", 6), "cannot connect"},
      {"half a CONNACK", std::string("\x20\3\0", 3), "without an answer to CONNECT"},
      {"256 MB of CONNACK", std::string("\x20\xff\xff\xff\x7f", 5), "cannot connect"},
      {"a length of five bytes", std::string("\x20\xff\xff\xff\xff\1", 6), "cannot connect"},
      {"a reason that is none", std::string("\x20\3\0\x7f\0", 5), "cannot connect"},
      {"a session that cannot be", std::string("\x20\3\1\0\0", 5), "cannot connect"},
      {"a receive maximum of zero", std::string("\x20\6\0\0\3\x21\0\0", 8), "cannot connect"},
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "cannot connect"},
      {"another terminal's escape", "\x1b[31m\x1b]0;owned\a", "cannot connect"},
      {"a refusal", std::string("\x20\3\0\x87\0", 5), "refused the connection: Not authorized"},
  };
  HostileBroker broker;
  for (const auto& answer : answers) {
    SCOPED_TRACE(answer.name);
    Process sub(broker.client("sub", subscriber_flags));
    {
      Victim victim = broker.accept();
      ASSERT_TRUE(victim.hears(0x10));
      victim.say(answer.bytes);
    }
    EXPECT_EQ(sub.exit_status(), 3) << sub.output();
    EXPECT_THAT(sub.output(), HasSubstr(answer.tells));
    EXPECT_EQ(sub.output().find('\x1b'), std::string::npos);
  }
}

// Each time the broker lets it in and then breaks the protocol: the client waits longer each time.
TEST(HostileBrokerOnSockets, ABrokerThatNeverBehavesIsAskedLessAndLess) {
  HostileBroker broker;
  Process sub(broker.client("sub", subscriber_flags));
  const auto until = Clock::now() + 3s;
  int attempts = 0;
  while (true) {
    Victim victim =
        broker.accept(std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()));
    if (!victim.is_there()) break;
    ++attempts;
    EXPECT_TRUE(victim.hears(0x10));
    victim.say(conn_ack + std::string("\x30\x5\0\1#\0x", 7));
    EXPECT_TRUE(victim.leaves());
  }
  // At once, then after at least 0.5, 1 and 2 seconds.
  EXPECT_GE(attempts, 2);
  EXPECT_LE(attempts, 3);
  if (!is_sanitized) {
    EXPECT_LT(sub.processor_seconds(), 0.2);
  }
}

// Messages without end, to somebody whose output nobody reads.
TEST(HostileBrokerOnSockets, AFloodOfMessagesIsReadNoFasterThanItIsPrinted) {
  HostileBroker broker;
  Process sub(broker.client("sub", subscriber_flags));
  Victim victim = broker.accept_subscriber();
  const std::string message = std::string("\x30\x80\x80\x01\0\1a\0", 8) + std::string(16380, 'x');
  std::string many;
  for (int i = 0; i < 16; ++i) many += message;
  std::size_t taken = 0;
  while (victim.takes(many, 300ms) && taken < 300'000'000) taken += many.size();
  EXPECT_LT(taken, 300'000'000u);
  if (!is_sanitized) {
    EXPECT_LT(sub.memory("VmHWM"), memory_max);
  }
}

// A broker that takes nothing, and a publisher with 200 MB of lines to publish.
TEST(HostileBrokerOnSockets, ABrokerThatNeverReadsCostsThePublisherLittle) {
  HostileBroker broker;
  Words words = broker.client("pub", {"-V", "mqttv5", "-t", "a", "-l"});
  std::string command = "exec";
  for (const std::string& word : words) command += " '" + word + "'";
  Process pub({"bash", "-c", command + " < <(yes a-line-of-some-length | head -c 200000000)"});
  Victim victim = broker.accept();
  ASSERT_TRUE(victim.hears(0x10));
  victim.say(conn_ack);
  // Until it stands still: it has used no processor while nobody else came.
  for (double before = -1, now = 0; now > before; now = pub.processor_seconds()) {
    before = now;
    EXPECT_FALSE(broker.accept(300ms).is_there());
  }
  if (!is_sanitized) {
    EXPECT_LT(pub.memory("VmHWM"), memory_max);
  }
}

}  // namespace
}  // namespace mq::client
