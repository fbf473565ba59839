#include "protocol/describe.h"

#include <cstdint>
#include <utility>

#include "base/overloaded.h"
#include "protocol/property_table.h"
#include "protocol/utf8.h"

namespace mq {
namespace {

std::string hex(std::uint32_t value, int digits) {
  static constexpr std::string_view figures = "0123456789abcdef";
  while (digits < 8 && value >> (4 * digits) != 0) ++digits;
  std::string text;
  while (digits > 0) text += figures[value >> (4 * --digits) & 0xF];
  return text;
}

// A character that would be invisible or would rearrange the line.
bool is_unprintable(std::uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0xFEFF) return true;
  if ((c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E)) return true;
  return (c >= 0x2060 && c <= 0x206F) || (c >= 0xE000 && c <= 0xF8FF) ||
         (c >= 0xFFF0 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE || c >= 0xE0000;
}

std::uint32_t code_point(std::string_view sequence) {
  const auto lead = static_cast<std::uint8_t>(sequence[0]);
  if (sequence.size() == 1) return lead;
  std::uint32_t value = lead & (0xFFU >> (sequence.size() + 1));
  for (char byte : sequence.substr(1))
    value = value << 6 | (static_cast<std::uint8_t>(byte) & 0x3F);
  return value;
}

// The length of the well-formed sequence at the beginning of `text`, or 0.
std::size_t sequence_bytes(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (size > text.size()) return 0;
  const auto broken = utf8_breaks(text.substr(0, size));
  return !broken || broken->rule == Rule::string_has_no_null ? size : 0;
}

void append_escaped(std::string& out, std::string_view sequence) {
  const std::uint32_t c = code_point(sequence);
  if (c == '"' || c == '\\') {
    out.append(1, '\\').append(sequence);
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (!is_unprintable(c)) {
    out.append(sequence);
  } else if (c < 0x80) {
    out.append("\\x").append(hex(c, 2));
  } else {
    out.append("\\u{").append(hex(c, 1)).append("}");
  }
}

std::string size_of(const Bytes& secret) {
  return std::string("(").append(std::to_string(secret.size())).append(" bytes)");
}

// Builds ` key=value` after the packet's name.
class Line {
 public:
  Line(std::string begin, Version version, std::size_t binary_bytes_max)
      : text_(std::move(begin)), version_(version), binary_bytes_max_(binary_bytes_max) {}

  void add(std::string_view word) { text_.append(1, ' ').append(word); }
  void add(std::string_view key, std::string_view value) {
    text_.append(1, ' ').append(key).append(1, '=').append(value);
  }
  void add(std::string_view key, std::size_t number) { add(key, std::to_string(number)); }
  void add(PacketId id) { add("id", static_cast<std::size_t>(id)); }
  void add(std::string_view key, Qos qos) { add(key, static_cast<std::size_t>(qos)); }
  void add_if(bool is_set, std::string_view word) {
    if (is_set) add(word);
  }
  void add_reason(ReasonCode reason, Kind kind) {
    const auto code = static_cast<std::uint8_t>(reason);
    text_.append(" 0x").append(hex(code, 2));
    text_.append(" (").append(name(reason, kind, version_)).append(")");
  }
  void add(const Properties& properties) {
    if (properties.empty()) return;
    std::string_view separator;
    text_ += " {";
    for (const Property& property : properties.all()) {
      text_.append(std::exchange(separator, " "));
      append(property);
    }
    text_ += '}';
  }
  std::string binary(const Bytes& bytes) const {
    const std::string_view all = bytes.text();
    if (all.size() <= binary_bytes_max_) return quoted(all);
    const std::size_t more = all.size() - binary_bytes_max_;
    return quoted(all.substr(0, binary_bytes_max_))
        .append("+")
        .append(std::to_string(more) + " bytes");
  }
  std::string& text() { return text_; }

 private:
  void append(const Property& property) {
    const auto id = static_cast<std::uint8_t>(property.id);
    const PropertyInfo* info = property_info(id);
    if (info != nullptr) {
      text_.append(info->name);
    } else {
      text_.append("property_0x").append(hex(id, 2));
    }
    text_ += '=';
    std::visit(overloaded{[&](std::uint32_t number) { text_ += std::to_string(number); },
                          [&](const std::string& text) { text_ += quoted(text); },
                          [&](const Bytes& bytes) {
                            const bool secret = property.id == PropertyId::authentication_data;
                            text_ += secret ? size_of(bytes) : binary(bytes);
                          },
                          [&](const UserProperty& pair) {
                            text_ += quoted(pair.key) + ":" + quoted(pair.value);
                          }},
               property.value);
  }

  std::string text_;
  Version version_;
  std::size_t binary_bytes_max_;
};

void write(Line& line, const Connect& connect) {
  line.add(name(connect.version));
  line.add("client_id", quoted(connect.client_id));
  line.add_if(connect.clean_start, "clean_start");
  line.add("keep_alive", connect.keep_alive);
  if (connect.user_name) line.add("user_name", quoted(*connect.user_name));
  if (connect.password) line.add("password", size_of(*connect.password));
  line.add(connect.properties);
  if (!connect.will) return;
  const Will& will = *connect.will;
  line.add("will:");
  line.add("topic", quoted(will.topic));
  line.add("qos", will.qos);
  line.add_if(will.retain, "retain");
  line.add("payload", line.binary(will.payload));
  line.add(will.properties);
}

void write(Line& line, const ConnAck& ack) {
  line.add_reason(ack.reason, Kind::conn_ack);
  line.add_if(ack.session_present, "session_present");
  line.add(ack.properties);
}

void write(Line& line, const Publish& publish) {
  line.add("topic", quoted(publish.topic));
  if (publish.packet_id != PacketId::none) line.add(publish.packet_id);
  line.add("qos", publish.qos);
  line.add_if(publish.dup, "dup");
  line.add_if(publish.retain, "retain");
  line.add("payload", line.binary(publish.payload));
  line.add(publish.properties);
}

template <Kind kind>
void write(Line& line, const Acknowledgement<kind>& ack) {
  line.add(ack.packet_id);
  if (ack.reason != ReasonCode::success) line.add_reason(ack.reason, kind);
  line.add(ack.properties);
}

void write(Line& line, const Subscribe& subscribe) {
  line.add(subscribe.packet_id);
  line.add(subscribe.properties);
  std::string_view before = ": ";
  for (const auto& [filter, options] : subscribe.entries) {
    line.text().append(std::exchange(before, ", ")).append(quoted(filter));
    line.add("qos", options.qos);
    line.add_if(options.no_local, "no_local");
    line.add_if(options.retain_as_published, "retain_as_published");
    if (options.retain_handling != RetainHandling::send)
      line.add("retain_handling", static_cast<std::size_t>(options.retain_handling));
  }
}

void write_reasons(Line& line, const std::vector<ReasonCode>& reasons, Kind kind) {
  std::string_view before = ":";
  for (const ReasonCode reason : reasons) {
    line.text().append(std::exchange(before, ","));
    line.add_reason(reason, kind);
  }
}

void write(Line& line, const SubAck& ack) {
  line.add(ack.packet_id);
  line.add(ack.properties);
  write_reasons(line, ack.reasons, Kind::sub_ack);
}

void write(Line& line, const Unsubscribe& unsubscribe) {
  line.add(unsubscribe.packet_id);
  line.add(unsubscribe.properties);
  std::string_view before = ": ";
  for (const std::string& filter : unsubscribe.filters)
    line.text().append(std::exchange(before, ", ")).append(quoted(filter));
}

void write(Line& line, const UnsubAck& ack) {
  line.add(ack.packet_id);
  line.add(ack.properties);
  write_reasons(line, ack.reasons, Kind::unsub_ack);
}

void write(Line&, const PingReq&) {}
void write(Line&, const PingResp&) {}

void write(Line& line, const Disconnect& disconnect) {
  if (disconnect.reason != ReasonCode::success)
    line.add_reason(disconnect.reason, Kind::disconnect);
  line.add(disconnect.properties);
}

void write(Line& line, const Auth& auth) {
  line.add_reason(auth.reason, Kind::auth);
  line.add(auth.properties);
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = sequence_bytes(text);
    if (size == 0) {
      out.append("\\x").append(hex(static_cast<std::uint8_t>(text[0]), 2));
      text.remove_prefix(1);
    } else {
      append_escaped(out, text.substr(0, size));
      text.remove_prefix(size);
    }
  }
  return out += '"';
}

std::string describe(const Packet& packet, Version version, std::size_t binary_bytes_max) {
  Line line(name(kind(packet)), version, binary_bytes_max);
  std::visit([&](const auto& body) { write(line, body); }, packet);
  return std::move(line.text());
}

std::string describe(const Malformed& fault) {
  return std::string(info(fault.rule).name)
      .append(" at byte ")
      .append(std::to_string(fault.offset));
}

}  // namespace mq
