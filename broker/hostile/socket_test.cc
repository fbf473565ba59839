// Hostile bytes on real sockets (security.md, sections 1 and 4): the broker ends the connection
// where it should, and a canary is served before and after within 50 ms.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "broker/server/server.h"
#include "protocol/testing/recipe.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const hostile::Words connects{.c4 = std::string("\x10\x0d\0\4MQTT\4\2\0\0\0\1x", 15),
                              .c5 = std::string("\x10\x0e\0\4MQTT\5\2\0\0\0\0\1x", 16)};

class Socket {
 public:
  explicit Socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool connected() const { return connected_; }
  // As far as the other end takes it.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  // How many bytes of so many came in time.
  std::size_t receive(std::size_t wanted, Clock::duration patience) {
    const auto until = Clock::now() + patience;
    std::size_t got = 0;
    while (got < wanted && wait(until)) got += read();
    return got;
  }
  bool is_closed(Clock::duration patience) {
    const auto until = Clock::now() + patience;
    while (wait(until)) read();
    return ended_;
  }

 private:
  bool wait(Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd ready{fd_, POLLIN, 0};
    return !ended_ && left > 0 && ::poll(&ready, 1, static_cast<int>(left)) > 0;
  }
  std::size_t read() {
    char buffer[4096];
    const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
    ended_ = count <= 0;
    return ended_ ? 0 : static_cast<std::size_t>(count);
  }

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
};

class HostileSockets : public ::testing::Test {
 protected:
  HostileSockets() : server_(context_, options()) {
    const auto names = server_.start();
    port_ = port_in(names.at(0));
    websocket_port_ = port_in(names.at(1));
    loop_ = std::thread([this] { context_.run(); });
    canary_.emplace(port_);
    canary_->send(std::string("\x10\x12\0\4MQTT\4\2\0\0\0\6canary", 20));
    EXPECT_EQ(canary_->receive(4, 5s), 4u);
    canary_->send(std::string("\x82\6\0\1\0\1c\0", 8));
    EXPECT_EQ(canary_->receive(5, 5s), 5u);
  }
  ~HostileSockets() override {
    context_.stop();
    loop_.join();
  }
  static std::uint16_t port_in(const std::string& name) {
    return static_cast<std::uint16_t>(std::stoi(name.substr(name.rfind(':') + 1)));
  }
  static ServerOptions options() {
    ServerOptions options;
    for (int i = 0; i < 2; ++i) {
      options.listeners.emplace_back();
      options.listeners.back().address = {"127.0.0.1", 0};
    }
    options.listeners.back().websocket.emplace();
    options.handshakes_max = handshakes_max;
    options.settings.keeps_records = false;
    return options;
  }
  // A message of its own and its PUBACK, there and back; the best of a few, as the machine may be
  // busy with something else.
  Clock::duration canary() {
    Clock::duration best = 10s;
    for (int i = 0; i < 20 && best > 50ms; ++i) {
      const auto begin = Clock::now();
      canary_->send(std::string("\x32\6\0\1c\0\5x", 8));
      if (canary_->receive(10, 5s) != 10) return 10s;
      best = std::min(best, Clock::now() - begin);
    }
    return best;
  }

  static constexpr std::size_t handshakes_max = 3;

  boost::asio::io_context context_;
  Server server_;
  std::uint16_t port_ = 0;
  std::uint16_t websocket_port_ = 0;
  std::thread loop_;
  std::optional<Socket> canary_;
};

TEST_F(HostileSockets, EveryRecipeHurtsOnlyItsSender) {
  const auto recipes =
      hostile::read_recipes(std::string(MQ_SOURCE_DIR) + "/broker/hostile/recipes.txt", connects);
  EXPECT_GT(recipes.size(), 80u);
  for (const hostile::Recipe& recipe : recipes) {
    SCOPED_TRACE(recipe.name);
    Socket attacker(port_);
    ASSERT_TRUE(attacker.connected());
    attacker.send(recipe.bytes);
    // What stays open is seen by the canary's way through the same loop, not by waiting long.
    EXPECT_EQ(attacker.is_closed(recipe.closes ? Clock::duration(4s) : 20ms), recipe.closes);
    EXPECT_LT(canary(), 50ms);
  }
}

// The same bytes one at a time.
TEST_F(HostileSockets, RecipesInSinglesAreNoBetter) {
  const auto recipes =
      hostile::read_recipes(std::string(MQ_SOURCE_DIR) + "/broker/hostile/recipes.txt", connects);
  for (const hostile::Recipe& recipe : recipes) {
    if (recipe.bytes.size() > 64 || !recipe.closes) continue;
    SCOPED_TRACE(recipe.name);
    Socket attacker(port_);
    for (const char byte : recipe.bytes) attacker.send(std::string_view(&byte, 1));
    EXPECT_TRUE(attacker.is_closed(4s));
  }
  EXPECT_LT(canary(), 50ms);
}

// Who has not said who they are, and what they speak, cost memory: so many at once.
TEST_F(HostileSockets, HandshakesUpToTheLimitAreWaitedForAndOneMoreIsNot) {
  std::vector<std::unique_ptr<Socket>> silent;
  for (std::size_t i = 0; i < handshakes_max; ++i)
    silent.push_back(std::make_unique<Socket>(websocket_port_));
  Socket one_more(websocket_port_);
  EXPECT_TRUE(one_more.is_closed(4s));
  for (auto& each : silent) EXPECT_FALSE(each->is_closed(20ms));
  EXPECT_LT(canary(), 50ms);
}

}  // namespace
}  // namespace mq::broker
