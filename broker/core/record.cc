#include "broker/core/record.h"

#include <algorithm>

namespace mq::broker {

namespace {

// Before a user for whom no rules count. Twice: what follows is a mark, the realm, the rules and
// the user, with one of these between them.
constexpr char nul = '\0';
constexpr char ruled = '1';
constexpr char unruled = '0';

std::string_view up_to_nul(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(nul), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

}  // namespace

std::string stored_user(std::string_view user, const Origin& origin) {
  // Nobody is nobody everywhere.
  const std::string_view realm = user.empty() ? std::string_view{} : origin.realm;
  std::string stored;
  if (!realm.empty() || (origin.has_rules && !origin.rules.empty())) {
    stored.append({nul, nul, origin.has_rules ? ruled : unruled});
    stored.append(realm) += nul;
    if (origin.has_rules) stored += origin.rules;
    stored += nul;
  } else if (!origin.has_rules) {
    stored += nul;
  }
  return stored.append(user);
}

StoredUser read_stored_user(std::string_view stored) {
  if (!stored.starts_with(nul)) return {stored, {}, {}, true};
  stored.remove_prefix(1);
  if (!stored.starts_with(nul)) return {stored, {}, {}, false};
  stored.remove_prefix(1);
  const bool has_rules = stored.starts_with(ruled);
  stored.remove_prefix(std::min<std::size_t>(1, stored.size()));
  const std::string_view realm = up_to_nul(stored);
  const std::string_view rules = up_to_nul(stored);
  return {stored, realm, rules, has_rules};
}

}  // namespace mq::broker
