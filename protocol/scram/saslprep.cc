#include "protocol/scram/saslprep.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "protocol/scram/saslprep_table.h"
#include "protocol/utf8.h"

namespace mq {
namespace {

// The text is sound UTF-8.
std::uint32_t take_character(std::string_view& rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  std::uint32_t value = size == 1 ? byte(0) : byte(0) & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) value = value << 6 | (byte(i) & 0x3Fu);
  rest.remove_prefix(size);
  return value;
}

// RFC 3454, tables C.1.2 and B.1. U+200B is in both; RFC 4013 maps spaces first.
bool is_space(std::uint32_t c) {
  return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200B) || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}
bool is_nothing(std::uint32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x1806 || (c >= 0x180B && c <= 0x180D) || c == 0x200C ||
         c == 0x200D || c == 0x2060 || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

std::optional<Direction> direction_of(std::uint32_t c) {
  if (c < 0x80) {
    if (c < 0x20 || c == 0x7F) return std::nullopt;
    const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    return is_letter ? Direction::left_to_right : Direction::neutral;
  }
  const auto* at = std::upper_bound(
      std::begin(saslprep_stable), std::end(saslprep_stable), c,
      [](std::uint32_t value, const StableRange& range) { return value < range.first; });
  if (at == std::begin(saslprep_stable) || (--at)->last < c) return std::nullopt;
  return at->direction;
}

}  // namespace

std::optional<std::string> saslprep(std::string_view text) {
  if (utf8_breaks(text)) return std::nullopt;
  std::string prepared;
  bool has_left = false, has_right = false;
  Direction first = Direction::neutral, last = Direction::neutral;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view before = rest;
    const std::uint32_t c = take_character(rest);
    std::optional<Direction> direction = Direction::neutral;
    if (is_space(c)) {
      prepared += ' ';
    } else if (is_nothing(c)) {
      continue;
    } else {
      direction = direction_of(c);
      if (!direction) return std::nullopt;
      prepared += before.substr(0, before.size() - rest.size());
      if (prepared.size() == before.size() - rest.size()) first = *direction;
    }
    last = *direction;
    has_left |= last == Direction::left_to_right;
    has_right |= last == Direction::right_to_left;
  }
  const bool mixes = has_right && (has_left || first != Direction::right_to_left ||
                                   last != Direction::right_to_left);
  if (prepared.empty() || mixes) return std::nullopt;
  return prepared;
}

}  // namespace mq
