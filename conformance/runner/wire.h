// A packet from the fields of a script to bytes: whatever the script says, legal or not. Not the
// product's codec, so that a mistake of that one cannot hide itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "conformance/runner/placeholders.h"
#include "protocol/packet.h"

namespace mq::conformance {

// A field whose placeholders have been filled in: the bytes of a text, the digits of a number.
// Without a text it is to be left out.
struct Filled {
  std::string name;
  std::optional<std::string> text;
  bool is_twist = false;
};

struct Wire {
  std::vector<std::byte> bytes;
  std::size_t piece_bytes = 0;  // at most so many in one write; 0: all
  bool as_text_frame = false;   // over WebSocket, instead of a binary one
};
std::variant<Wire, ScriptFault> to_wire(Kind packet, const std::vector<Filled>& fields,
                                        Version version);

// What `hex:00ff`, `size:10` and `rep:3:ab` stand for; any other text is itself.
std::variant<std::string, ScriptFault> bytes_in(std::string_view text);

}  // namespace mq::conformance
