#include "client/pubsub/format.h"

#include <cstdio>
#include <ctime>

namespace mq::client {
namespace {

constexpr std::string_view directives = "%tpxXlqrmdIUCERDPS";
constexpr std::string_view escapes = "\\ntrae0";

void append_hex(std::string_view bytes, const char* digits, std::string& out) {
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

void append_local_time(double unix_seconds, std::string& out) {
  const auto whole = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  localtime_r(&whole, &parts);
  char text[64];
  out.append(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S%z", &parts));
}

void append_property(const Properties& properties, PropertyId id, std::string& out) {
  if (const auto number = properties.number(id)) out += std::to_string(*number);
  if (const auto* text = properties.text(id)) out += *text;
  if (const auto* binary = properties.binary(id)) out += binary->text();
}

void append_user_properties(const Properties& properties, std::string& out) {
  bool first = true;
  for (const Property& property : properties.all())
    if (const auto* user = std::get_if<UserProperty>(&property.value)) {
      if (!first) out += ' ';
      first = false;
      out += user->key + ":" + user->value;
    }
}

void append_directive(char directive, const Publish& message, double unix_seconds,
                      std::string& out) {
  const Properties& properties = message.properties;
  switch (directive) {
    case '%':
      out += '%';
      break;
    case 't':
      out += message.topic;
      break;
    case 'p':
      out += message.payload.text();
      break;
    case 'x':
      append_hex(message.payload.text(), "0123456789abcdef", out);
      break;
    case 'X':
      append_hex(message.payload.text(), "0123456789ABCDEF", out);
      break;
    case 'l':
      out += std::to_string(message.payload.size());
      break;
    case 'q':
      out += static_cast<char>('0' + static_cast<int>(message.qos));
      break;
    case 'r':
      out += message.retain ? '1' : '0';
      break;
    case 'd':
      out += message.dup ? '1' : '0';
      break;
    case 'm':
      out += std::to_string(static_cast<int>(message.packet_id));
      break;
    case 'I':
      append_local_time(unix_seconds, out);
      break;
    case 'U': {
      char text[32];
      out.append(text,
                 static_cast<std::size_t>(std::snprintf(text, sizeof text, "%.6f", unix_seconds)));
      break;
    }
    case 'C':
      append_property(properties, PropertyId::content_type, out);
      break;
    case 'E':
      append_property(properties, PropertyId::message_expiry_interval, out);
      break;
    case 'R':
      append_property(properties, PropertyId::response_topic, out);
      break;
    case 'D':
      append_property(properties, PropertyId::correlation_data, out);
      break;
    case 'S':
      append_property(properties, PropertyId::subscription_identifier, out);
      break;
    case 'P':
      append_user_properties(properties, out);
      break;
    default:
      break;
  }
}

char escaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case 'a':
      return '\a';
    case 'e':
      return '\x1b';
    case '0':
      return '\0';
    default:
      return '\\';
  }
}

}  // namespace

std::optional<std::string> format_breaks(std::string_view format) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c != '%' && c != '\\') continue;
    const std::string_view known = c == '%' ? directives : escapes;
    if (i + 1 == format.size()) return std::string("a single ") + c + " at the end";
    ++i;
    if (known.find(format[i]) == std::string_view::npos)
      return std::string("\"") + c + format[i] + "\" is not known";
  }
  return std::nullopt;
}

void append_formatted(std::string_view format, const Publish& message, double unix_seconds,
                      std::string& out) {
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c == '%')
      append_directive(format[++i], message, unix_seconds, out);
    else if (c == '\\')
      out += escaped(format[++i]);
    else
      out += c;
  }
}

}  // namespace mq::client
