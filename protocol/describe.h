// Packets as one line of text, for logs, reports and the vectors' expectations. Whatever a peer put
// into a packet, the line is printable: control characters, invisible direction marks and bytes
// that are no UTF-8 are escaped. Passwords and authentication data are told by their size only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/codec.h"

namespace mq {

// `PUBLISH topic="a/b" id=7 qos=1 retain payload="21.5" {message_expiry_interval=60}`. Of a
// payload or another binary field, at most `binary_bytes_max` bytes are shown, and how many more
// there are; apart from that and from secrets, different packets give different lines. `version`
// decides how return codes are called; CONNECT tells its own.
std::string describe(const Packet& packet, Version version,
                     std::size_t binary_bytes_max = std::string::npos);

// `topic_name_has_no_wildcard at byte 2`.
std::string describe(const Malformed& fault);

// A string or bytes in double quotes: "a\"b\n\x80\u{202e}".
std::string quoted(std::string_view text);

}  // namespace mq
