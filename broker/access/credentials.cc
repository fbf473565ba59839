#include "broker/access/credentials.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/utf8.h"

namespace mq::broker {
namespace {

// Tells nothing of the text, as an HMAC key does not either, and is short.
std::string digest(std::string_view text) {
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), hash, &size, EVP_sha256(), nullptr);
  return {reinterpret_cast<const char*>(hash), size};
}

}  // namespace

std::string Credentials::keyed(std::string_view user) const {
  unsigned char hash[32] = {};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(user.data()), user.size(), hash, &size);
  return {reinterpret_cast<const char*>(hash), size};
}

bool Credentials::verify(const std::string& user, std::string_view password) const {
  if (const auto at = users_.find(user); at != users_.end())
    return password_is(at->second, password);
  if (users_.empty()) return false;
  // As much work as for one of the users, always the same one.
  const auto choice = static_cast<unsigned char>(keyed(user)[0]) * users_.size() / 256;
  password_is(std::next(users_.begin(), static_cast<std::ptrdiff_t>(choice))->second, password);
  return false;
}

ScramServer::Looked Credentials::look_up(const std::string& user) const {
  if (const auto at = users_.find(user); at != users_.end())
    if (const auto* credential = std::get_if<ScramCredential>(&at->second))
      return {*credential, true};
  ScramCredential nobody{.iterations = HashCost{}.iterations, .salt = keyed(user).substr(0, 16)};
  for (const auto& [name, hash] : users_)
    if (const auto* credential = std::get_if<ScramCredential>(&hash)) {
      nobody.iterations = credential->iterations;
      nobody.salt.resize(std::min(nobody.salt.size(), credential->salt.size()));
      break;
    }
  return {nobody, false};
}

bool Credentials::same_user(const Credentials& other, const std::string& user) const {
  const auto ours = users_.find(user);
  const auto theirs = other.users_.find(user);
  if (ours == users_.end() || theirs == other.users_.end()) return false;
  return to_text(ours->second) == to_text(theirs->second);
}

std::vector<std::string> Credentials::changed_in(const Credentials& later) const {
  std::vector<std::string> changed;
  for (const auto& [name, hash] : users_)
    if (!same_user(later, name)) changed.push_back(name);
  return changed;
}

std::string user_name_fault(std::string_view name) {
  if (name.empty()) return "expected a user name";
  if (name.find(':') != name.npos) return "a user name holds no colon";
  if (name.front() == '#') return "a user name does not begin with #";
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return "a user name holds no control characters";
  if (utf8_breaks(name)) return "a user name is UTF-8 text";
  if (name.size() > 0xFFFF) return "a user name has at most 65,535 bytes";
  return {};
}

Credentials parse_passwords(std::string_view text, const std::string& file, std::string secret) {
  Credentials found(std::move(secret));
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    if (line.empty() || colon == line.npos)
      throw FileFault(file, number, line.size() + 1, "expected USER:HASH");
    const std::string user(line.substr(0, colon));
    if (const auto fault = user_name_fault(user); !fault.empty())
      throw FileFault(file, number, 1, fault);
    const std::string_view hash_text = line.substr(colon + 1);
    auto hash = password_hash_of(hash_text);
    if (!hash)
      throw FileFault(file, number, colon + 2,
                      "expected a hash ($7$, $6$, $argon2id$ or SCRAM-SHA-256$) for user " +
                          shown(user) + "; make one with: mqttlab passwd FILE USER");
    if (found.knows(user))
      throw FileFault(file, number, 1, "the user " + shown(user) + " stands here twice");
    found.set(user, std::move(*hash));
  }
  return found;
}

Credentials read_password_file(const std::string& path, std::string secret) {
  const std::string text = read_access_file(path);
  if (secret.empty()) secret = digest(text);
  return parse_passwords(text, path, std::move(secret));
}

std::string read_unknown_users_key(const std::string& path) {
  constexpr std::size_t bytes_min = 16;
  const std::string text = read_access_file(path);
  if (text.size() < bytes_min)
    throw FileFault(path, "expected at least " + std::to_string(bytes_min) + " random bytes");
  return digest(text);
}

}  // namespace mq::broker
