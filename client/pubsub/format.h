// The flag `-F` of `sub`: how a message is printed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/packet.h"

namespace mq::client {

// What is wrong with a format, as a sentence.
std::optional<std::string> format_breaks(std::string_view format);

// `unix_seconds` is the time of arrival. The format must be sound.
void append_formatted(std::string_view format, const Publish& message, double unix_seconds,
                      std::string& out);

}  // namespace mq::client
