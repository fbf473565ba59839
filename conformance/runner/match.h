// Does a packet that arrived say what a script expects?
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/runner/placeholders.h"
#include "protocol/packet.h"

namespace mq::conformance {

// What a packet says under this name: numbers in decimal digits, texts as their bytes; nothing if
// the packet does not have it. Several values (reasons, user properties) are joined by commas.
std::optional<std::string> seen(const Packet& packet, std::string_view field);

// The same, of what stands in the bytes of a packet however it is decoded: `is_of_wire` fields.
std::optional<std::string> seen_on_wire(std::span<const std::byte> wire, std::string_view field);

struct Expectation {
  Kind packet = Kind::publish;
  const std::vector<Field>* fields = nullptr;
  // Of an acknowledgement whose `id` or `reason` the script does not name.
  std::optional<std::uint16_t> usual_id;
  std::span<const std::byte> wire = {};  // of the packet, as it came
};

struct Match {
  std::string mismatch;  // empty: it is what was expected
  std::map<std::string, std::string> captured;
  std::optional<ScriptFault> fault;
};
Match match(const Packet& packet, Version version, const Expectation& expected,
            const LookUp& look_up);

// One value of a script against one of a peer.
Match match_value(const std::optional<std::string>& seen, const Value& wanted,
                  const LookUp& look_up);

// An acknowledgement, or a refusal in it: a failing reason code.
bool is_refusal(const Packet& packet);
std::optional<std::uint8_t> reason_of(const Packet& packet);  // the gravest, of SUBACK

bool compare(Alternative::Is how, const std::string& left, const std::string& right);

}  // namespace mq::conformance
