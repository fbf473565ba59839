#include "broker/operate/log_line.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
namespace mq::broker {
namespace {

constexpr std::size_t value_bytes_max = 1024;

struct Character {
  char32_t value;
  std::size_t bytes;  // that it takes, at least one
  bool sound;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t bytes = byte(0) < 0x80   ? 1
                            : byte(0) < 0xC2 ? 0
                            : byte(0) < 0xE0 ? 2
                            : byte(0) < 0xF0 ? 3
                            : byte(0) < 0xF5 ? 4
                                             : 0;
  if (bytes == 1) return {byte(0), 1, true};
  if (bytes == 0 || bytes > text.size()) return {0, 1, false};
  char32_t value = byte(0) & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 1, false};
    value = value << 6 | (byte(i) & 0x3F);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool sound =
      value >= least[bytes] && value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
  return {value, sound ? bytes : 1, sound};
}

// Control characters of both sets, and those that turn or hide text.
bool is_unfit(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

void append_escape(char32_t c, std::string& out) {
  char text[12];
  std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(c));
  out += text;
}

// Between quotes. Bytes that are no UTF-8 become U+FFFD, so that the line stays JSON.
void append_quoted(std::string_view value, std::string& out) {
  out += '"';
  while (!value.empty()) {
    const auto character = first_character(value);
    const std::string_view bytes = value.substr(0, character.bytes);
    value.remove_prefix(character.bytes);
    if (!character.sound)
      out += "\xEF\xBF\xBD";
    else if (character.value == '"' || character.value == '\\')
      (out += '\\') += bytes;
    else if (is_unfit(character.value))
      append_escape(character.value, out);
    else
      out += bytes;
  }
  out += '"';
}

bool stands_alone(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

std::string_view shortened(std::string_view value) { return value.substr(0, value_bytes_max); }

}  // namespace

const char* name(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warning:
      return "warning";
    case Level::notice:
      return "notice";
    case Level::information:
      return "information";
    case Level::debug:
      return "debug";
    case Level::subscribe:
      return "subscribe";
    case Level::unsubscribe:
      return "unsubscribe";
  }
  return "";
}

std::string log_topic(Level level) {
  static constexpr const char* endings[] = {
      "E", "W", "N", "I", "D", "M/subscribe", "M/unsubscribe"};
  return std::string("$SYS/broker/log/") + endings[static_cast<std::size_t>(level)];
}

bool wants(const LogConfig::Types& types, Level level) {
  switch (level) {
    case Level::error:
      return types.error;
    case Level::warning:
      return types.warning;
    case Level::notice:
      return types.notice;
    case Level::information:
      return types.information;
    case Level::debug:
      return types.debug;
    case Level::subscribe:
      return types.subscribe;
    case Level::unsubscribe:
      return types.unsubscribe;
  }
  return false;
}

std::string log_line(LogConfig::Form form, std::string_view time, Level level,
                     std::string_view event, const std::vector<Field>& fields) {
  std::string line;
  if (form == LogConfig::Form::json) {
    line = "{";
    const auto add = [&](std::string_view key, std::string_view value) {
      if (line.size() > 1) line += ',';
      append_quoted(key, line);
      line += ':';
      append_quoted(shortened(value), line);
    };
    if (!time.empty()) add("time", time);
    add("level", name(level));
    add("event", event);
    for (const Field& field : fields) add(field.name, field.value);
    return line + "}";
  }
  if (!time.empty()) (line += time) += ' ';
  (line += name(level)) += ' ';
  line += event;
  for (const Field& field : fields) {
    ((line += ' ') += field.name) += '=';
    if (stands_alone(field.value) && field.value.size() <= value_bytes_max)
      line += field.value;
    else
      append_quoted(shortened(field.value), line);
  }
  return line;
}

}  // namespace mq::broker
