#include "protocol/scram/scram.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ensure.h"
#include "protocol/scram/saslprep.h"

namespace mq {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
std::string_view text_of(const Sha256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Sha256 hmac(std::string_view key, std::string_view text) {
  Sha256 result;
  unsigned size = 0;
  ensure(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
              result.data(), &size) != nullptr,
         "HMAC-SHA-256 is there");
  return result;
}

Sha256 sha256(std::string_view text) {
  Sha256 result;
  SHA256(bytes_of(text), text.size(), result.data());
  return result;
}

Sha256 salted(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Sha256 result;
  ensure(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), bytes_of(salt),
                           static_cast<int>(salt.size()), static_cast<int>(iterations),
                           EVP_sha256(), static_cast<int>(result.size()), result.data()) == 1,
         "PBKDF2 is there");
  return result;
}

Sha256 exclusive_or(const Sha256& a, std::string_view b) {
  Sha256 result;
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<unsigned char>(a[i] ^ static_cast<unsigned char>(b[i]));
  return result;
}

bool same(const Sha256& a, const Sha256& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool read_hash(std::string_view text, Sha256& into) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() != into.size()) return false;
  std::copy(bytes->begin(), bytes->end(), into.begin());
  return true;
}

std::optional<std::uint32_t> read_iterations(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < scram_iterations_min ||
      value > scram_iterations_max)
    return std::nullopt;
  return value;
}

// Takes "k=value" off the front, with the comma behind it.
std::optional<std::string_view> take(std::string_view& rest, char key) {
  if (rest.size() < 2 || rest[0] != key || rest[1] != '=') return std::nullopt;
  const std::size_t comma = rest.find(',');
  const std::string_view value = rest.substr(2, comma == rest.npos ? rest.npos : comma - 2);
  rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  return value;
}

std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) text += c == ',' ? "=2C" : c == '=' ? "=3D" : std::string(1, c);
  return text;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      name += text[i];
    } else if (text.substr(i, 3) == "=2C" || text.substr(i, 3) == "=3D") {
      name += text[i + 2] == 'C' ? ',' : '=';
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return saslprep(name);
}

bool is_nonce(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return c > 0x20 && c < 0x7F && c != ','; });
}

}  // namespace

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes_of(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 1'000'000) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), bytes_of(text),
                      static_cast<int>(text.size())) < 0)
    return std::nullopt;
  bytes.resize(bytes.size() - (text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0));
  if (base64(bytes) != text) return std::nullopt;  // OpenSSL overlooks blanks around it
  return bytes;
}

ScramCredential make_scram_credential(std::string_view password, std::string_view salt,
                                      std::uint32_t iterations) {
  const Sha256 key = salted(saslprep(password).value_or(std::string(password)), salt, iterations);
  return {iterations, std::string(salt), sha256(text_of(hmac(text_of(key), "Client Key"))),
          hmac(text_of(key), "Server Key")};
}

bool scram_password_is(const ScramCredential& credential, std::string_view password) {
  return saslprep(password).has_value() &&
         same(make_scram_credential(password, credential.salt, credential.iterations).stored_key,
              credential.stored_key);
}

std::string to_text(const ScramCredential& credential) {
  return std::string(scram_sha_256) + "$" + std::to_string(credential.iterations) + ":" +
         base64(credential.salt) + "$" + base64(text_of(credential.stored_key)) + ":" +
         base64(text_of(credential.server_key));
}

std::optional<ScramCredential> scram_credential_of(std::string_view text) {
  if (!text.starts_with(scram_sha_256)) return std::nullopt;
  text.remove_prefix(scram_sha_256.size());
  const auto part = [&](char ends_at) -> std::string_view {
    const std::size_t end = std::min(text.find(ends_at), text.size());
    const std::string_view found = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return found;
  };
  if (!part('$').empty()) return std::nullopt;
  const auto iterations = read_iterations(part(':'));
  const auto salt = from_base64(part('$'));
  ScramCredential credential;
  if (!iterations || !salt || !read_hash(part(':'), credential.stored_key) ||
      !read_hash(text, credential.server_key))
    return std::nullopt;
  credential.iterations = *iterations;
  credential.salt = *salt;
  return credential;
}

// ---- The client ------------------------------------------------------------------------------

ScramClient::ScramClient(const std::string& user, const std::string& password, std::string nonce)
    : user_(saslprep(user).value_or(user)),
      password_(saslprep(password).value_or(password)),
      nonce_(std::move(nonce)) {}

std::string ScramClient::first() {
  first_bare_ = "n=" + escaped(user_) + ",r=" + nonce_;
  return "n,," + first_bare_;
}

std::optional<std::string> ScramClient::last(std::string_view server_first) {
  std::string_view rest = server_first;
  const auto nonce = take(rest, 'r');
  const auto salt_text = take(rest, 's');
  const auto iterations_text = take(rest, 'i');
  if (!nonce || !salt_text || !iterations_text) return std::nullopt;
  const auto salt = from_base64(*salt_text);
  const auto iterations = read_iterations(*iterations_text);
  if (!salt || !iterations || !is_nonce(*nonce) || !nonce->starts_with(nonce_) ||
      nonce->size() == nonce_.size())
    return std::nullopt;
  const std::string without_proof = "c=biws,r=" + std::string(*nonce);
  auth_message_ = first_bare_ + "," + std::string(server_first) + "," + without_proof;
  const Sha256 key = salted(password_, *salt, *iterations);
  const Sha256 client_key = hmac(text_of(key), "Client Key");
  const Sha256 signature = hmac(text_of(sha256(text_of(client_key))), auth_message_);
  server_key_ = hmac(text_of(key), "Server Key");
  return without_proof + ",p=" + base64(text_of(exclusive_or(client_key, text_of(signature))));
}

bool ScramClient::trusts(std::string_view server_last) const {
  Sha256 proof{};
  const auto text = take(server_last, 'v');
  return !auth_message_.empty() && text && read_hash(*text, proof) &&
         same(proof, hmac(text_of(server_key_), auth_message_));
}

// ---- The server ------------------------------------------------------------------------------

std::optional<std::string> ScramServer::first(std::string_view client_first,
                                              const LookUp& look_up) {
  // Without channel binding, and in nobody else's name.
  if (!client_first.starts_with("n,,") && !client_first.starts_with("y,,")) return std::nullopt;
  gs2_header_ = client_first.substr(0, 3);
  const std::string_view bare = client_first.substr(3);
  std::string_view rest = bare;
  const auto name = take(rest, 'n');
  const auto nonce = take(rest, 'r');
  if (!name || !nonce || !is_nonce(*nonce)) return std::nullopt;
  const auto user = unescaped(*name);
  if (!user) return std::nullopt;
  user_ = *user;
  looked_ = look_up(user_);
  nonce_ = std::string(*nonce) + nonce_;
  const std::string answer = "r=" + nonce_ + ",s=" + base64(looked_.credential.salt) +
                             ",i=" + std::to_string(looked_.credential.iterations);
  auth_begin_ = std::string(bare) + "," + answer + ",";
  return answer;
}

std::optional<std::string> ScramServer::last(std::string_view client_last) const {
  const std::size_t proof_at = client_last.rfind(",p=");
  if (auth_begin_.empty() || proof_at == client_last.npos) return std::nullopt;
  std::string_view rest = client_last;
  const auto binding = take(rest, 'c');
  const auto nonce = take(rest, 'r');
  Sha256 proof{};
  if (!binding || *binding != base64(gs2_header_) || !nonce || *nonce != nonce_ ||
      !read_hash(client_last.substr(proof_at + 3), proof))
    return std::nullopt;
  const std::string auth_message = auth_begin_ + std::string(client_last.substr(0, proof_at));
  const ScramCredential& credential = looked_.credential;
  const Sha256 signature = hmac(text_of(credential.stored_key), auth_message);
  const Sha256 client_key = exclusive_or(proof, text_of(signature));
  const bool right = same(sha256(text_of(client_key)), credential.stored_key);
  if (!right || !looked_.known) return std::nullopt;
  return "v=" + base64(text_of(hmac(text_of(credential.server_key), auth_message)));
}

}  // namespace mq
