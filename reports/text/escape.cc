#include "reports/text/escape.h"

#include <fmt/format.h>

#include <cstdint>

namespace mq::report {
namespace {

struct Character {
  char32_t code;  // U+FFFD for a broken byte
  std::size_t bytes;
};

constexpr char32_t replacement = 0xFFFD;

// The character at the front of `text`, which is not empty. Overlong forms, surrogates and numbers
// beyond Unicode are broken bytes.
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {replacement, 1};
  char32_t code = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {replacement, 1};
    code = (code << 6) | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {replacement, 1};
  return {code, length};
}

bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xE0000 && c <= 0xE0FFF);
}

// Calls `put(character, its bytes)` for each character.
template <class Put>
void each_character(std::string_view text, Put&& put) {
  while (!text.empty()) {
    const Character c = first_of(text);
    put(c.code, text.substr(0, c.bytes));
    text.remove_prefix(c.bytes);
  }
}

template <class Entity>
std::string replaced(std::string_view text, Entity&& entity) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (char c : text) {
    const std::string_view instead = entity(c);
    if (instead.empty())
      out += c;
    else
      out += instead;
  }
  return out;
}

void replace_each(std::string& in, std::string_view what, std::string_view instead) {
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at)) {
    in.replace(at, what.size(), instead);
    at += instead.size();
  }
}

}  // namespace

std::string visible(std::string_view text, std::size_t bytes_max) {
  std::string out;
  out.reserve(text.size());
  const std::string_view whole = text;
  while (!text.empty() && out.size() < bytes_max) {
    const Character c = first_of(text);
    if (c.code == replacement)
      out += "\xEF\xBF\xBD";
    else if (is_invisible(c.code))
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c.code));
    else
      out += text.substr(0, c.bytes);
    text.remove_prefix(c.bytes);
  }
  if (!text.empty()) out += fmt::format("\xE2\x80\xA6 ({} bytes)", whole.size());
  return out;
}

std::string well_formed(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  each_character(text, [&](char32_t code, std::string_view bytes) {
    out += code == replacement ? std::string_view("\xEF\xBF\xBD") : bytes;
  });
  return out;
}

std::string markup(std::string_view text) {
  return replaced(visible(text), [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return {};
    }
  });
}

std::string json_island(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 16);
  each_character(json, [&](char32_t code, std::string_view bytes) {
    const bool harmless = code != '<' && code != '>' && code != '&' && code != 0x2028 &&
                          code != 0x2029 && code != replacement;
    if (harmless)
      out += bytes;
    else
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(code));
  });
  return out;
}

std::string markdown(std::string_view text) {
  std::string out = replaced(visible(text), [](char c) -> std::string_view {
    switch (c) {
      case '&':
        return "&amp;";
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '|':
        return "\\|";
      case '\\':
        return "\\\\";
      case '`':
        return "\\`";
      case '*':
        return "\\*";
      case '_':
        return "\\_";
      case '~':
        return "\\~";
      case '[':
        return "\\[";
      case ']':
        return "\\]";
      case '!':
        return "\\!";
      case '#':
        return "&#35;";
      case '@':
        return "&#64;";
      default:
        return {};
    }
  });
  // GitHub makes links of bare addresses.
  replace_each(out, "://", "&#58;//");
  replace_each(out, "www.", "www&#46;");
  return out;
}

}  // namespace mq::report
