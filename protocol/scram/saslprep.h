// SASLprep (RFC 4013): one form for user names and passwords that look the same, before they are
// hashed or compared.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mq {

// The prepared text. Nothing if it is empty then, is no UTF-8, holds what the RFC prohibits or what
// Unicode 3.2 does not know, or would have to be composed or decomposed first: it then has a form
// that is taken, and which one is meant is for its owner to say. ASCII without control characters
// always passes.
std::optional<std::string> saslprep(std::string_view text);

}  // namespace mq
