#include "broker/server/named_files.h"

#include <algorithm>

#include "broker/access/acl_file.h"
#include "broker/access/credentials.h"
#include "broker/access/file_fault.h"
#include "transport/tls.h"

namespace mq::broker {

std::vector<std::string> unusable_files(const Config& config) {
  std::vector<std::string> told;
  const auto attempt = [&](auto&& read) {
    std::string fault;
    try {
      read();
    } catch (const FileFault& error) {
      fault = error.what();
    } catch (const transport::TlsError& error) {
      fault = error.what();
    }
    // Listeners may share their certificates.
    if (!fault.empty() && std::find(told.begin(), told.end(), fault) == told.end())
      told.push_back(std::move(fault));
  };
  const auto attempt_access = [&](const std::string& passwords, const std::string& rules) {
    if (!passwords.empty()) attempt([&] { read_password_file(passwords); });
    if (!rules.empty()) attempt([&] { read_acl_file(rules); });
  };
  const AccessOptions& access = config.access;
  if (!access.unknown_users_key_file.empty())
    attempt([&] { read_unknown_users_key(access.unknown_users_key_file); });
  attempt_access(access.password_file, access.acl_file);
  for (const ListenerConfig& listener : config.listeners) {
    if (const auto& own = listener.options.own_access)
      attempt_access(own->password_file, own->acl_file);
    if (listener.options.tls) attempt([&] { transport::TlsServer{*listener.options.tls}; });
  }
  return told;
}

}  // namespace mq::broker
