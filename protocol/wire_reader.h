// Reads the data types of the wire (3.1.1 section 1.5, 5.0 section 1.5) out of one packet. The
// first fault sticks: afterwards every read yields zero or nothing and at_end() is true, so that a
// decoder is a straight line and looks at the fault once. Internal to protocol/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "protocol/codec.h"
#include "protocol/property.h"
#include "protocol/property_table.h"
#include "protocol/rule.h"

namespace mq::wire {

class Reader {
 public:
  // Reads `packet` from byte `begin` on; offsets count from its first byte.
  Reader(std::span<const std::byte> packet, std::size_t begin)
      : packet_(packet), at_(begin), end_(packet.size()) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint32_t variable_integer();
  std::string text();
  Bytes binary();
  Bytes rest();

  // The bytes of a length-prefixed field, not looked at.
  std::string_view field();

  // The length and the properties of 5.0, every one checked against the table.
  Properties properties(PropertyPlaces where, Sender from);

  std::size_t at() const { return at_; }
  bool at_end() const { return at_ == end_; }
  const std::optional<Malformed>& fault() const { return fault_; }

  void require(bool holds, Rule rule, std::size_t offset) {
    if (!holds) [[unlikely]]
      fail(rule, offset);
  }
  void fail(Rule rule, std::size_t offset);

 private:
  std::string_view take(std::size_t count, std::size_t field_begin);
  void property(Properties& into, std::uint64_t& seen, PropertyPlaces where, Sender from);
  PropertyValue value(const PropertyInfo& info, std::size_t id_at);
  void check(const PropertyInfo& info, const PropertyValue& value, std::size_t id_at);

  std::span<const std::byte> packet_;
  std::size_t at_;
  std::size_t end_;
  Rule overrun_ = Rule::packet_is_as_long_as_announced;
  std::optional<Malformed> fault_;
};

}  // namespace mq::wire
