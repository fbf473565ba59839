#include "broker/access/password_hash.h"

#include <argon2.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ensure.h"
#include "base/overloaded.h"

namespace mq::broker {
namespace {

constexpr std::size_t hash_bytes = 64;
constexpr std::uint32_t argon2_kib_max = 1024 * 1024;
constexpr std::uint32_t argon2_passes_max = 1000;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string pbkdf2(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  std::string hash(hash_bytes, '\0');
  ensure(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt),
                           static_cast<int>(salt.size()), static_cast<int>(iterations),
                           EVP_sha512(), static_cast<int>(hash.size()),
                           reinterpret_cast<unsigned char*>(hash.data())) == 1,
         "PBKDF2 is there");
  return hash;
}

std::string salted_sha512(std::string_view password, std::string_view salt) {
  const std::string text = std::string(password) + std::string(salt);
  std::string hash(hash_bytes, '\0');
  SHA512(bytes_of(text), text.size(), reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string argon2(std::string_view password, std::string_view salt, const HashCost& cost) {
  char text[256] = {};
  const int failure =
      argon2id_hash_encoded(cost.passes, cost.memory_kib, 1, password.data(), password.size(),
                            salt.data(), salt.size(), 32, text, sizeof text);
  ensure(failure == ARGON2_OK, "argon2id hashes with a legal cost");
  return text;
}

std::string_view part(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('$'), rest.size());
  const std::string_view found = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return found;
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > most)
    return std::nullopt;
  return value;
}

std::optional<PasswordHash> argon2_of(std::string_view text) {
  std::string_view rest = text.substr(1);
  if (part(rest) != "argon2id" || part(rest) != "v=19") return std::nullopt;
  std::string_view cost = part(rest);
  const auto value = [&](std::string_view name, std::uint32_t most) {
    if (!cost.starts_with(name)) return false;
    cost.remove_prefix(name.size());
    const std::size_t end = std::min(cost.find(','), cost.size());
    const bool fits = number(cost.substr(0, end), most).has_value();
    cost.remove_prefix(std::min(end + 1, cost.size()));
    return fits;
  };
  if (!value("m=", argon2_kib_max) || !value("t=", argon2_passes_max) || !value("p=", 64) ||
      !cost.empty())
    return std::nullopt;
  // libargon2's Base64 has no padding.
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::string_view salt = part(rest);
  if (salt.size() < 11 || rest.size() < 16 || salt.find_first_not_of(letters) != salt.npos ||
      rest.find_first_not_of(letters) != rest.npos)
    return std::nullopt;
  return Argon2id{std::string(text)};
}

}  // namespace

PasswordHash hash_password(std::string_view password, HashKind kind, std::string_view salt,
                           const HashCost& cost) {
  switch (kind) {
    case HashKind::argon2id:
      return Argon2id{argon2(password, salt, cost)};
    case HashKind::scram_sha_256:
      return make_scram_credential(password, salt, cost.iterations);
    case HashKind::sha512_pbkdf2:
      break;
  }
  return Pbkdf2Sha512{cost.iterations, std::string(salt), pbkdf2(password, salt, cost.iterations)};
}

bool password_is(const PasswordHash& hash, std::string_view password) {
  return std::visit(
      overloaded{
          [&](const Pbkdf2Sha512& h) {
            return same(pbkdf2(password, h.salt, h.iterations), h.hash);
          },
          [&](const SaltedSha512& h) { return same(salted_sha512(password, h.salt), h.hash); },
          [&](const Argon2id& h) {
            return argon2id_verify(h.text.c_str(), password.data(), password.size()) == ARGON2_OK;
          },
          [&](const ScramCredential& h) { return scram_password_is(h, password); }},
      hash);
}

std::string to_text(const PasswordHash& hash) {
  return std::visit(overloaded{[](const Pbkdf2Sha512& h) {
                                 return "$7$" + std::to_string(h.iterations) + "$" +
                                        base64(h.salt) + "$" + base64(h.hash);
                               },
                               [](const SaltedSha512& h) {
                                 return "$6$" + base64(h.salt) + "$" + base64(h.hash);
                               },
                               [](const Argon2id& h) { return h.text; },
                               [](const ScramCredential& h) { return mq::to_text(h); }},
                    hash);
}

std::optional<PasswordHash> password_hash_of(std::string_view text) {
  if (text.starts_with(scram_sha_256)) {
    if (auto credential = scram_credential_of(text)) return *credential;
    return std::nullopt;
  }
  if (text.starts_with("$argon2id$")) return argon2_of(text);
  const bool is_slow = text.starts_with("$7$");
  if (!is_slow && !text.starts_with("$6$")) return std::nullopt;
  std::string_view rest = text.substr(3);
  const auto iterations =
      is_slow ? number(part(rest), hash_iterations_max) : std::optional<std::uint32_t>(1);
  const auto salt = from_base64(part(rest));
  const auto hash = from_base64(rest);
  if (!iterations || !salt || !hash || hash->size() != hash_bytes) return std::nullopt;
  if (is_slow) return Pbkdf2Sha512{*iterations, *salt, *hash};
  return SaltedSha512{*salt, *hash};
}

}  // namespace mq::broker
