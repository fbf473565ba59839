#include "broker/server/gatekeeper.h"

#include <algorithm>
#include <utility>

#include "broker/access/acl_file.h"

namespace mq::broker {

Gatekeeper::Gatekeeper(boost::asio::io_context& loop, AccessOptions options, AccessPolicy policy,
                       bool anonymous_somewhere, std::size_t threads,
                       std::function<void(const Authenticated&)> answer)
    : anonymous_somewhere_(anonymous_somewhere), authenticator_(loop, threads, std::move(answer)) {
  reload(std::move(options), std::move(policy));
}

Gatekeeper::Read Gatekeeper::read(const AccessOptions& options, AccessPolicy policy) const {
  Read found{std::move(policy), Credentials()};
  found.policy.methods.clear();
  if (!options.password_file.empty()) {
    const std::string& key_file = options.unknown_users_key_file;
    found.credentials = read_password_file(
        options.password_file, key_file.empty() ? "" : read_unknown_users_key(key_file));
    const auto& users = found.credentials.all();
    if (std::any_of(users.begin(), users.end(), [](const auto& user) {
          return std::holds_alternative<ScramCredential>(user.second);
        }))
      found.policy.methods.emplace_back(scram_sha_256);
  }
  found.policy.verifies_passwords = !options.password_file.empty();
  found.policy.adopts_sessions = found.policy.verifies_passwords && !anonymous_somewhere_ &&
                                 !options.anonymous.value_or(false);
  if (!options.acl_file.empty()) found.policy.rules = read_acl_file(options.acl_file);
  return found;
}

AccessChanged Gatekeeper::reload(AccessOptions options, AccessPolicy policy) {
  Read found = read(options, std::move(policy));
  AccessChanged changed{found.policy, authenticator_.credentials().changed_in(found.credentials)};
  options_ = std::move(options);
  policy_ = std::move(found.policy);
  authenticator_.use(std::move(found.credentials));
  return changed;
}

bool Gatekeeper::anonymous_allowed(std::optional<bool> listener, bool is_local,
                                   bool has_users) const {
  const auto said = listener ? listener : options_.anonymous;
  return said.value_or(is_local && !(has_users && policy_.verifies_passwords));
}

}  // namespace mq::broker
