#include "protocol/wire_reader.h"

#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq::wire {

void Reader::fail(Rule rule, std::size_t offset) {
  if (!fault_) fault_ = Malformed{rule, offset};
  at_ = end_;
}

std::string_view Reader::take(std::size_t count, std::size_t field_begin) {
  if (count > end_ - at_) [[unlikely]] {
    fail(overrun_, field_begin);
    return {};
  }
  const auto* begin = reinterpret_cast<const char*>(packet_.data()) + at_;
  at_ += count;
  return {begin, count};
}

std::uint8_t Reader::u8() {
  const std::string_view bytes = take(1, at_);
  return bytes.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(bytes[0]);
}

std::uint16_t Reader::u16() {
  const std::string_view bytes = take(2, at_);
  if (bytes.empty()) return 0;
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(bytes[0]) << 8 |
                                    static_cast<std::uint8_t>(bytes[1]));
}

std::uint32_t Reader::u32() {
  const std::string_view bytes = take(4, at_);
  std::uint32_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
  return value;
}

std::uint32_t Reader::variable_integer() {
  const std::size_t begin = at_;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const std::string_view bytes = take(1, begin);
    if (bytes.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(bytes[0]);
    value |= (byte & 0x7FU) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (i > 0 && byte == 0) {
      fail(Rule::variable_integer_is_minimal, begin);
      return 0;
    }
    return value;
  }
  fail(Rule::variable_integer_has_four_bytes_at_most, begin);
  return 0;
}

std::string_view Reader::field() {
  const std::size_t begin = at_;
  const std::size_t size = u16();
  return fault_ ? std::string_view{} : take(size, begin);
}

std::string Reader::text() {
  const std::size_t begin = at_ + 2;
  const std::string_view bytes = field();
  if (const auto broken = utf8_breaks(bytes)) {
    fail(broken->rule, begin + broken->offset);
    return {};
  }
  return std::string(bytes);
}

Bytes Reader::binary() { return Bytes::copy(field()); }

Bytes Reader::rest() { return Bytes::copy(take(end_ - at_, at_)); }

Properties Reader::properties(PropertyPlaces where, Sender from) {
  Properties all;
  const std::size_t begin = at_;
  const std::size_t size = variable_integer();
  if (fault_ || size == 0) return all;
  if (size > end_ - at_) {
    fail(Rule::properties_are_as_long_as_announced, begin);
    return all;
  }
  const std::size_t end = std::exchange(end_, at_ + size);
  overrun_ = Rule::properties_are_as_long_as_announced;
  std::uint64_t seen = 0;
  while (!at_end()) property(all, seen, where, from);
  overrun_ = Rule::packet_is_as_long_as_announced;
  end_ = end;
  if (fault_) at_ = end_;
  return all;
}

void Reader::property(Properties& into, std::uint64_t& seen, PropertyPlaces where, Sender from) {
  const std::size_t id_at = at_;
  const std::uint32_t id = variable_integer();
  if (fault_) return;
  const PropertyInfo* info = property_info(id);
  if (info == nullptr) return fail(Rule::property_is_known, id_at);
  const bool of_client = (info->from_client & where) != 0;
  const bool of_server = (info->from_server & where) != 0;
  if (from == Sender::client ? !of_client : !of_server) {
    if (!of_client && !of_server) return fail(Rule::property_is_of_this_packet, id_at);
    return fail(from == Sender::client ? Rule::client_sends_no_subscription_identifier
                                       : Rule::server_sends_no_session_expiry,
                id_at);
  }
  const std::uint64_t bit = 1ULL << id;
  if ((seen & bit) != 0 && (info->repeatable & where) == 0)
    return fail(Rule::property_comes_once, id_at);
  seen |= bit;
  PropertyValue read = value(*info, id_at);
  if (!fault_) into.add(info->id, std::move(read));
}

PropertyValue Reader::value(const PropertyInfo& info, std::size_t id_at) {
  PropertyValue read;
  switch (info.form) {
    case PropertyForm::byte:
      read = std::uint32_t{u8()};
      break;
    case PropertyForm::two_bytes:
      read = std::uint32_t{u16()};
      break;
    case PropertyForm::four_bytes:
      read = u32();
      break;
    case PropertyForm::variable_integer:
      read = variable_integer();
      break;
    case PropertyForm::text:
      read = text();
      break;
    case PropertyForm::binary:
      return binary();
    case PropertyForm::text_pair: {
      std::string key = text();
      return UserProperty{std::move(key), text()};
    }
  }
  if (!fault_) check(info, read, id_at);
  return read;
}

void Reader::check(const PropertyInfo& info, const PropertyValue& value, std::size_t id_at) {
  if (const auto* number = std::get_if<std::uint32_t>(&value)) {
    if (*number >= info.min && *number <= info.max) return;
    fail(info.id == PropertyId::topic_alias ? Rule::topic_alias_is_nonzero
                                            : Rule::property_value_is_legal,
         id_at);
  } else if (info.id == PropertyId::response_topic) {
    if (const auto broken = topic_name_breaks(std::get<std::string>(value))) fail(*broken, id_at);
  }
}

}  // namespace mq::wire
