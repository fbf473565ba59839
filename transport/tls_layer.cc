#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <utility>

#include "base/ensure.h"
#include "transport/openssl.h"
#include "transport/seeded_random.h"

namespace mq::transport {
namespace {

// OpenSSL reads from here and writes to here while one of the layer's functions runs: no buffer
// lies between.
struct Wires {
  std::span<const std::byte> in;
  Layer::Sides* sides = nullptr;
};

int bio_read(BIO* bio, char* into, int size) {
  auto& wires = *static_cast<Wires*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (wires.in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(wires.in.size(), static_cast<std::size_t>(size));
  std::memcpy(into, wires.in.data(), count);
  wires.in = wires.in.subspan(count);
  return static_cast<int>(count);
}

int bio_write(BIO* bio, const char* from, int size) {
  auto& wires = *static_cast<Wires*>(BIO_get_data(bio));
  wires.sides->to_peer(std::as_bytes(std::span(from, static_cast<std::size_t>(size))));
  return size;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* bio_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "layer");
    ensure(made != nullptr, "OpenSSL gives a BIO method");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

// Where a connection keeps who hears its secrets.
int secrets_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

void pass_secret_on(const SSL* ssl, const char* line) {
  const auto* world = static_cast<const TlsWorld*>(SSL_get_ex_data(ssl, secrets_index()));
  if (world != nullptr) world->hear_secret(line);
}

// Valid UTF-8, as OpenSSL checks it, or nothing. A NUL within could make two names look alike.
std::optional<std::string> utf8_of(const ASN1_STRING* text) {
  unsigned char* made = nullptr;
  const int size = ASN1_STRING_to_UTF8(&made, text);
  if (size < 0) return std::nullopt;
  std::string utf8(reinterpret_cast<char*>(made), static_cast<std::size_t>(size));
  OPENSSL_free(made);
  if (utf8.find('\0') != std::string::npos) return std::nullopt;
  return utf8;
}

// Nothing if a name in it is not text.
std::optional<PeerCertificate> names_in(X509* certificate) {
  PeerCertificate names;
  X509_NAME* const subject = X509_get_subject_name(certificate);
  if (const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1); at >= 0) {
    auto name = utf8_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    if (!name) return std::nullopt;
    names.common_name = *name;
  }
  const std::unique_ptr<BIO, Freed<BIO_free_all>> text(BIO_new(BIO_s_mem()));
  // Bytes of UTF-8 stay as they are; what could deceive is escaped.
  if (!text ||
      X509_NAME_print_ex(text.get(), subject, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) < 0)
    return std::nullopt;
  char* printed = nullptr;
  const long size = BIO_get_mem_data(text.get(), &printed);
  names.subject.assign(printed, static_cast<std::size_t>(size));
  const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> others(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; others && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    const GENERAL_NAME* const other = sk_GENERAL_NAME_value(others.get(), i);
    if (other->type != GEN_DNS && other->type != GEN_EMAIL && other->type != GEN_URI) continue;
    auto name = utf8_of(other->d.ia5);
    if (!name) return std::nullopt;
    names.alternative_names.push_back(*name);
  }
  return names;
}

class TlsLayer final : public Layer {
 public:
  TlsLayer(SSL_CTX* context, TlsSide side, const TlsPeerName& peer, std::optional<TlsWorld> world,
           std::shared_ptr<const void> held)
      : side_(side), world_(std::move(world)), held_(std::move(held)) {
    const SeededRandom random(rng());
    ssl_.reset(SSL_new(context));
    ensure(ssl_ != nullptr, "OpenSSL gives a connection");
    BIO* const bio = BIO_new(bio_method());
    ensure(bio != nullptr, "OpenSSL gives a BIO");
    BIO_set_data(bio, &wires_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), &psk_identity_);
    if (side == TlsSide::server)
      SSL_set_accept_state(ssl_.get());
    else
      SSL_set_connect_state(ssl_.get());
    if (!peer.host.empty()) expect(peer);
    if (world_) be_the_same_in_every_run();
    if (world_ && world_->hear_secret) {
      SSL_CTX_set_keylog_callback(context, pass_secret_on);
      SSL_set_ex_data(ssl_.get(), secrets_index(), &*world_);
    }
  }
  ~TlsLayer() override {
    const SeededRandom random(rng());
    ssl_.reset();
  }

  void begin(Sides& sides) override {
    const Turn turn(*this, {}, sides);
    advance(sides);
  }

  void from_peer(std::span<const std::byte> bytes, Sides& sides) override {
    if (over_) return;
    const Turn turn(*this, bytes, sides);
    advance(sides);
  }

  void from_owner(std::span<const std::byte> bytes, Sides& sides) override {
    if (over_ || bytes.empty()) return;
    const Turn turn(*this, wires_.in, sides);
    while (!bytes.empty() && !over_) {
      std::size_t written = 0;
      if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) != 1)
        return fail(sides, "TLS: " + take_openssl_error());
      bytes = bytes.subspan(written);
    }
  }

  void close(Sides& sides) override {
    if (std::exchange(over_, true) || !open_) return;
    const Turn turn(*this, wires_.in, sides);
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  void tell(LinkFacts& facts) const override {
    if (!open_) return;
    facts.tls = std::string(SSL_get_version(ssl_.get())) + " " + SSL_get_cipher_name(ssl_.get());
    facts.certificate = certificate_;
    facts.psk_identity = psk_identity_;
  }

  std::string waits_for() const override { return "TLS handshake"; }

 private:
  // What OpenSSL reads and writes for the time of one call, which may be within another one.
  class Turn {
   public:
    Turn(TlsLayer& layer, std::span<const std::byte> in, Sides& sides)
        : wires_(layer.wires_), before_(layer.wires_.sides), random_(layer.rng()) {
      wires_.in = in;
      wires_.sides = &sides;
    }
    ~Turn() { wires_.sides = before_; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Wires& wires_;
    Sides* before_;
    SeededRandom random_;
  };

  Rng* rng() { return world_ ? &world_->random : nullptr; }

  void expect(const TlsPeerName& peer) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(peer.host, no_address);
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl_.get());
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (no_address) SSL_set_tlsext_host_name(ssl_.get(), peer.host.c_str());
    if (!peer.checked) return;
    if (no_address)
      X509_VERIFY_PARAM_set1_host(rules, peer.host.c_str(), peer.host.size());
    else
      X509_VERIFY_PARAM_set1_ip_asc(rules, peer.host.c_str());
  }

  // Tickets carry the time of this machine.
  void be_the_same_in_every_run() {
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), world_->now);
    SSL_set_options(ssl_.get(), SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl_.get(), 0);
  }

  void advance(Sides& sides) {
    ERR_clear_error();
    if (!open_) {
      const int done = SSL_do_handshake(ssl_.get());
      if (done != 1) return judge(done, sides);
      if (!learn_certificate(sides)) return;
      open_ = true;
      sides.opened();
    }
    std::array<std::byte, 16 * 1024> plain;
    while (!over_) {
      std::size_t count = 0;
      const int done = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &count);
      if (done != 1) return judge(done, sides);
      if (!sides.to_owner(std::span(plain).first(count))) return;
    }
  }

  void judge(int done, Sides& sides) {
    switch (SSL_get_error(ssl_.get(), done)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        return;
      case SSL_ERROR_ZERO_RETURN:
        over_ = true;
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
        return sides.peer_left();
      default:
        return fail(sides, explain(take_openssl_error()));
    }
  }

  std::string explain(const std::string& error) const {
    const std::string what = open_ ? "TLS: " : "TLS handshake: ";
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict != X509_V_OK && !open_)
      return what + "the certificate of the " + (side_ == TlsSide::server ? "client" : "server") +
             " is refused: " + X509_verify_cert_error_string(verdict);
    if (error == "wrong version number" || error == "http request" ||
        error == "packet length too long" || error == "unknown protocol" ||
        error == "bad record type")
      return what + "the peer does not speak TLS (" + error + ")";
    return what + (error.empty() ? "failed" : error);
  }

  void fail(Sides& sides, const std::string& why) {
    over_ = true;
    sides.failed(why);
  }

  // False, and the layer has failed, if a client's certificate names it in no text.
  bool learn_certificate(Sides& sides) {
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr) return true;
    certificate_ = names_in(certificate);
    if (certificate_ || side_ == TlsSide::client) return true;
    fail(sides, "TLS handshake: a name in the client's certificate is not valid text");
    return false;
  }

  const TlsSide side_;
  std::optional<TlsWorld> world_;
  const std::shared_ptr<const void> held_;
  Wires wires_;
  std::unique_ptr<SSL, Freed<SSL_free>> ssl_;
  std::optional<PeerCertificate> certificate_;
  std::string psk_identity_;  // whose key was looked up last
  bool open_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Layer> tls_layer(SSL_CTX* context, TlsSide side, const TlsPeerName& peer,
                                 std::optional<TlsWorld> world, std::shared_ptr<const void> held) {
  return std::make_unique<TlsLayer>(context, side, peer, std::move(world), std::move(held));
}

}  // namespace mq::transport
