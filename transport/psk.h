// Pre-shared keys of TLS: who has which, as mosquitto's psk_file says it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace mq::transport {

inline constexpr std::size_t psk_bytes_max = 256;
inline constexpr std::size_t psk_identity_bytes_max = 128;

// "0a1B": bytes from hexadecimal digits; nothing if there are others, or none, or too many.
std::optional<std::string> psk_of(std::string_view hex);

// Identities and their keys, as bytes. Lines of IDENTITY:KEY, the key in hexadecimal; those that
// are empty or begin with # are left out. Throws TlsError, whose text names the place and never
// holds a key.
std::map<std::string, std::string> parse_psks(std::string_view text, const std::string& file);
std::map<std::string, std::string> read_psk_file(const std::string& file);

}  // namespace mq::transport
