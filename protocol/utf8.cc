#include "protocol/utf8.h"

#include <cstdint>
#include <cstring>

namespace mq {
namespace {

// How many of eight bytes can be passed at once: all of them if each is in 0x01..0x7F.
bool eight_are_plain(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  constexpr std::uint64_t tops = 0x8080808080808080ULL;
  return (((word - ones) | word) & tops) == 0;
}

// The range of the second byte depends on the first: this is where overlong forms, surrogates
// and everything above U+10FFFF fall out.
struct Lead {
  std::size_t length = 0;
  std::uint8_t second_min = 0x80;
  std::uint8_t second_max = 0xBF;
};

Lead lead(std::uint8_t first) {
  if (first < 0xC2) return {};
  if (first < 0xE0) return {2};
  if (first == 0xE0) return {3, 0xA0, 0xBF};
  if (first == 0xED) return {3, 0x80, 0x9F};
  if (first < 0xF0) return {3};
  if (first == 0xF0) return {4, 0x90, 0xBF};
  if (first < 0xF4) return {4};
  if (first == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

}  // namespace

std::optional<Utf8Fault> utf8_breaks(std::string_view text) {
  const std::size_t size = text.size();
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  std::size_t at = 0;
  while (at < size) {
    while (at + 8 <= size && eight_are_plain(text.data() + at)) at += 8;
    if (at == size) break;
    const std::uint8_t first = byte(at);
    if (first == 0) return Utf8Fault{Rule::string_has_no_null, at};
    if (first < 0x80) {
      ++at;
      continue;
    }
    const Lead form = lead(first);
    if (form.length == 0) return Utf8Fault{Rule::string_is_utf8, at};
    for (std::size_t i = 1; i < form.length; ++i) {
      if (at + i == size) return Utf8Fault{Rule::string_is_utf8, at};
      const std::uint8_t min = i == 1 ? form.second_min : std::uint8_t{0x80};
      const std::uint8_t max = i == 1 ? form.second_max : std::uint8_t{0xBF};
      if (byte(at + i) < min || byte(at + i) > max) return Utf8Fault{Rule::string_is_utf8, at + i};
    }
    at += form.length;
  }
  return std::nullopt;
}

}  // namespace mq
