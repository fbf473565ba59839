#include "conformance/monitors/text_at.h"

#include <algorithm>
#include <optional>

#include "protocol/property_table.h"

namespace mq::monitors {
namespace {

// Walks the fields of a packet that may be cut short or wrong; past its end everything is 0.
class Walk {
 public:
  Walk(std::span<const std::byte> wire, std::size_t offset) : wire_(wire), offset_(offset) {}

  std::uint8_t u8() { return at_ < wire_.size() ? std::to_integer<std::uint8_t>(wire_[at_++]) : 0; }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 28; shift += 7) {
      const std::uint8_t byte = u8();
      value |= static_cast<std::uint32_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) break;
    }
    return value;
  }
  void skip(std::size_t count) { at_ = std::min(at_ + count, wire_.size()); }
  // A field with its length before it; whether the byte that is sought lies in it.
  void text(Fields field) { text(field, at_); }
  // ... and `begin` or what lies between.
  void text(Fields field, std::size_t begin) {
    skip(u16());
    if (offset_ >= begin && offset_ < at_) found_ = field;
  }
  void properties(Version version);
  bool at_end() const { return at_ >= wire_.size(); }
  Fields found() const { return found_; }

 private:
  std::span<const std::byte> wire_;
  std::size_t offset_;
  std::size_t at_ = 0;
  Fields found_ = elsewhere;
};

Fields field_of(PropertyId id) {
  switch (id) {
    case PropertyId::response_topic:
      return in_response_topic;
    case PropertyId::content_type:
      return in_content_type;
    case PropertyId::user_property:
      return in_user_property;
    default:
      return elsewhere;
  }
}

void Walk::properties(Version version) {
  if (version != Version::v5) return;
  const std::size_t length = variable();
  const std::size_t end = std::min(at_ + length, wire_.size());
  while (at_ < end) {
    const std::size_t begin = at_;
    const PropertyInfo* const property = property_info(variable());
    if (property == nullptr) break;
    switch (property->form) {
      case PropertyForm::byte:
        skip(1);
        break;
      case PropertyForm::two_bytes:
        skip(2);
        break;
      case PropertyForm::four_bytes:
        skip(4);
        break;
      case PropertyForm::variable_integer:
        variable();
        break;
      case PropertyForm::text_pair:
        text(field_of(property->id), begin);
        [[fallthrough]];
      case PropertyForm::text:
      case PropertyForm::binary:
        text(field_of(property->id), begin);
        break;
    }
  }
  at_ = end;
}

void walk_connect(Walk& walk) {
  walk.text(elsewhere);
  const auto version = static_cast<Version>(walk.u8());
  const std::uint8_t flags = walk.u8();
  walk.u16();
  walk.properties(version);
  walk.text(in_client_id);
  if ((flags & 0x04U) != 0) {
    walk.properties(version);
    walk.text(in_will_topic);
    walk.text(elsewhere);
  }
  if ((flags & 0x80U) != 0) walk.text(in_user_name);
}

}  // namespace

Fields text_at(std::span<const std::byte> wire, Version version, std::size_t offset) {
  Walk walk(wire, offset);
  const std::uint8_t first = walk.u8();
  walk.variable();
  switch (static_cast<Kind>(first >> 4)) {
    case Kind::connect:
      walk_connect(walk);
      break;
    case Kind::conn_ack:
      walk.u16();
      walk.properties(version);
      break;
    case Kind::publish:
      walk.text(in_topic);
      if ((first & 0x06U) != 0) walk.u16();
      walk.properties(version);
      break;
    case Kind::subscribe:
    case Kind::unsubscribe:
      walk.u16();
      walk.properties(version);
      while (!walk.at_end()) {
        walk.text(in_filter);
        if (static_cast<Kind>(first >> 4) == Kind::subscribe) walk.u8();
      }
      break;
    case Kind::sub_ack:
    case Kind::unsub_ack:
      walk.u16();
      walk.properties(version);
      break;
    case Kind::disconnect:
    case Kind::auth:
      walk.u8();
      walk.properties(version);
      break;
    default:  // PUBACK and its like
      walk.u16();
      walk.u8();
      walk.properties(version);
  }
  return walk.found();
}

}  // namespace mq::monitors
