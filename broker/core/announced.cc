#include "broker/core/announced.h"

#include <algorithm>
#include <string_view>

#include "protocol/property_table.h"

namespace mq::broker {
namespace {

constexpr std::string_view name_and_level("\0\4MQTT\5", 7);
constexpr std::size_t flags_and_keep_alive = 3;

// Hands out bytes until there are no more; then `ended` sticks and all that is read is zero.
class Bytewise {
 public:
  explicit Bytewise(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool ended() const { return ended_; }
  std::span<const std::byte> take(std::size_t count) {
    ended_ |= count > bytes_.size();
    const auto taken = bytes_.first(ended_ ? 0 : count);
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  std::uint32_t number(std::size_t count) {
    std::uint32_t value = 0;
    for (const std::byte byte : take(count)) value = value << 8 | std::to_integer<unsigned>(byte);
    return value;
  }
  std::uint32_t variable_integer() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint32_t byte = number(1);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    ended_ = true;
    return 0;
  }
  Bytewise part(std::size_t count) const {
    return Bytewise(bytes_.first(std::min(count, bytes_.size())));
  }

 private:
  std::span<const std::byte> bytes_;
  bool ended_ = false;
};

void skip(PropertyForm form, Bytewise& in) {
  switch (form) {
    case PropertyForm::byte:
      in.take(1);
      return;
    case PropertyForm::two_bytes:
      in.take(2);
      return;
    case PropertyForm::four_bytes:
      in.take(4);
      return;
    case PropertyForm::variable_integer:
      in.variable_integer();
      return;
    case PropertyForm::text_pair:
      in.take(in.number(2));
      [[fallthrough]];
    case PropertyForm::text:
    case PropertyForm::binary:
      in.take(in.number(2));
  }
}

}  // namespace

Announced announced_by(std::span<const std::byte> packet) {
  Bytewise in(packet);
  if (in.number(1) != 0x10) return {};
  in.variable_integer();
  const auto name = in.take(name_and_level.size());
  if (in.ended() || !std::ranges::equal(name, std::as_bytes(std::span(name_and_level)))) return {};
  Announced said{.version = Version::v5};
  in.take(flags_and_keep_alive);
  Bytewise properties = in.part(in.variable_integer());
  while (!properties.ended()) {
    const PropertyInfo* property = property_info(properties.variable_integer());
    if (property == nullptr) return said;
    if (property->id != PropertyId::maximum_packet_size) {
      skip(property->form, properties);
      continue;
    }
    const std::uint32_t most = properties.number(4);
    // Said twice, which is a fault, the client may mean either.
    if (!properties.ended() && most > 0)
      said.packet_bytes_max =
          said.packet_bytes_max == 0 ? most : std::min(said.packet_bytes_max, most);
  }
  return said;
}

}  // namespace mq::broker
