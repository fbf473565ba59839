#include "reports/text/secret.h"

#include <algorithm>
#include <variant>

namespace mq::report {

std::span<const std::byte> without_password(const Packet& packet, std::span<const std::byte> wire,
                                            std::vector<std::byte>& scratch) {
  const auto* connect = std::get_if<Connect>(&packet);
  if (connect == nullptr || !connect->password) return wire;
  scratch.assign(wire.begin(), wire.end());
  const std::size_t secret = std::min(connect->password->size(), scratch.size());
  std::fill(scratch.end() - static_cast<std::ptrdiff_t>(secret), scratch.end(), std::byte{'*'});
  return scratch;  // the password is the last field
}

}  // namespace mq::report
