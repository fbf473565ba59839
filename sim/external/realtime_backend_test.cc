#include "sim/external/realtime_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace mq::sim {
namespace {

using namespace std::chrono_literals;

// A listener of this machine, and one connection that it has taken.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(fd_, 8);
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  ~Listener() {
    ::close(fd_);
    ::close(peer);
  }
  void accept() { peer = ::accept(fd_, nullptr, nullptr); }
  std::string read() const {
    std::array<char, 64> bytes;
    const ssize_t count = ::recv(peer, bytes.data(), bytes.size(), 0);
    return count < 0 ? "error" : std::string(bytes.data(), static_cast<std::size_t>(count));
  }

  std::uint16_t port = 0;
  int peer = -1;

 private:
  int fd_;
};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class Gateway : public ::testing::Test {
 protected:
  Gateway() {
    EXPECT_EQ(backend.why_unreachable(), "");
    backend.start(Instant{});
    listener.accept();
    ::close(listener.peer);
  }
  // Steps until something is ready, or a second of real time is over.
  std::vector<BrokerBackend::Ready> next() {
    for (int i = 0; i < 1000; ++i) {
      backend.step(Instant{});
      auto ready = backend.ready();
      if (!ready.empty()) return ready;
      std::this_thread::sleep_for(1ms);
    }
    return {};
  }

  Listener listener;
  RealtimeBackend backend{"127.0.0.1", listener.port};
};

TEST_F(Gateway, RelaysBothWays) {
  const BackendLink link = backend.open("10.0.0.1:4000");
  listener.accept();
  backend.write(link, bytes_of("hello"));
  backend.step(Instant{});
  EXPECT_EQ(listener.read(), "hello");
  ::send(listener.peer, "there", 5, 0);
  const auto ready = next();
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_TRUE(ready[0].readable);
  std::array<std::byte, 16> bytes;
  EXPECT_EQ(backend.read(link, bytes), 5U);
}

TEST_F(Gateway, PassesTheEndOn) {
  const BackendLink link = backend.open("10.0.0.1:4000");
  listener.accept();
  backend.write(link, bytes_of("last"));
  backend.half_close(link);
  backend.step(Instant{});
  EXPECT_EQ(listener.read(), "last");
  EXPECT_EQ(listener.read(), "");
  ::close(std::exchange(listener.peer, -1));
  const auto ready = next();
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_TRUE(ready[0].closed);
  EXPECT_FALSE(ready[0].was_reset);
}

TEST_F(Gateway, PassesAResetOn) {
  const BackendLink link = backend.open("10.0.0.1:4000");
  listener.accept();
  backend.step(Instant{});
  backend.reset(link);
  EXPECT_EQ(listener.read(), "error");
}

TEST(GatewayToNobody, SaysSo) {
  std::uint16_t port = 0;
  {
    const Listener gone;
    port = gone.port;
  }
  RealtimeBackend backend("127.0.0.1", port);
  EXPECT_THAT(backend.why_unreachable(), ::testing::HasSubstr("Connection refused"));
  RealtimeBackend nowhere("host.invalid", 1883);
  EXPECT_THAT(nowhere.why_unreachable(), ::testing::HasSubstr("host.invalid"));
}

TEST(Pace, HoldsToTheWallClock) {
  RealtimePace pace;
  const auto began = std::chrono::steady_clock::now();
  for (int ms = 1; ms <= 50; ++ms) ASSERT_TRUE(pace.hold(Instant{} + ms * 1ms));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 50ms);
  EXPECT_THAT(pace.slip(), ::testing::HasSubstr("longest"));
}

TEST(Pace, FailsHardWhenTheSimulationIsTooSlow) {
  RealtimePace pace;
  ASSERT_TRUE(pace.hold(Instant{} + 1ms));
  const auto until = std::chrono::steady_clock::now() + RealtimePace::limit + 20ms;
  while (std::chrono::steady_clock::now() < until) {
  }
  EXPECT_FALSE(pace.hold(Instant{} + 2ms));
  EXPECT_THAT(pace.trouble(), ::testing::HasSubstr("cannot keep up"));
}

}  // namespace
}  // namespace mq::sim
