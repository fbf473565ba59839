// The message that pub and rr were asked to publish, where it is one and not line after line.
#pragma once

#include <optional>

#include "client/pubsub/options.h"

namespace mq::client {

inline constexpr std::size_t read_bytes = 64 * 1024;  // of stdin, at once

// Nothing: it could not be read, and that was told on stderr.
std::optional<Bytes> read_message(const MessageSource& source, const char* verb);

}  // namespace mq::client
