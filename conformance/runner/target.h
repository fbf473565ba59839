// A broker that is tested, and what its outside does not show: who may come in, how it was
// configured, what it leaves out.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "conformance/runner/address.h"
#include "protocol/packet.h"

namespace mq::conformance {

struct Target {
  std::string name;     // as it was named on the command line
  std::string release;  // which broker it is, if that is known: "mosquitto version 2.0.11"
  Address address;
  std::string ca_file;  // TLS: whom to trust; empty: whom this system trusts
  bool checks_certificate_name = true;
  std::map<std::string, std::string> given;  // placeholders: user, password, denied_topic, ...
  std::vector<std::string> configured;       // settings of `config:`, "maximum_qos=1"
  std::map<std::string, std::string> lacks;  // a word of `needs:`, and why it has none
  std::set<Version> versions{Version::v5, Version::v3_1_1};
};

}  // namespace mq::conformance
