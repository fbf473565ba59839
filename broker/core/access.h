// Who may read and write what: rules as mosquitto's ACL files know them, as a value. Whatever no
// rule grants is denied, and one denial outweighs every grant.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/core/record.h"

namespace mq::broker {

// Whom a rule is asked about. No user: nobody that was authenticated.
struct Who {
  std::string_view user;
  std::string_view client_id;
};

class AccessRules {
 public:
  enum class Grant : std::uint8_t { deny = 0, read = 1, write = 2, read_and_write = 3 };
  // How much of what a filter matches may be read.
  enum class Part : std::uint8_t { nothing, some, all };

  // `filter` is a legal topic filter. No user: for clients without one, and only for them.
  void add(std::string_view user, Grant grant, std::string filter);
  // For everybody. `%u` stands for the user and `%c` for the client id: text, never a wildcard or
  // more than one level. Grants pass over a client whose name holds `+`, `#` or `/`, and `%u` over
  // one that has none.
  void add_pattern(Grant grant, std::string filter);

  bool may_read(const Who& who, std::string_view topic) const {
    return may(Grant::read, who, topic);
  }
  bool may_write(const Who& who, std::string_view topic) const {
    return may(Grant::write, who, topic);
  }
  // `filter` may be one of a shared subscription.
  Part may_subscribe(const Who& who, std::string_view filter) const;

  std::size_t size() const { return size_; }

 private:
  struct Entry {
    Grant grant;
    bool has_user = false;       // %u
    bool has_client_id = false;  // %c
    std::string filter;
  };
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  bool may(Grant wanted, const Who& who, std::string_view topic) const;
  const std::vector<Entry>* rules_of(std::string_view user) const;
  static bool applies(const Entry& entry, const Who& who);

  std::unordered_map<std::string, std::vector<Entry>, TextHash, std::equal_to<>> users_;
  std::vector<Entry> patterns_;
  std::size_t size_ = 0;
};

// All that an operator decides about who may do what; may change while clients are connected.
struct AccessPolicy {
  // Somebody answers Authenticate for user names with passwords. Without, a user name is only what
  // the client says, and it counts as having none.
  bool verifies_passwords = false;
  // The methods of enhanced authentication that somebody answers for, "SCRAM-SHA-256".
  std::vector<std::string> methods = {};
  // Nothing: everybody may do everything. Empty rules: nobody may do anything.
  std::optional<AccessRules> rules = {};
  // Where listeners have users of their own: the sets of users that are kept apart, by Origin's
  // names, each with the methods that its users can use; `methods` says nothing then. Empty: a name
  // is the same person wherever it comes in.
  std::map<std::string, std::vector<std::string>, std::less<>> realms = {};
  // Where listeners have rules of their own: by Origin's names, instead of `rules`. Whom a set is
  // to judge that is not here may do nothing.
  std::map<std::string, AccessRules, std::less<>> rule_sets = {};
  // A subscription is refused unless all that it matches may be read. Otherwise one that may read
  // some of it is granted and gets that.
  bool strict_subscriptions = false;
  // A retained message is handed on only while its author may still write to its topic.
  bool retained_needs_author = true;
  // 3.1 and 3.1.1 have no words for a denied PUBLISH: it is acknowledged and dropped, or the link
  // is closed.
  bool closes_on_denied_publish = false;
  // A session that belongs to nobody goes to the first user who names it. Only for brokers that let
  // in nobody without a user: there it is what was left from the time before.
  bool adopts_sessions = false;

  // Null: everything is allowed.
  const AccessRules* rules_for(bool has_rules, std::string_view name) const;
  const AccessRules* rules_for(const Origin& origin) const {
    return rules_for(origin.has_rules, origin.rules);
  }
  // Whether the same name is the same person. A realm that was not said, before there were several,
  // is the only one.
  bool same_realm(std::string_view known, std::string_view other) const {
    return realms.empty() || known == other || (known.empty() && realms.size() == 1);
  }
  const std::vector<std::string>& methods_of(const Origin& origin) const;
};

}  // namespace mq::broker
