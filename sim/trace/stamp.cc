#include "sim/trace/stamp.h"

#include <array>
#include <limits>

namespace mq::trace {
namespace {

constexpr std::uint64_t base = 36;

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 13> digits;  // 36^13 > 2^64
  std::size_t begin = digits.size();
  do {
    const auto digit = static_cast<unsigned>(number % base);
    digits[--begin] = static_cast<char>(digit < 10 ? '0' + digit : 'a' + (digit - 10));
    number /= base;
  } while (number != 0);
  out.append(digits.data() + begin, digits.size() - begin);
}

// Takes a number and the character that ends it off the front of `rest`.
std::optional<std::uint64_t> take_number(std::string_view& rest, char terminator,
                                         std::uint64_t max) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == terminator && i > 0) {
      rest.remove_prefix(i + 1);
      return number;
    }
    std::uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'z') {
      digit = static_cast<std::uint64_t>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    // A stamp has one spelling: no leading zero, nothing over the limit.
    if (i > 0 && number == 0) return std::nullopt;
    if (number > (max - digit) / base) return std::nullopt;
    number = number * base + digit;
  }
  return std::nullopt;
}

}  // namespace

std::string to_text(const Stamp& stamp) {
  std::string text(1, stamp.origin == Stamp::Origin::publish ? '#' : '!');
  append_number(text, static_cast<std::uint32_t>(stamp.publisher));
  text += '.';
  append_number(text, stamp.number);
  text += ';';
  return text;
}

std::optional<Stamp> stamp_of(std::string_view payload) {
  if (payload.empty() || (payload[0] != '#' && payload[0] != '!')) return std::nullopt;
  Stamp stamp;
  stamp.origin = payload[0] == '#' ? Stamp::Origin::publish : Stamp::Origin::will;
  payload.remove_prefix(1);
  const auto publisher = take_number(payload, '.', std::numeric_limits<std::uint32_t>::max());
  if (!publisher) return std::nullopt;
  const auto number = take_number(payload, ';', std::numeric_limits<std::uint64_t>::max());
  if (!number) return std::nullopt;
  stamp.publisher = ClientIndex{static_cast<std::uint32_t>(*publisher)};
  stamp.number = *number;
  return stamp;
}

}  // namespace mq::trace
