#include "transport/certificate_maker.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>

#include "base/ensure.h"
#include "transport/openssl.h"
#include "transport/seeded_random.h"

namespace mq::transport {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Revocations = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;

template <class Write>
std::string pem(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  ensure(bio && write(bio.get()) == 1, "OpenSSL writes PEM");
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  ensure(extension && X509_add_ext(certificate, extension.get(), -1) == 1,
         "OpenSSL takes an extension of a certificate");
}

Certificate begin(EVP_PKEY* key, const std::string& name, long serial, std::time_t from,
                  std::time_t until) {
  Certificate certificate(X509_new());
  ensure(certificate != nullptr, "OpenSSL gives a certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), from);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), until);
  X509_set_pubkey(certificate.get(), key);
  // As bytes that claim to be UTF-8: a test wants some that are not.
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName,
                             V_ASN1_UTF8STRING, reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  return certificate;
}

}  // namespace

struct CertificateMaker::Authority {
  Key key;
  Certificate certificate;
  std::time_t from, until;
  Rng* random;
  long last_serial = 1;
};

CertificateMaker::CertificateMaker(const std::string& name, std::time_t valid_from,
                                   std::time_t valid_until, Rng* random)
    : authority_(std::make_unique<Authority>()) {
  const SeededRandom chance(random);
  Authority& authority = *authority_;
  authority.from = valid_from;
  authority.until = valid_until;
  authority.random = random;
  authority.key.reset(EVP_EC_gen("P-256"));
  ensure(authority.key != nullptr, "OpenSSL makes a key");
  authority.certificate = begin(authority.key.get(), name, 1, valid_from, valid_until);
  X509* const self = authority.certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  extend(self, self, NID_basic_constraints, "critical,CA:TRUE");
  extend(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  ensure(X509_sign(self, authority.key.get(), EVP_sha256()) > 0, "OpenSSL signs");
}

CertificateMaker::~CertificateMaker() = default;

std::string CertificateMaker::authority_pem() const {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, authority_->certificate.get()); });
}

MadeCertificate CertificateMaker::make(const CertificateWish& wish) {
  const SeededRandom chance(authority_->random);
  const Key key(EVP_EC_gen("P-256"));
  ensure(key != nullptr, "OpenSSL makes a key");
  const Certificate certificate = begin(key.get(), wish.common_name, ++authority_->last_serial,
                                        wish.valid_from, wish.valid_until);
  X509* const issuer = authority_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  std::string names;
  const auto add = [&names](const std::string& kind, const std::string& name) {
    names += (names.empty() ? "" : ",") + kind + ":" + name;
  };
  for (const std::string& name : wish.dns_names) add("DNS", name);
  for (const std::string& address : wish.addresses) add("IP", address);
  if (!names.empty()) extend(certificate.get(), issuer, NID_subject_alt_name, names);
  extend(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  ensure(X509_sign(certificate.get(), authority_->key.get(), EVP_sha256()) > 0, "OpenSSL signs");
  return {pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
          pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

std::string CertificateMaker::revoke(const std::vector<MadeCertificate>& certificates) {
  const SeededRandom chance(authority_->random);
  const Revocations list(X509_CRL_new());
  const std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>> from(
      ASN1_TIME_set(nullptr, authority_->from));
  const std::unique_ptr<ASN1_TIME, Freed<ASN1_TIME_free>> until(
      ASN1_TIME_set(nullptr, authority_->until));
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(authority_->certificate.get()));
  X509_CRL_set1_lastUpdate(list.get(), from.get());
  X509_CRL_set1_nextUpdate(list.get(), until.get());
  for (const MadeCertificate& made : certificates) {
    const Bio bio(BIO_new_mem_buf(made.certificate_pem.data(),
                                  static_cast<int>(made.certificate_pem.size())));
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ensure(certificate != nullptr, "a certificate that was made here is one");
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, from.get());
    X509_CRL_add0_revoked(list.get(), entry);
  }
  ensure(X509_CRL_sign(list.get(), authority_->key.get(), EVP_sha256()) > 0, "OpenSSL signs");
  return pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

}  // namespace mq::transport
