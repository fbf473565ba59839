// One password as it is kept: never itself, only what recognises it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/scram/scram.h"

namespace mq::broker {

struct Pbkdf2Sha512 {  // mosquitto's $7$
  std::uint32_t iterations = 0;
  std::string salt;
  std::string hash;
};
struct SaltedSha512 {  // mosquitto's $6$, of its versions before 2.0: fast, so easily guessed
  std::string salt;
  std::string hash;
};
struct Argon2id {
  std::string text;  // "$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH"
};
using PasswordHash = std::variant<Pbkdf2Sha512, SaltedSha512, Argon2id, ScramCredential>;

enum class HashKind : std::uint8_t { sha512_pbkdf2, argon2id, scram_sha_256 };

struct HashCost {
  std::uint32_t iterations = 210'000;    // of PBKDF2, also in SCRAM (OWASP, 2023)
  std::uint32_t memory_kib = 19 * 1024;  // of argon2id
  std::uint32_t passes = 2;
};
inline constexpr std::uint32_t hash_iterations_max = 10'000'000;

// `salt` is random bytes; mosquitto takes 12.
PasswordHash hash_password(std::string_view password, HashKind kind, std::string_view salt,
                           const HashCost& cost = {});
// Slow on purpose; the comparison takes the same time whatever differs.
bool password_is(const PasswordHash& hash, std::string_view password);

std::string to_text(const PasswordHash& hash);
// Nothing if it is none that we know, or costs more than can be borne.
std::optional<PasswordHash> password_hash_of(std::string_view text);

}  // namespace mq::broker
