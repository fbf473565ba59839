// Where it is written who may come in and do what.
#pragma once

#include <optional>
#include <string>

namespace mq::broker {

struct AccessOptions {
  std::string password_file;  // empty: nobody has a password
  // Decides, like a key, what users are answered who do not exist; the same for all brokers of a
  // fleet. Empty: the password file does.
  std::string unknown_users_key_file = {};
  std::string acl_file;  // empty: everybody may do everything
  // Whether clients may come without a user. Nothing: over loopback and Unix sockets, if there is
  // no password file. A listener may say otherwise for itself.
  std::optional<bool> anonymous = {};
};

}  // namespace mq::broker
