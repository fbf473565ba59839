#include "client/pubsub/format.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "client/pubsub/format_json.h"

namespace mq::client {
namespace {

constexpr std::string_view plain_letters = "%qrdUDPjJ";   // without a width
constexpr std::string_view number_letters = "AEFlmSpxX";  // may be padded with zeros
constexpr std::string_view text_letters = "CIRt";         // may be cut off
constexpr std::string_view escape_letters = "\\ntraev0";
constexpr std::string_view escape_values("\\\n\t\r\a\x1b\v\0", 8);
constexpr std::string_view time_letters = "AaBbCcDdeFGgHhIjklMmNnPpRrSsTtUuVvWwXxYyZz@";

// One sequence of a format.
struct Part {
  char kind = 0;  // '%', '@', '\\', or 0 for a character that stands for itself
  char letter = 0;
  bool left = false;
  bool zeros = false;
  std::size_t width = 0;
  std::optional<std::size_t> most;
};

std::size_t take_number(std::string_view& rest) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error == std::errc::result_out_of_range) value = format_width_max + 1;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return value;
}

// `rest` is not empty. What is wrong, or nothing.
std::optional<std::string> take_part(std::string_view& rest, Part& part) {
  const char c = rest[0];
  rest.remove_prefix(1);
  part = Part{};
  if (c != '%' && c != '@' && c != '\\') {
    part.letter = c;
    return std::nullopt;
  }
  part.kind = c;
  if (c == '%') {
    for (; rest.starts_with('-') || rest.starts_with('0'); rest.remove_prefix(1))
      (rest[0] == '-' ? part.left : part.zeros) = true;
    part.width = take_number(rest);
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      part.most = take_number(rest);
    }
    if (part.width > format_width_max)
      return "a width of more than " + std::to_string(format_width_max);
  }
  if (rest.empty()) return std::string("a single ") + c + " at the end";
  part.letter = rest[0];
  rest.remove_prefix(1);
  const auto knows = [&](std::string_view letters) {
    return letters.find(part.letter) != std::string_view::npos;
  };
  const bool known = c == '%' ? knows(plain_letters) || knows(number_letters) || knows(text_letters)
                     : c == '@' ? knows(time_letters)
                                : knows(escape_letters);
  if (!known) return std::string("\"") + c + part.letter + "\" is not known";
  return std::nullopt;
}

std::string hex(std::string_view bytes, const char* digits) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string property(const Properties& properties, PropertyId id) {
  if (const auto number = properties.number(id)) return std::to_string(*number);
  if (const auto* text = properties.text(id)) return *text;
  if (const auto* binary = properties.binary(id)) return std::string(binary->text());
  return {};
}

std::string user_properties(const Properties& properties) {
  std::string text;
  for (const Property& each : properties.all())
    if (const auto* user = std::get_if<UserProperty>(&each.value))
      text += (text.empty() ? "" : " ") + user->key + ":" + user->value;
  return text;
}

std::string unix_time(std::chrono::nanoseconds arrived) {
  char text[48];
  std::snprintf(text, sizeof text, "%lld.%09lld",
                static_cast<long long>(arrived.count() / 1000000000),
                static_cast<long long>(arrived.count() % 1000000000));
  return text;
}

std::string value_of(char letter, const Publish& message, std::chrono::nanoseconds arrived) {
  const Properties& properties = message.properties;
  switch (letter) {
    case '%':
      return "%";
    case 't':
      return message.topic;
    case 'p':
      return std::string(message.payload.text());
    case 'x':
      return hex(message.payload.text(), "0123456789abcdef");
    case 'X':
      return hex(message.payload.text(), "0123456789ABCDEF");
    case 'l':
      return std::to_string(message.payload.size());
    case 'q':
      return std::to_string(static_cast<int>(message.qos));
    case 'r':
      return message.retain ? "1" : "0";
    case 'd':
      return message.dup ? "1" : "0";
    case 'm':
      return std::to_string(static_cast<int>(message.packet_id));
    case 'I':
      return arrival_text(arrived, "%Y-%m-%dT%H:%M:%S%z");
    case 'U':
      return unix_time(arrived);
    case 'A':
      return property(properties, PropertyId::topic_alias);
    case 'C':
      return property(properties, PropertyId::content_type);
    case 'D':
      return property(properties, PropertyId::correlation_data);
    case 'E':
      return property(properties, PropertyId::message_expiry_interval);
    case 'F':
      return property(properties, PropertyId::payload_format_indicator);
    case 'P':
      return user_properties(properties);
    case 'R':
      return property(properties, PropertyId::response_topic);
    case 'S':
      return property(properties, PropertyId::subscription_identifier);
    default:
      return {};
  }
}

void append_padded(const Part& part, std::string value, std::string& out) {
  const bool is_text = text_letters.find(part.letter) != std::string_view::npos;
  const bool is_number = number_letters.find(part.letter) != std::string_view::npos;
  if (is_text && part.most && value.size() > *part.most) value.resize(*part.most);
  if (part.letter == 'R' && value.empty()) return;  // as mosquitto_sub does, of this one alone
  const std::size_t missing =
      (is_text || is_number) && value.size() < part.width ? part.width - value.size() : 0;
  if (!part.left) out.append(missing, is_number && part.zeros ? '0' : ' ');
  out += value;
  if (part.left) out.append(missing, ' ');
}

void append_time(char letter, std::chrono::nanoseconds arrived, std::string& out) {
  char text[16];
  if (letter == '@') {
    out += '@';
  } else if (letter == 'N') {
    std::snprintf(text, sizeof text, "%09lld",
                  static_cast<long long>(arrived.count() % 1000000000));
    out += text;
  } else {
    const char format[] = {'%', letter, '\0'};
    out += arrival_text(arrived, format);
  }
}

bool append_json(char letter, const Publish& message, std::chrono::nanoseconds arrived,
                 JsonLayout layout, std::string& out) {
  const std::size_t before = out.size();
  const bool sound = append_json_message(
      message, arrived, letter == 'j' ? JsonPayload::text : JsonPayload::json, out);
  if (sound && layout == JsonLayout::pretty) {
    const std::string compact = out.substr(before);
    out.resize(before);
    append_pretty_json(compact, out);
  }
  return sound;
}

}  // namespace

std::optional<std::string> format_breaks(std::string_view format) {
  Part part;
  while (!format.empty())
    if (auto wrong = take_part(format, part)) return wrong;
  return std::nullopt;
}

bool append_formatted(std::string_view format, const Publish& message,
                      std::chrono::nanoseconds arrived, std::string& out, JsonLayout layout) {
  const std::size_t before = out.size();
  bool sound = true;
  Part part;
  while (!format.empty()) {
    take_part(format, part);
    if (part.kind == 0)
      out += part.letter;
    else if (part.kind == '\\')
      out += escape_values[escape_letters.find(part.letter)];
    else if (part.kind == '@')
      append_time(part.letter, arrived, out);
    else if (part.letter == 'j' || part.letter == 'J')
      sound &= append_json(part.letter, message, arrived, layout, out);
    else
      append_padded(part, value_of(part.letter, message, arrived), out);
  }
  if (!sound) out.resize(before);
  return sound;
}

}  // namespace mq::client
