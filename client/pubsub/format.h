// The flag `-F` of `sub`: how a message is printed, in mosquitto_sub's form. A part of the message
// is %[-][0][WIDTH][.MOST]LETTER, a part of the time of arrival @LETTER as strftime has it (@N:
// nanoseconds), and a backslash begins an escape.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/packet.h"

namespace mq::client {

inline constexpr std::size_t format_width_max = 9999;

// What is wrong with a format, as a sentence.
std::optional<std::string> format_breaks(std::string_view format);

enum class JsonLayout { compact, pretty };

// `arrived` is since the Unix epoch. The format must be sound. False: a part could not be printed
// (%J of a payload that is no JSON); then nothing was appended.
bool append_formatted(std::string_view format, const Publish& message,
                      std::chrono::nanoseconds arrived, std::string& out,
                      JsonLayout layout = JsonLayout::compact);

}  // namespace mq::client
