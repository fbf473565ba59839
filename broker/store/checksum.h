// The checksum of every stored record: CRC-64 (the polynomial of ECMA-182, reflected), which finds
// every burst of at most 64 bits and leaves one chance in 2^64 to anything longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mq::broker {

// `seed` is the checksum of what stands before.
std::uint64_t crc64(std::span<const std::byte> bytes, std::uint64_t seed = 0);

// Of a record under its number, so that a record in another's place is found as well.
std::uint64_t record_checksum(std::uint64_t number, std::span<const std::byte> body);

// A sum of checksums over a set says whether one is missing. The CRC is linear, so that sets of
// similar records could have equal sums; this mixes each first.
std::uint64_t mixed(std::uint64_t checksum);

}  // namespace mq::broker
