#include "client/pubsub/format_json.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

#include "base/overloaded.h"
#include "client/pubsub/property_flag.h"
#include "protocol/property_table.h"

namespace mq::client {
namespace {

constexpr int nesting_max = 100;

void append_utf8(std::uint32_t c, std::string& out) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      byte(0xE0 | c >> 12);
    } else {
      byte(0xF0 | c >> 18);
      byte(0x80 | (c >> 12 & 0x3F));
    }
    byte(0x80 | (c >> 6 & 0x3F));
  }
  byte(0x80 | (c & 0x3F));
}

// Reads JSON and writes it again.
class Compactor {
 public:
  Compactor(std::string_view json, std::string& out) : rest_(json), out_(out) {}

  bool run() { return value(0) && (skip(), rest_.empty()); }

 private:
  void skip() {
    while (!rest_.empty() && static_cast<unsigned char>(rest_[0]) <= ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    out_ += text;
    return true;
  }

  bool value(int depth) {
    skip();
    if (rest_.empty() || depth > nesting_max) return false;
    switch (rest_[0]) {
      case '{':
        return list(depth, '{', '}');
      case '[':
        return list(depth, '[', ']');
      case '"':
        return text();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool list(int depth, char opens, char closes) {
    take(opens);
    out_ += opens;
    if (!take(closes)) {
      do {
        if (out_.back() != opens) out_ += ',';
        skip();
        if (opens == '{' && (!text() || !take(':'))) return false;
        if (opens == '{') out_ += ':';
        if (!value(depth + 1)) return false;
      } while (take(','));
      if (!take(closes)) return false;
    }
    out_ += closes;
    return true;
  }

  bool number() {
    std::size_t size = 0;
    const auto digits = [&] {
      const std::size_t from = size;
      while (size < rest_.size() && std::isdigit(static_cast<unsigned char>(rest_[size]))) ++size;
      return size > from;
    };
    const auto one_of = [&](std::string_view letters) {
      const bool there = size < rest_.size() && letters.find(rest_[size]) != letters.npos;
      if (there) ++size;
      return there;
    };
    one_of("-");
    if (!digits() || (one_of(".") && !digits())) return false;
    if (one_of("eE") && (one_of("+-"), !digits())) return false;
    const double value = std::strtod(std::string(rest_.substr(0, size)).c_str(), nullptr);
    rest_.remove_prefix(size);
    if (!std::isfinite(value)) return word("null") || (out_ += "null", true);
    char written[40];
    if (value ==
        static_cast<double>(static_cast<int>(std::clamp(value, -2147483648.0, 2147483647.0)))) {
      std::snprintf(written, sizeof written, "%d", static_cast<int>(value));
    } else {
      std::snprintf(written, sizeof written, "%1.15g", value);
      if (std::strtod(written, nullptr) != value)
        std::snprintf(written, sizeof written, "%1.17g", value);
    }
    out_ += written;
    return true;
  }

  std::optional<std::uint32_t> hex4() {
    if (rest_.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const auto c = static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
      if (!std::isxdigit(c)) return std::nullopt;
      value = value << 4 | (std::isdigit(c) ? c - '0' : (std::tolower(c) - 'a' + 10));
    }
    rest_.remove_prefix(4);
    return value;
  }

  bool escape(std::string& decoded) {
    if (rest_.empty()) return false;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c != 'u') {
      constexpr std::string_view names = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
      const auto at = names.find(c);
      if (at == names.npos) return false;
      decoded += values[at];
      return true;
    }
    auto code = hex4();
    if (!code || (*code >= 0xDC00 && *code < 0xE000)) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      if (!rest_.starts_with("\\u")) return false;
      rest_.remove_prefix(2);
      const auto low = hex4();
      if (!low || *low < 0xDC00 || *low >= 0xE000) return false;
      code = 0x10000 + ((*code & 0x3FF) << 10 | (*low & 0x3FF));
    }
    append_utf8(*code, decoded);
    return true;
  }

  bool text() {
    if (!take('"')) return false;
    std::string decoded;
    while (!rest_.empty()) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') {
        append_json_text(decoded, out_);
        return true;
      }
      if (c != '\\')
        decoded += c;
      else if (!escape(decoded))
        return false;
    }
    return false;
  }

  std::string_view rest_;
  std::string& out_;
};

void append_user_properties(const Properties& properties, std::string& out) {
  out += "\"user-properties\":{";
  for (const Property& property : properties.all())
    if (const auto* user = std::get_if<UserProperty>(&property.value)) {
      if (out.back() != '{') out += ',';
      append_json_text(user->key, out);
      out += ':';
      append_json_text(user->value, out);
    }
  out += '}';
}

void append_properties(const Properties& properties, std::string& out) {
  if (properties.all().empty()) return;
  out += "\"properties\":{";
  bool has_users = false;
  for (const Property& property : properties.all()) {
    const bool is_user = std::holds_alternative<UserProperty>(property.value);
    if (is_user && std::exchange(has_users, true)) continue;  // all of them stand by the first one
    if (out.back() != '{') out += ',';
    if (is_user) {
      append_user_properties(properties, out);
      continue;
    }
    append_json_text(dashed(property_info(static_cast<std::uint32_t>(property.id))->name), out);
    out += ':';
    std::visit(overloaded{[&](std::uint32_t number) { out += std::to_string(number); },
                          [&](const std::string& text) { append_json_text(text, out); },
                          [&](const Bytes& bytes) { append_json_text(bytes.text(), out); },
                          [](const UserProperty&) {}},
               property.value);
  }
  out += "},";
}

}  // namespace

void append_json_text(std::string_view text, std::string& out) {
  constexpr std::string_view special = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  out += '"';
  for (const char c : text) {
    if (const auto at = special.find(c); at != special.npos) {
      (out += '\\') += letters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char written[8];
      std::snprintf(written, sizeof written, "\\u%04x", static_cast<unsigned char>(c));
      out += written;
    } else {
      out += c;
    }
  }
  out += '"';
}

bool append_compact_json(std::string_view json, std::string& out) {
  return Compactor(json, out).run();
}

void append_pretty_json(std::string_view compact, std::string& out) {
  std::vector<char> open;  // brackets
  const auto line = [&](std::size_t depth) { (out += '\n').append(depth, '\t'); };
  bool in_text = false;
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (in_text || c == '"') {
      if (c == '\\') out += compact[i++];
      in_text = c == '"' ? !in_text : in_text;
      out += compact[i];
    } else if (c == '{' || c == '[') {
      open.push_back(c);
      out += c;
      const bool is_empty = i + 1 < compact.size() && compact[i + 1] == '}';
      if (c == '{' && !is_empty) line(open.size());
    } else if (c == '}' || c == ']') {
      open.pop_back();
      if (c == '}') line(open.size());
      out += c;
    } else if (c == ',' && open.back() == '{') {
      out += c;
      line(open.size());
    } else {
      out += c;
      if (c == ',') out += ' ';
      if (c == ':') out += '\t';
    }
  }
}

std::string arrival_text(std::chrono::nanoseconds arrived, const char* format) {
  const auto seconds =
      static_cast<std::time_t>(std::chrono::floor<std::chrono::seconds>(arrived).count());
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[128];
  return {text, std::strftime(text, sizeof text, format, &parts)};
}

bool append_json_message(const Publish& message, std::chrono::nanoseconds arrived,
                         JsonPayload payload, std::string& out) {
  const auto microseconds = arrived.count() / 1000 % 1'000'000;
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%06d", static_cast<int>(microseconds));
  out += "{\"tst\":\"" + arrival_text(arrived, "%Y-%m-%dT%H:%M:%S") + fraction +
         arrival_text(arrived, "Z%z") + "\",\"topic\":";
  append_json_text(message.topic, out);
  out += ",\"qos\":" + std::to_string(static_cast<int>(message.qos)) +
         ",\"retain\":" + (message.retain ? "1" : "0") +
         ",\"payloadlen\":" + std::to_string(message.payload.size()) + ",";
  if (message.qos != Qos::at_most_once)
    out += "\"mid\":" + std::to_string(static_cast<int>(message.packet_id)) + ",";
  append_properties(message.properties, out);
  out += "\"payload\":";
  bool sound = true;
  if (message.payload.empty())
    out += "null";
  else if (payload == JsonPayload::text)
    append_json_text(message.payload.text(), out);
  else
    sound = append_compact_json(message.payload.text(), out);
  out += '}';
  return sound;
}

}  // namespace mq::client
