#include "broker/store/checksum.h"

#include <array>
#include <cstring>

namespace mq::broker {
namespace {

// tables[k][b]: the byte b, followed by k zero bytes. Eight bytes at a time are eight look-ups that
// do not wait for each other.
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables make_tables() {
  constexpr std::uint64_t polynomial = 0xC96C5795D7870F42;
  Tables tables{};
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
    tables[0][byte] = value;
  }
  for (std::size_t zeros = 1; zeros < 8; ++zeros)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t shorter = tables[zeros - 1][byte];
      tables[zeros][byte] = (shorter >> 8) ^ tables[0][shorter & 0xFF];
    }
  return tables;
}

constexpr Tables tables = make_tables();

}  // namespace

std::uint64_t crc64(std::span<const std::byte> bytes, std::uint64_t seed) {
  std::uint64_t value = ~seed;
  while (bytes.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data(), 8);
    value ^= word;
    std::uint64_t next = 0;
    for (std::size_t at = 0; at < 8; ++at) next ^= tables[7 - at][(value >> (8 * at)) & 0xFF];
    value = next;
    bytes = bytes.subspan(8);
  }
  for (const std::byte byte : bytes)
    value = (value >> 8) ^ tables[0][(value ^ static_cast<std::uint64_t>(byte)) & 0xFF];
  return ~value;
}

std::uint64_t record_checksum(std::uint64_t number, std::span<const std::byte> body) {
  return crc64(body, crc64(std::as_bytes(std::span(&number, 1))));
}

std::uint64_t mixed(std::uint64_t checksum) {
  checksum ^= checksum >> 33;
  checksum *= 0xFF51AFD7ED558CCD;
  checksum ^= checksum >> 33;
  checksum *= 0xC4CEB9FE1A85EC53;
  return checksum ^ (checksum >> 33);
}

}  // namespace mq::broker
