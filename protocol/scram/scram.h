// SCRAM-SHA-256 (RFC 5802, RFC 7677), both halves: what the two sides say, as functions of what
// they know and heard. Nonces come from the caller. User names and passwords are prepared by
// SASLprep (saslprep.h); what cannot be prepared is no user name and no password.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mq {

inline constexpr std::string_view scram_sha_256 = "SCRAM-SHA-256";

using Sha256 = std::array<unsigned char, 32>;

// What a server keeps of a password: enough to recognise it, not enough to be the client.
struct ScramCredential {
  std::uint32_t iterations = 0;
  std::string salt;  // bytes
  Sha256 stored_key{};
  Sha256 server_key{};
  bool operator==(const ScramCredential&) const = default;
};

inline constexpr std::uint32_t scram_iterations_min = 4096;  // RFC 7677
inline constexpr std::uint32_t scram_iterations_max = 10'000'000;

// Slow on purpose: in proportion to `iterations`. A password that cannot be prepared makes a
// credential that fits nothing.
ScramCredential make_scram_credential(std::string_view password, std::string_view salt,
                                      std::uint32_t iterations);
// Constant in time but for the hashing.
bool scram_password_is(const ScramCredential& credential, std::string_view password);

// As RFC 5803 has it: "SCRAM-SHA-256$210000:SALT$STORED:SERVER", in Base64.
std::string to_text(const ScramCredential& credential);
std::optional<ScramCredential> scram_credential_of(std::string_view text);

std::string base64(std::string_view bytes);
// Nothing if it is not exactly one Base64 text with its padding.
std::optional<std::string> from_base64(std::string_view text);

class ScramClient {
 public:
  // `nonce` is printable, without a comma, never used before.
  // A name or a password that cannot be prepared is sent, or hashed, as it is, and refused.
  ScramClient(const std::string& user, const std::string& password, std::string nonce);

  std::string first();
  // The answer to the server's first message; nothing if that is none, or if it asks for less than
  // the least or more than the most iterations. Slow.
  std::optional<std::string> last(std::string_view server_first);
  // Whether the server has proved that it knows the password too.
  bool trusts(std::string_view server_last) const;

 private:
  std::string user_;
  std::string password_;
  std::string nonce_;
  std::string first_bare_;
  std::string auth_message_;
  Sha256 server_key_{};
};

class ScramServer {
 public:
  // The credential of a user; one that fits no password if there is no such user, so that whoever
  // asks cannot tell. `known` says which.
  struct Looked {
    ScramCredential credential;
    bool known = false;
  };
  using LookUp = std::function<Looked(const std::string& user)>;

  explicit ScramServer(std::string nonce) : nonce_(std::move(nonce)) {}

  // The answer to the client's first message; nothing if that is none.
  std::optional<std::string> first(std::string_view client_first, const LookUp& look_up);
  // The server's proof, if the client's is right.
  std::optional<std::string> last(std::string_view client_last) const;
  const std::string& user() const { return user_; }  // as it says; who it is after last()

 private:
  std::string nonce_;
  std::string user_;
  std::string gs2_header_;
  std::string auth_begin_;
  Looked looked_;
};

}  // namespace mq
