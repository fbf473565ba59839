#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "transport/openssl.h"
#include "transport/psk.h"
#include "transport/tls.h"

namespace mq::transport {
namespace {

using Context = std::shared_ptr<SSL_CTX>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;

Bio bio_of(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Ephemeral keys and authenticated encryption only.
constexpr const char* safe_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* safe_psk_ciphers = "ECDHE-PSK-CHACHA20-POLY1305";

[[noreturn]] void refuse(const std::string& what) {
  const std::string why = take_openssl_error();
  throw TlsError(why.empty() ? what : what + ": " + why);
}

void check_readable(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) throw TlsError(file + ": " + std::strerror(errno));
}

void check_private(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) throw TlsError(file + ": " + std::strerror(errno));
  if ((about.st_mode & (S_IROTH | S_IWOTH)) != 0)
    throw TlsError(file + ": a private key that everybody may read or write is refused; chmod 600");
}

Context new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  Context context(SSL_CTX_new(method), SSL_CTX_free);
  if (!context) refuse("OpenSSL gives no context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_PRIORITIZE_CHACHA);
  // An idle connection holds no record buffers.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY |
                                      SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return context;
}

void set_ciphers(SSL_CTX* context, const std::string& ciphers, const std::string& ciphers_13,
                 const char* otherwise = safe_ciphers) {
  const std::string& wanted = ciphers.empty() ? otherwise : ciphers;
  if (SSL_CTX_set_cipher_list(context, wanted.c_str()) != 1)
    refuse("ciphers \"" + wanted +
           "\": expected names of TLS 1.2 ciphers as `openssl ciphers` has them");
  const STACK_OF(SSL_CIPHER)* chosen = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(chosen); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(chosen, i);
    if (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_any) continue;  // of TLS 1.3: always safe
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    if ((exchange != NID_kx_ecdhe && exchange != NID_kx_ecdhe_psk) ||
        SSL_CIPHER_is_aead(cipher) != 1)
      throw TlsError("ciphers \"" + wanted + "\": " + SSL_CIPHER_get_name(cipher) +
                     " is refused; only ECDHE with AES-GCM, AES-CCM or ChaCha20 is safe");
  }
  if (!ciphers_13.empty() && SSL_CTX_set_ciphersuites(context, ciphers_13.c_str()) != 1)
    refuse("ciphers of TLS 1.3 \"" + ciphers_13 + "\": expected names as TLS_AES_128_GCM_SHA256");
}

void use_pair(SSL_CTX* context, const TlsPair& pair) {
  check_readable(pair.certificate_file);
  if (SSL_CTX_use_certificate_chain_file(context, pair.certificate_file.c_str()) != 1)
    refuse(pair.certificate_file + ": no certificate in PEM");
  if (pair.key_file.empty()) throw TlsError(pair.certificate_file + ": its private key is missing");
  check_private(pair.key_file);
  // Without a terminal nobody could type a pass phrase.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_PrivateKey_file(context, pair.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    refuse(pair.key_file + ": no private key in PEM without a pass phrase that belongs to " +
           pair.certificate_file);
  if (SSL_CTX_check_private_key(context) != 1)
    refuse(pair.key_file + ": not the key of " + pair.certificate_file);
}

void trust(SSL_CTX* context, const std::string& file, const std::string& path) {
  if (!file.empty()) {
    check_readable(file);
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1)
      refuse(file + ": no certificate of an authority in PEM");
  }
  if (!path.empty()) {
    check_readable(path);
    if (SSL_CTX_load_verify_dir(context, path.c_str()) != 1)
      refuse(path + ": no directory of certificates");
  }
}

void use_revocations(SSL_CTX* context, const std::string& file) {
  check_readable(file);
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_LOOKUP* const lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == nullptr || X509_load_crl_file(lookup, file.c_str(), X509_FILETYPE_PEM) < 1)
    refuse(file + ": no list of revoked certificates in PEM");
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

std::string alpn_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255)
      throw TlsError("ALPN: a protocol has 1 to 255 bytes");
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return {};
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

// What the callbacks of a server's contexts look at.
struct TlsServer::Choices {
  std::vector<Context> contexts;  // one per pair
  std::string alpn;
  std::map<std::string, std::string> keys;  // by identity

  // The size of the key; 0: the identity has none.
  static unsigned find_key(SSL* ssl, const char* identity, unsigned char* into, unsigned room) {
    const auto& all = static_cast<const Choices*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->keys;
    const auto found = all.find(identity);
    if (found == all.end() || found->second.size() > room) return 0;
    std::memcpy(into, found->second.data(), found->second.size());
    *static_cast<std::string*>(SSL_get_app_data(ssl)) = found->first;
    return static_cast<unsigned>(found->second.size());
  }

  static int choose_certificate(SSL* ssl, int*, void* argument) {
    const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    for (const Context& context : static_cast<const Choices*>(argument)->contexts) {
      X509* const certificate = SSL_CTX_get0_certificate(context.get());
      if (certificate == nullptr || X509_check_host(certificate, name, 0, 0, nullptr) != 1)
        continue;
      SSL_set_SSL_CTX(ssl, context.get());
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_OK;  // the first certificate: the client judges it
  }

  static int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                             const unsigned char* offered, unsigned int offered_size,
                             void* argument) {
    const std::string& ours = static_cast<const Choices*>(argument)->alpn;
    unsigned char* out = nullptr;
    const int result =
        SSL_select_next_proto(&out, size, reinterpret_cast<const unsigned char*>(ours.data()),
                              static_cast<unsigned int>(ours.size()), offered, offered_size);
    *chosen = out;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }
};

TlsServer::TlsServer(const TlsServerOptions& options) : choices_(std::make_shared<Choices>()) {
  using enum TlsServerOptions::ClientCertificate;
  if (!options.psk_file.empty()) {
    use_keys(options);
    return;
  }
  if (options.pairs.empty()) throw TlsError("TLS needs a certificate and its private key");
  if (options.client_certificate != none && options.ca_file.empty() && options.ca_path.empty())
    throw TlsError("certificates of clients need the file or directory of their authorities");
  choices_->alpn = alpn_wire(options.alpn);
  for (const TlsPair& pair : options.pairs) {
    const Context context = new_context(TLS_server_method());
    if (options.version_min == TlsVersion::v1_3)
      SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    set_ciphers(context.get(), options.ciphers, options.ciphers_13);
    use_pair(context.get(), pair);
    trust(context.get(), options.ca_file, options.ca_path);
    if (!options.crl_file.empty()) use_revocations(context.get(), options.crl_file);
    if (options.client_certificate == none) {
      SSL_CTX_set_num_tickets(context.get(), 1);
    } else {
      SSL_CTX_set_verify(
          context.get(),
          SSL_VERIFY_PEER |
              (options.client_certificate == required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
          nullptr);
      // A resumed session would not be checked against a newer list of revoked certificates.
      SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
      SSL_CTX_set_num_tickets(context.get(), 0);
      if (!options.ca_file.empty())
        SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(options.ca_file.c_str()));
    }
    add(context);
  }
}

void TlsServer::use_keys(const TlsServerOptions& options) {
  if (!options.pairs.empty() ||
      options.client_certificate != TlsServerOptions::ClientCertificate::none)
    throw TlsError("TLS goes by certificates or by pre-shared keys, not by both");
  choices_->alpn = alpn_wire(options.alpn);
  choices_->keys = read_psk_file(options.psk_file);
  const Context context = new_context(TLS_server_method());
  if (options.version_min == TlsVersion::v1_3)
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  set_ciphers(context.get(), options.ciphers, options.ciphers_13, safe_psk_ciphers);
  SSL_CTX_set_app_data(context.get(), choices_.get());
  SSL_CTX_set_psk_server_callback(context.get(), Choices::find_key);
  if (options.psk_hint.size() > psk_identity_bytes_max ||
      SSL_CTX_use_psk_identity_hint(context.get(), options.psk_hint.c_str()) != 1)
    refuse("psk_hint: expected at most " + std::to_string(psk_identity_bytes_max) + " bytes");
  // Whoever resumed a session would not be asked for its key, which may be gone.
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context.get(), 0);
  add(context);
}

TlsServer::TlsServer(const TlsPem& pem) : choices_(std::make_shared<Choices>()) {
  const Context context = new_context(TLS_server_method());
  set_ciphers(context.get(), {}, {});
  const Bio key_bio = bio_of(pem.key);
  const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(
      PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  const Bio bio = bio_of(pem.certificate);
  const std::unique_ptr<X509, Freed<X509_free>> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!key || !certificate || SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
    refuse("the certificate and its key");
  add(context);
}

void TlsServer::add(const Context& context) {
  SSL_CTX_set_tlsext_servername_callback(context.get(), Choices::choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(context.get(), choices_.get());
  SSL_CTX_set_alpn_select_cb(context.get(), Choices::choose_protocol, choices_.get());
  choices_->contexts.push_back(context);
}

std::unique_ptr<Layer> TlsServer::layer(std::optional<TlsWorld> world) const {
  return tls_layer(choices_->contexts.front().get(), TlsSide::server, {}, std::move(world),
                   choices_);
}

namespace {

// The size of the key; 0: it does not fit.
unsigned give_key(SSL* ssl, const char*, char* identity, unsigned identity_room, unsigned char* key,
                  unsigned key_room) {
  const auto& psk = *static_cast<const TlsPsk*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (psk.identity.size() >= identity_room || psk.key.size() > key_room) return 0;
  std::memcpy(identity, psk.identity.c_str(), psk.identity.size() + 1);
  std::memcpy(key, psk.key.data(), psk.key.size());
  return static_cast<unsigned>(psk.key.size());
}

}  // namespace

TlsClient::TlsClient(const TlsClientOptions& options)
    : context_(new_context(TLS_client_method())), checks_name_(options.checks_name) {
  if (options.version) {
    const int version = *options.version == TlsVersion::v1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
  }
  set_ciphers(context_.get(), options.ciphers, options.ciphers_13,
              options.psk ? safe_psk_ciphers : safe_ciphers);
  if (options.psk) {
    psk_ = std::make_shared<TlsPsk>(*options.psk);
    SSL_CTX_set_app_data(context_.get(), const_cast<TlsPsk*>(psk_.get()));
    SSL_CTX_set_psk_client_callback(context_.get(), give_key);
  }
  if (options.pair) use_pair(context_.get(), *options.pair);
  if (options.ca_file.empty() && options.ca_path.empty())
    SSL_CTX_set_default_verify_paths(context_.get());
  else
    trust(context_.get(), options.ca_file, options.ca_path);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  const std::string alpn = alpn_wire(options.alpn);
  if (!alpn.empty())
    SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned int>(alpn.size()));
}

TlsClient::TlsClient(const TlsPem& pem)
    : context_(new_context(TLS_client_method())), checks_name_(true) {
  set_ciphers(context_.get(), {}, {});
  const Bio bio = bio_of(pem.authorities);
  const std::unique_ptr<X509, Freed<X509_free>> authority(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!authority ||
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), authority.get()) != 1)
    refuse("the certificate of the authority");
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
}

std::unique_ptr<Layer> TlsClient::layer(const std::string& host,
                                        std::optional<TlsWorld> world) const {
  return tls_layer(context_.get(), TlsSide::client, {host, checks_name_}, std::move(world), psk_);
}

}  // namespace mq::transport
