// The broker's half of SCRAM exchanges, one per link at most.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "broker/access/credentials.h"
#include "broker/core/broker.h"

namespace mq::broker {

class ScramDesk {
 public:
  // `nonce` gives another one each time: printable, without a comma.
  explicit ScramDesk(std::function<std::string()> nonce) : nonce_(std::move(nonce)) {}

  Authenticated answer(const Authenticate& question, const Credentials& credentials);
  void forget(LinkId link) { exchanges_.erase(link); }

 private:
  std::function<std::string()> nonce_;
  std::unordered_map<LinkId, ScramServer> exchanges_;
};

}  // namespace mq::broker
