// The files that a configuration names: users, rules, certificates. Whether a broker could use
// them.
#pragma once

#include <string>
#include <vector>

#include "broker/config/config.h"

namespace mq::broker {

// A line for each file that could not be used; what a listener's TLS lacks counts as one.
std::vector<std::string> unusable_files(const Config& config);

}  // namespace mq::broker
