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
  const AccessOptions& access = config.access;
  if (!access.password_file.empty())
    attempt([&] {
      const std::string& key_file = access.unknown_users_key_file;
      read_password_file(access.password_file,
                         key_file.empty() ? "" : read_unknown_users_key(key_file));
    });
  if (!access.acl_file.empty()) attempt([&] { read_acl_file(access.acl_file); });
  for (const ListenerConfig& listener : config.listeners)
    if (listener.options.tls) attempt([&] { transport::TlsServer{*listener.options.tls}; });
  return told;
}

}  // namespace mq::broker
