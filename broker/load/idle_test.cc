// What a connection costs that says nothing: the growth of the broker's memory, divided.
#include <gtest/gtest.h>

#include <cstdio>

#include "broker/load/testing/crowd.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

#ifdef MQ_MANY_CLIENTS
constexpr std::size_t clients = 10'000;
#else
constexpr std::size_t clients = 1'000;
#endif

constexpr const char* no_limits_per_address =
    "max_connections_per_address 0\nmax_connection_rate 0\n";

struct Cost {
  Through through;
  std::size_t bytes_max;  // of one idle connection
};

class Idle : public ::testing::TestWithParam<Cost> {};
// Of a connection over TLS OpenSSL's own state alone is 14 KB, its SSL object half of that.
INSTANTIATE_TEST_SUITE_P(Transports, Idle,
                         ::testing::Values(Cost{Through::tcp, 5'000},
                                           Cost{Through::websocket, 5'000},
                                           Cost{Through::tls, 22'000}, Cost{Through::wss, 23'000}),
                         [](const auto& one) { return std::string(name_of(one.param.through)); });

TEST_P(Idle, ConnectionsCostLittle) {
  if (!may_open_files(clients + 100))
    GTEST_SKIP() << "this machine allows fewer open files than " << clients + 100;
  TestedBroker broker(no_limits_per_address);
  const std::size_t before = broker.memory();
  Crowd crowd(broker, GetParam().through);
  ASSERT_TRUE(crowd.come(
      clients,
      [](std::size_t index) {
        return Crowd::Errand{connect_packet("sensor-" + std::to_string(index)) +
                                 subscribe_packet("a/" + std::to_string(index), 1),
                             suback_packet(1)};
      },
      120s));
  const std::size_t each = (broker.memory() - before) / clients;
  std::printf("%s: %zu bytes each of %zu idle connections with a subscription\n",
              name_of(GetParam().through), each, clients);
  EXPECT_EQ(crowd.thrown_out(), 0u);
  if (!is_sanitized) {
    EXPECT_LE(each, GetParam().bytes_max);
  }
}

}  // namespace
}  // namespace mq::broker
