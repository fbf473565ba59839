// Messages as JSON, the way mosquitto_sub's %j and %J print them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "protocol/packet.h"

namespace mq::client {

// "..." with what JSON does not allow inside escaped. Bytes that are no UTF-8 stay as they are.
void append_json_text(std::string_view text, std::string& out);

// The same value without blanks, numbers and escapes in their shortest common form. False if it is
// no JSON, or nested deeper than 100; then `out` is of no use.
bool append_compact_json(std::string_view json, std::string& out);

// The same with each member on a line of its own, indented by tabs. `compact` came from above.
void append_pretty_json(std::string_view compact, std::string& out);

enum class JsonPayload { text, json };
// False: the payload is no JSON and was to be.
bool append_json_message(const Publish& message, std::chrono::nanoseconds arrived,
                         JsonPayload payload, std::string& out);

// The time of arrival as strftime has it.
std::string arrival_text(std::chrono::nanoseconds arrived, const char* format);

}  // namespace mq::client
