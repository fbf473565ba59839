#include "conformance/runner/wire.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "conformance/runner/catalogue.h"

namespace mq::conformance {
namespace {

constexpr std::size_t repeated_bytes_max = 300'000'000;  // a little more than the longest packet

using Octets = std::string;  // bytes; text and bytes are the same to this file

void put(Octets& out, std::uint64_t byte) { out += static_cast<char>(byte); }
void put16(Octets& out, std::uint64_t number) { put(out, number >> 8), put(out, number); }
void put32(Octets& out, std::uint64_t number) { put16(out, number >> 16), put16(out, number); }
void put_text(Octets& out, const std::string& text) {
  put16(out, text.size());
  out += text;
}
void put_variable(Octets& out, std::uint64_t number) {
  do {
    const std::uint64_t rest = number >> 7;
    put(out, (number & 0x7f) | (rest != 0 ? 0x80 : 0));
    number = rest;
  } while (number != 0);
}

class Builder {
 public:
  Builder(Kind kind, const std::vector<Filled>& fields, Version version)
      : kind_(kind), fields_(fields), version_(version) {}

  std::variant<Wire, ScriptFault> all() {
    body();
    body_ += text("append", true).value_or("");
    const std::uint64_t dropped = number("drop", 0, true);
    body_.resize(body_.size() - std::min<std::uint64_t>(dropped, body_.size()));
    Octets packet;
    put(packet, number("type", static_cast<unsigned>(kind_), true) << 4 |
                    (number("flags", flags(), true) & 0xf));
    put_length(packet, "length", body_.size());
    packet += body_;
    overwrite(packet);
    const std::uint64_t cut = number("truncate", 0, true);
    packet.resize(packet.size() - std::min<std::uint64_t>(cut, packet.size()));
    if (fault_) return *fault_;
    Wire wire{.piece_bytes = static_cast<std::size_t>(number("pieces", 0, true))};
    if (const Filled* frame = find("frame", true)) {
      if (frame->text != "text" && frame->text != "binary")
        return ScriptFault{"a frame is `text` or `binary`, found `" + frame->text.value_or("") +
                           "`"};
      wire.as_text_frame = frame->text == "text";
    }
    for (char c : packet) wire.bytes.push_back(static_cast<std::byte>(c));
    return wire;
  }

 private:
  const Filled* find(std::string_view name, bool is_twist = false) const {
    for (const Filled& field : fields_)
      if (field.name == name && field.is_twist == is_twist) return &field;
    return nullptr;
  }
  bool has(std::string_view name) const {
    const Filled* found = find(name);
    return found != nullptr && found->text;
  }
  std::optional<std::string> text(std::string_view name, bool is_twist = false) const {
    const Filled* found = find(name, is_twist);
    return found == nullptr ? std::nullopt : found->text;
  }
  std::uint64_t number(std::string_view name, std::uint64_t otherwise, bool is_twist = false) {
    const auto found = text(name, is_twist);
    return found ? number_of(*found) : otherwise;
  }
  std::uint64_t number_of(const std::string& text) {
    const auto number = number_in(text);
    if (!number) fault_ = ScriptFault{"expected a number, found `" + text + "`"};
    return number.value_or(0);
  }
  // The length, or what a twist says instead: another number, or bytes of any kind.
  void put_length(Octets& out, std::string_view twist, std::uint64_t length) {
    const auto instead = text(twist, true);
    if (!instead) return put_variable(out, length);
    if (const auto other = number_in(*instead)) return put_variable(out, *other);
    out += *instead;
  }

  std::uint64_t flags() {
    if (kind_ == Kind::publish)
      return number("dup", 0) << 3 | number("qos", 0) << 1 | number("retain", 0);
    const bool is_two =
        kind_ == Kind::pub_rel || kind_ == Kind::subscribe || kind_ == Kind::unsubscribe;
    return is_two ? 2 : 0;
  }

  void put_id() {
    if (has("id")) put16(body_, number("id", 0));
  }

  void body() {
    switch (kind_) {
      case Kind::connect:
        return connect();
      case Kind::conn_ack:
        put(body_, number("acknowledge_flags", number("session_present", 0), true));
        put(body_, number("reason", 0));
        return properties();
      case Kind::publish:
        put_text(body_, text("topic").value_or(""));
        put_id();
        properties();
        body_ += text("payload").value_or("");
        return;
      case Kind::pub_ack:
      case Kind::pub_rec:
      case Kind::pub_rel:
      case Kind::pub_comp:
        put_id();
        return reason_and_properties();
      case Kind::disconnect:
      case Kind::auth:
        return reason_and_properties();
      case Kind::subscribe:
      case Kind::unsubscribe:
        put_id();
        properties();
        return filters();
      case Kind::sub_ack:
      case Kind::unsub_ack:
        put_id();
        properties();
        return reasons();
      case Kind::ping_req:
      case Kind::ping_resp:
        return;
    }
  }

  void connect() {
    const bool is_3_1 = version_ == Version::v3_1;
    put_text(body_, text("protocol_name", true).value_or(is_3_1 ? "MQIsdp" : "MQTT"));
    put(body_, number("protocol_level", static_cast<unsigned>(version_), true));
    const bool has_will = std::any_of(fields_.begin(), fields_.end(), [](const Filled& field) {
      return field.text && (field.name.starts_with("will_") || field.name.starts_with("will."));
    });
    std::uint64_t flags = (has("user_name") ? 0x80u : 0) | (has("password") ? 0x40u : 0) |
                          (has_will ? 0x04u : 0) | number("will_retain", 0) << 5 |
                          number("will_qos", 0) << 3 | number("clean_start", 1) << 1;
    flags = number("connect_flags", flags, true) | number("set_connect_flags", 0, true);
    put(body_, flags);
    put16(body_, number("keep_alive", 0));
    properties();
    if (const auto id = text("client_id")) put_text(body_, *id);
    if (has_will) {
      properties(true);
      if (find("will_topic") == nullptr || has("will_topic"))
        put_text(body_, text("will_topic").value_or(""));
      if (find("will_payload") == nullptr || has("will_payload"))
        put_text(body_, text("will_payload").value_or(""));
    }
    if (const auto user = text("user_name")) put_text(body_, *user);
    if (const auto password = text("password")) put_text(body_, *password);
  }

  void reason_and_properties() {
    if (version_ != Version::v5) return;
    const bool more = has_properties_named() || find("properties_length", true) != nullptr;
    if (!has("reason") && !more) return;
    put(body_, number("reason", 0));
    if (more) properties();
  }

  bool has_properties_named() const {
    return std::any_of(fields_.begin(), fields_.end(), [this](const Filled& field) {
      return field.text && !field.is_twist && is_property(field.name, false);
    });
  }

  bool is_property(const std::string& name, bool of_will) const {
    const auto info = field_info(kind_, name);
    const bool raw = name.starts_with(of_will ? "will.property." : "property.");
    return info && (info->property || raw) && info->of_will == of_will;
  }

  void properties(bool of_will = false) {
    if (version_ != Version::v5) return;
    Octets all;
    for (const Filled& field : fields_) {
      if (!field.text || field.is_twist || !is_property(field.name, of_will)) continue;
      property(all, field.name.substr(of_will ? 5 : 0), *field.text);
    }
    const std::string_view twist = of_will ? "will_properties_length" : "properties_length";
    put_length(body_, twist, all.size());
    body_ += all;
  }

  void property(Octets& out, const std::string& name, const std::string& value) {
    if (name.starts_with("property.")) {
      put_variable(out, number_of(name.substr(9)));
      out += value;
      return;
    }
    if (name.starts_with("user.")) {
      put(out, static_cast<unsigned>(PropertyId::user_property));
      put_text(out, name.substr(5));
      return put_text(out, value);
    }
    const PropertyInfo& info = *property_named(name);
    put_variable(out, static_cast<unsigned>(info.id));
    switch (info.form) {
      case PropertyForm::byte:
        return put(out, number_of(value));
      case PropertyForm::two_bytes:
        return put16(out, number_of(value));
      case PropertyForm::four_bytes:
        return put32(out, number_of(value));
      case PropertyForm::variable_integer:
        return put_variable(out, number_of(value));
      case PropertyForm::text:
      case PropertyForm::binary:
        return put_text(out, value);
      case PropertyForm::text_pair: {
        const std::size_t equals = value.find('=');
        put_text(out, value.substr(0, equals));
        return put_text(out, equals == std::string::npos ? "" : value.substr(equals + 1));
      }
    }
  }

  void filters() {
    std::optional<std::uint64_t> options;
    const auto end_entry = [&] {
      if (options && kind_ == Kind::subscribe) put(body_, *options);
    };
    for (const Filled& field : fields_) {
      if (field.is_twist || !field.text) continue;
      if (field.name == "filter") {
        end_entry();
        put_text(body_, *field.text);
        options = 0;
      } else if (options && field.name == "options") {
        options = number_of(*field.text);
      } else if (options && (field.name == "qos" || version_ == Version::v5)) {
        static constexpr std::pair<std::string_view, int> shifts[] = {
            {"qos", 0}, {"no_local", 2}, {"retain_as_published", 3}, {"retain_handling", 4}};
        for (const auto& [name, shift] : shifts)
          if (field.name == name) *options |= number_of(*field.text) << shift;
      }
    }
    end_entry();
  }

  void reasons() {
    std::string_view rest;
    const auto list = text("reasons");
    if (list) rest = *list;
    if (has("reason")) put(body_, number("reason", 0));
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      put(body_, number_of(std::string(rest.substr(0, comma))));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }

  void overwrite(Octets& packet) {
    for (const Filled& field : fields_) {
      if (!field.is_twist || !field.text || !field.name.starts_with("at.")) continue;
      const std::uint64_t at = number_of(field.name.substr(3));
      if (at + field.text->size() > packet.size())
        fault_ = ScriptFault{"`!" + field.name + "` lies beyond the packet"};
      else
        packet.replace(at, field.text->size(), *field.text);
    }
  }

  const Kind kind_;
  const std::vector<Filled>& fields_;
  const Version version_;
  Octets body_;
  std::optional<ScriptFault> fault_;
};

}  // namespace

std::variant<Wire, ScriptFault> to_wire(Kind packet, const std::vector<Filled>& fields,
                                        Version version) {
  return Builder(packet, fields, version).all();
}

std::variant<std::string, ScriptFault> bytes_in(std::string_view text) {
  std::string bytes;
  if (text.starts_with("hex:")) {
    for (std::size_t at = 4; at < text.size(); at += 2) {
      unsigned byte = 0;
      const auto [end, error] =
          std::from_chars(text.data() + at, text.data() + std::min(at + 2, text.size()), byte, 16);
      if (error != std::errc{} || end != text.data() + at + 2)
        return ScriptFault{"expected pairs of hexadecimal digits in `" + std::string(text) + "`"};
      put(bytes, byte);
    }
    return bytes;
  }
  const bool is_size = text.starts_with("size:");
  if (!is_size && !text.starts_with("rep:")) return std::string(text);
  const std::string_view rest = text.substr(is_size ? 5 : 4);
  const std::size_t colon = is_size ? rest.size() : std::min(rest.find(':'), rest.size());
  const auto count = number_in(rest.substr(0, colon));
  const std::string_view unit = is_size ? "x" : rest.substr(std::min(colon + 1, rest.size()));
  if (!count || unit.empty() || *count > repeated_bytes_max / unit.size())
    return ScriptFault{"expected `size:1000` or `rep:1000:text`, found `" + std::string(text) +
                       "`"};
  for (std::uint64_t i = 0; i < *count; ++i) bytes += unit;
  return bytes;
}

}  // namespace mq::conformance
