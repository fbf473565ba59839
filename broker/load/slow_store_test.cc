// A publisher that is faster than the disk, and does not wait for acknowledgements: the memory of
// what waits for the disk is bounded, and every message is acknowledged in the end.
#include <gtest/gtest.h>

#include <cstdio>

#include "broker/load/testing/plain_socket.h"
#include "broker/load/testing/tested_broker.h"

namespace mq::broker {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t messages = 8'000;
constexpr std::size_t payload_bytes = 16 * 1024;
constexpr std::size_t memory_max = 32 * 1024 * 1024;

// Of 3.1.1, retained, at QoS 1: the next one takes its place, and only the disk wants it still.
std::string retained_packet(std::size_t id) {
  const std::size_t size = 3 + 2 + payload_bytes;
  std::string packet(1, '\x33');
  packet += {static_cast<char>(size % 128 | 128), static_cast<char>(size / 128 % 128 | 128),
             static_cast<char>(size / 128 / 128)};
  packet += std::string("\0\1a", 3);
  packet += {static_cast<char>(id >> 8), static_cast<char>(id & 0xFF)};
  return packet + std::string(payload_bytes, 'x');
}

TEST(SlowStore, HoldsPublishersUpInsteadOfFillingTheMemory) {
  TestedBroker broker("max_unstored_bytes 4000000\n", true);
  PlainSocket publisher(broker.port(Through::tcp));
  publisher.send(std::string_view("\x10\x0c\0\4MQTT\4\2\0\x3c\0\0", 14));
  ASSERT_TRUE(publisher.hears_packets(1));
  const std::size_t before = broker.memory();
  broker.forget_peak();
  const auto began = PlainSocket::Clock::now();
  std::size_t acknowledged_bytes = 0;
  for (std::size_t id = 1; id <= messages; ++id) {
    const std::string packet = retained_packet(id);
    ASSERT_EQ(publisher.send(packet, 60s), packet.size()) << "message " << id;
    acknowledged_bytes += publisher.drain();
  }
  const std::size_t left = (messages * 4 - acknowledged_bytes) / 4;
  EXPECT_TRUE(publisher.hears_packets(left, 60s)) << left << " of " << messages << " are missing";
  const std::size_t peak = broker.memory_peak() - before;
  std::printf("%zu messages of %zu bytes in %lld ms cost %.1f MB\n", messages, payload_bytes,
              static_cast<long long>((PlainSocket::Clock::now() - began) / 1ms),
              static_cast<double>(peak) / 1e6);
  if (!is_sanitized) {
    EXPECT_LE(peak, memory_max);
  }
}

}  // namespace
}  // namespace mq::broker
