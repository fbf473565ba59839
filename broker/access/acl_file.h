// mosquitto's access lists as rules.
#pragma once

#include <string>
#include <string_view>

#include "broker/access/file_fault.h"
#include "broker/core/access.h"

namespace mq::broker {

// Both throw FileFault: a file with one wrong line gives no rules at all. An empty file gives rules
// that allow nothing.
AccessRules parse_acl(std::string_view text, const std::string& file);
AccessRules read_acl_file(const std::string& path);

}  // namespace mq::broker
