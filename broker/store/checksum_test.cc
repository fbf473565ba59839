#include "broker/store/checksum.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace mq::broker {
namespace {

std::uint64_t of(std::string_view text) { return crc64(std::as_bytes(std::span(text))); }

// The check value that the published parameters of CRC-64/XZ give.
TEST(Checksum, IsTheOneThatOthersKnow) { EXPECT_EQ(of("123456789"), 0x995DC9BBDF1939FAu); }

TEST(Checksum, ContinuesWhereItStopped) {
  const std::string_view text = "a text that is longer than sixteen bytes";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc64(std::as_bytes(std::span(text.substr(cut))), of(text.substr(0, cut))), of(text));
}

TEST(Checksum, FindsEveryFlippedBitAndEveryZeroedPiece) {
  std::vector<std::byte> body(300);
  for (std::size_t at = 0; at < body.size(); ++at) body[at] = std::byte(at * 7 + 1);
  const auto right = record_checksum(5, body);
  EXPECT_NE(record_checksum(6, body), right);
  for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
    auto damaged = body;
    damaged[bit / 8] ^= std::byte(1 << bit % 8);
    EXPECT_NE(record_checksum(5, damaged), right);
  }
  for (std::size_t from = 0; from < body.size(); ++from) {
    auto damaged = body;
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(from), damaged.end(), std::byte{0});
    EXPECT_NE(record_checksum(5, damaged), right);
  }
}

}  // namespace
}  // namespace mq::broker
