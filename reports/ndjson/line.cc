#include "reports/ndjson/line.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "reports/text/escape.h"

namespace mq::report {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Two letters for each 12 bits.
constexpr auto pairs = [] {
  std::array<std::array<char, 2>, 4096> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {alphabet[i >> 6], alphabet[i & 63]};
  return all;
}();

constexpr std::uint8_t no_letter = 255;
constexpr auto letter_values = [] {
  std::array<std::uint8_t, 256> all{};
  all.fill(no_letter);
  for (std::uint8_t i = 0; i < 64; ++i) all[static_cast<unsigned char>(alphabet[i])] = i;
  return all;
}();

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  for (char c : well_formed(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (code < 0x20 || code == 0x7F)
      ((out += "\\u00") += hex[code >> 4]) += hex[code & 15];
    else
      out += c;
  }
}

}  // namespace

Line& Line::text(std::string_view key, std::string_view value) {
  if (is_plain(value)) return word(key, value);
  put_key(key);
  out_ += '"';
  append_escaped(out_, value);
  out_ += '"';
  return *this;
}

Line& Line::base64(std::string_view key, std::span<const std::byte> value) {
  put_key(key);
  const std::size_t letters = (value.size() + 2) / 3 * 4;
  const std::size_t begin = out_.size();
  out_.resize(begin + letters + 2);
  char* to = out_.data() + begin;
  *to++ = '"';
  const auto* from = reinterpret_cast<const unsigned char*>(value.data());
  std::size_t left = value.size();
  for (; left >= 3; left -= 3, from += 3) {
    const unsigned bits = unsigned{from[0]} << 16 | unsigned{from[1]} << 8 | from[2];
    to = std::copy_n(pairs[bits >> 12].data(), 2, to);
    to = std::copy_n(pairs[bits & 0xFFF].data(), 2, to);
  }
  if (left > 0) {
    const unsigned bits = unsigned{from[0]} << 16 | (left == 2 ? unsigned{from[1]} << 8 : 0);
    to = std::copy_n(pairs[bits >> 12].data(), 2, to);
    *to++ = left == 2 ? alphabet[bits >> 6 & 63] : '=';
    *to++ = '=';
  }
  *to = '"';
  return *this;
}

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i >= text.size() - padding;
    const std::uint8_t value = pad ? 0 : letter_values[static_cast<unsigned char>(text[i])];
    if (value == no_letter) return false;
    bits = bits << 6 | value;
    if (i % 4 != 3) continue;
    out += static_cast<char>(bits >> 16 & 0xFF);
    out += static_cast<char>(bits >> 8 & 0xFF);
    out += static_cast<char>(bits & 0xFF);
  }
  out.resize(out.size() - padding);
  return true;
}

}  // namespace mq::report
