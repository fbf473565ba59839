// The users of a broker and how each is recognised: a password file as a value.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/access/file_fault.h"
#include "broker/access/password_hash.h"

namespace mq::broker {

class Credentials {
 public:
  // `secret` decides the answers to unknown users: they stay the same as long as it does.
  explicit Credentials(std::string secret = {}) : secret_(std::move(secret)) {}

  void set(const std::string& user, PasswordHash hash) {
    users_.insert_or_assign(user, std::move(hash));
  }
  bool erase(const std::string& user) { return users_.erase(user) > 0; }
  bool knows(const std::string& user) const { return users_.contains(user); }
  std::size_t size() const { return users_.size(); }
  const std::map<std::string, PasswordHash>& all() const { return users_; }

  // Takes as long for a user that there is not as for one that there is.
  bool verify(const std::string& user, std::string_view password) const;
  ScramServer::Looked look_up(const std::string& user) const;
  // Whether both know `user` by the same password.
  bool same_user(const Credentials& other, const std::string& user) const;
  // Users that `later` knows by another password, or not at all.
  std::vector<std::string> changed_in(const Credentials& later) const;

 private:
  std::string keyed(std::string_view user) const;

  std::map<std::string, PasswordHash> users_;
  std::string secret_;
};

// Lines of NAME:HASH; those that begin with # are comments. Both throw FileFault: a file with one
// wrong or empty line lets nobody in.
Credentials parse_passwords(std::string_view text, const std::string& file,
                            std::string secret = {});
// Without a `secret` it is made of the file: a restart and another broker with the same users give
// the same answers, whereas a change of the file changes them.
Credentials read_password_file(const std::string& path, std::string secret = {});
// The secret in a file of its own. Throws FileFault if it could be guessed.
std::string read_unknown_users_key(const std::string& path);

// What is wrong with a name for a user; empty: nothing.
std::string user_name_fault(std::string_view name);

}  // namespace mq::broker
