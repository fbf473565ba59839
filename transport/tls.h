// TLS 1.2 and 1.3 as a layer, by OpenSSL: only ephemeral keys and authenticated ciphers, no
// renegotiation, no compression. A context is made from files once and shared by connections; who
// reloads certificates makes another one, and connections that stand keep theirs.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "transport/layer.h"

using SSL_CTX = struct ssl_ctx_st;

namespace mq::transport {

// A file, cipher or version that cannot be used; the text names it.
struct TlsError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct TlsPair {
  std::string certificate_file;  // PEM: the certificate, then what leads to its root
  std::string key_file;          // PEM; refused if everybody may read it
};

// The same as texts, for a world without files.
struct TlsPem {
  std::string certificate;
  std::string key;
  std::string authorities;  // whom to trust
};

enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

struct TlsServerOptions {
  enum class ClientCertificate : std::uint8_t { none, optional, required };

  // The first one serves clients that ask for no name, or for one that no certificate has.
  std::vector<TlsPair> pairs;
  ClientCertificate client_certificate = ClientCertificate::none;
  std::string ca_file, ca_path;  // who may have signed clients' certificates
  std::string crl_file;          // which of them are revoked
  TlsVersion version_min = TlsVersion::v1_2;
  std::string ciphers;     // of TLS 1.2, in OpenSSL's words; empty: all that are safe
  std::string ciphers_13;  // of TLS 1.3
  std::vector<std::string> alpn{"mqtt"};  // a client that offers others only is refused
  // Instead of certificates, which must be none: clients prove themselves by keys that both sides
  // have (psk.h). The hint is what they are told beforehand, in TLS 1.2.
  std::string psk_file, psk_hint;
};

// A key, as bytes, and whose it is.
struct TlsPsk {
  std::string identity;
  std::string key;
};

struct TlsClientOptions {
  std::string ca_file, ca_path;       // both empty: what this system trusts
  std::optional<TlsPair> pair;        // to prove who we are
  bool checks_name = true;            // the certificate must be for the host that was asked for
  std::optional<TlsVersion> version;  // only this one
  std::string ciphers;
  std::string ciphers_13;
  std::vector<std::string> alpn;
  std::optional<TlsPsk> psk;  // instead of certificates, on both sides
};

// For a simulated world: chance and time are given, nothing depends on the machine.
struct TlsWorld {
  Rng random;
  std::time_t now;  // by which certificates are judged
  // Told the secrets of the connection, a line each as in OpenSSL's key log; may be empty.
  std::function<void(std::string_view line)> hear_secret = {};
};

class TlsServer {
 public:
  explicit TlsServer(const TlsServerOptions& options);  // throws TlsError
  explicit TlsServer(const TlsPem& pem);                // throws TlsError
  std::unique_ptr<Layer> layer(std::optional<TlsWorld> world = std::nullopt) const;

 private:
  struct Choices;
  void add(const std::shared_ptr<SSL_CTX>& context);
  void use_keys(const TlsServerOptions& options);

  std::shared_ptr<Choices> choices_;
};

class TlsClient {
 public:
  explicit TlsClient(const TlsClientOptions& options);  // throws TlsError
  explicit TlsClient(const TlsPem& pem);                // throws TlsError; only its authorities
  // `host` is the name or address that was asked for.
  std::unique_ptr<Layer> layer(const std::string& host,
                               std::optional<TlsWorld> world = std::nullopt) const;

 private:
  std::shared_ptr<SSL_CTX> context_;
  bool checks_name_;
  std::shared_ptr<const TlsPsk> psk_;
};

}  // namespace mq::transport
