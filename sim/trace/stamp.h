// The mark by which the ledger tells messages apart, whoever the broker is: every payload that a
// scenario publishes begins with it. Printable, so that captures and diagrams stay readable:
// "#2s.1f;" is message 51 of client 100, "!2s.3;" the will of client 100's third connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mq::trace {

enum class ClientIndex : std::uint32_t {};  // position in RunInfo::clients

struct Stamp {
  enum class Origin : std::uint8_t { publish, will };
  Origin origin = Origin::publish;
  ClientIndex publisher{};
  std::uint64_t number = 0;  // of the message; of a will: the connection that it belongs to
  bool operator==(const Stamp&) const = default;
  auto operator<=>(const Stamp&) const = default;
};

// The smallest payload that a scenario may ask for: room for any stamp of a run.
inline constexpr std::size_t stamped_payload_bytes_min = 16;

std::string to_text(const Stamp& stamp);
// The stamp that a payload begins with; nothing if it begins with none.
std::optional<Stamp> stamp_of(std::string_view payload);

}  // namespace mq::trace
