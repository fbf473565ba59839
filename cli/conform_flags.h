// What the command line of `mqttlab conform` says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/ours.h"
#include "conformance/runner/suite.h"

namespace mq::cli {

struct ConformFlags {
  std::string target;
  std::string client;
  std::string cases;
  conformance::Selection selection;
  std::uint64_t seed = 1;
  std::string world = "memory";
  std::string link;
  conformance::Across across;
  std::size_t jobs = 250;
  std::optional<double> connection_rate;
  std::string target_file;
  std::string expectations;
  bool updates_expectations = false;
  std::string ca_file;
  bool insecure = false;
  bool in_virtual_time = false;
  std::string longest;  // a case; empty: as long as is usual for such a target
  bool list = false;
  bool verbose = false;
  std::string output;
  std::vector<std::string> reports;  // KIND=PATH
  bool json = false;
  std::string shard = "1/1";
  std::size_t repeat = 1;
  bool last_failed = false;
  bool github = false;
};

}  // namespace mq::cli
