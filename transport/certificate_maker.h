// Makes certificates: an authority of its own and what it signs (P-256, SHA-256). For simulated
// worlds, where a seed decides every byte of them, and for tests.
#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"

namespace mq::transport {

struct MadeCertificate {
  std::string certificate_pem;
  std::string key_pem;
};

struct CertificateWish {
  std::string common_name;
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;  // "127.0.0.1"
  std::time_t valid_from;
  std::time_t valid_until;
};

class CertificateMaker {
 public:
  // `random`: every key and signature comes from it; nothing: from the machine's chance.
  CertificateMaker(const std::string& name, std::time_t valid_from, std::time_t valid_until,
                   Rng* random = nullptr);
  ~CertificateMaker();

  std::string authority_pem() const;
  MadeCertificate make(const CertificateWish& wish);
  // A list that revokes these certificates (PEM), valid as long as the authority.
  std::string revoke(const std::vector<MadeCertificate>& certificates);

 private:
  struct Authority;
  std::unique_ptr<Authority> authority_;
};

}  // namespace mq::transport
