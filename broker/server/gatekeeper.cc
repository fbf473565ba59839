#include "broker/server/gatekeeper.h"

#include <algorithm>
#include <utility>

#include "broker/access/acl_file.h"

namespace mq::broker {

namespace {

bool lets_in_nobodies(const std::vector<ListenerOptions>& listeners) {
  return std::any_of(listeners.begin(), listeners.end(), [](const ListenerOptions& each) {
    return each.anonymous.value_or(false) || !each.has_users();
  });
}

Credentials read_users(const std::string& path, const AccessOptions& options) {
  const std::string& key_file = options.unknown_users_key_file;
  return read_password_file(path, key_file.empty() ? "" : read_unknown_users_key(key_file));
}

std::vector<std::string> methods_of(const Credentials& users) {
  const bool knows_scram = std::any_of(
      users.all().begin(), users.all().end(),
      [](const auto& user) { return std::holds_alternative<ScramCredential>(user.second); });
  return knows_scram ? std::vector{std::string(scram_sha_256)} : std::vector<std::string>{};
}

// Whose word it is that somebody is a user: the file that has the password, or that says whose
// certificates or which keys count.
std::string realm_of(const ListenerOptions& listener) {
  if (!listener.own_access->password_file.empty()) return listener.own_access->password_file;
  if (!listener.tls) return {};
  if (listener.psk_identity_is_user) return listener.tls->psk_file;
  if (!listener.certificate_is_user && !listener.subject_is_user) return {};
  return listener.tls->ca_file.empty() ? listener.tls->ca_path : listener.tls->ca_file;
}

}  // namespace

Gatekeeper::Gatekeeper(boost::asio::io_context& loop, AccessOptions options, AccessPolicy policy,
                       const std::vector<ListenerOptions>& listeners, std::size_t threads,
                       std::function<void(const Authenticated&)> answer)
    : listeners_(listeners), authenticator_(loop, threads, std::move(answer)) {
  reload(std::move(options), std::move(policy));
}

Gatekeeper::Read Gatekeeper::read(const AccessOptions& options, AccessPolicy policy) const {
  Read found{std::move(policy), {}};
  AccessPolicy& made = found.policy;
  made.methods.clear();
  made.verifies_passwords = !options.password_file.empty();
  if (made.verifies_passwords) {
    const Credentials& users =
        found.users.emplace("", read_users(options.password_file, options)).first->second;
    made.methods = methods_of(users);
  }
  if (!options.acl_file.empty()) made.rules = read_acl_file(options.acl_file);
  read_own(options, found);
  made.adopts_sessions = made.verifies_passwords && !lets_in_nobodies(listeners_) &&
                         !options.anonymous.value_or(false);
  return found;
}

void Gatekeeper::read_own(const AccessOptions& options, Read& found) const {
  for (const ListenerOptions& listener : listeners_) {
    if (!listener.own_access) continue;
    const std::string& passwords = listener.own_access->password_file;
    const std::string& rules = listener.own_access->acl_file;
    if (const std::string realm = realm_of(listener); !realm.empty())
      found.policy.realms.try_emplace(realm);
    if (!passwords.empty() && !found.users.contains(passwords)) {
      const Credentials& users =
          found.users.emplace(passwords, read_users(passwords, options)).first->second;
      found.policy.realms[passwords] = methods_of(users);
      found.policy.verifies_passwords = true;
    }
    if (!rules.empty() && !found.policy.rule_sets.contains(rules))
      found.policy.rule_sets.emplace(rules, read_acl_file(rules));
  }
}

AccessChanged Gatekeeper::reload(AccessOptions options, AccessPolicy policy) {
  Read found = read(options, std::move(policy));
  AccessChanged changed{found.policy, {}};
  for (const auto& [realm, users] : users_) {
    const auto later = found.users.find(realm);
    for (std::string& name :
         users.changed_in(later == found.users.end() ? Credentials() : later->second))
      changed.changed_users.push_back({std::move(name), realm});
  }
  options_ = std::move(options);
  policy_ = std::move(found.policy);
  users_ = found.users;
  authenticator_.use(std::move(found.users));
  return changed;
}

bool Gatekeeper::anonymous_allowed(const ListenerOptions& listener, bool is_local) const {
  const auto said = listener.anonymous ? listener.anonymous : options_.anonymous;
  return said.value_or(is_local && !(listener.has_users() && policy_.verifies_passwords));
}

Origin Gatekeeper::origin_of(const ListenerOptions& listener) const {
  if (!listener.own_access)
    return {.realm = options_.password_file, .rules = options_.acl_file, .has_rules = true};
  const std::string& rules = listener.own_access->acl_file;
  return {.realm = realm_of(listener), .rules = rules, .has_rules = !rules.empty()};
}

}  // namespace mq::broker
