// Who may write and read which topic: asked whenever something is about to happen, never only once,
// so that no right outlives the rule that gave it.
#include <algorithm>

#include "broker/core/core.h"

namespace mq::broker {

namespace {

using Part = AccessRules::Part;

Who who(const Session& session) { return {session.user, session.client_id}; }

// What is left of the topic without the mount point is a topic too.
bool is_below(std::string_view topic, const std::string& mount_point) {
  return mount_point.empty() ||
         (topic.size() > mount_point.size() && topic.starts_with(mount_point));
}

}  // namespace

bool Broker::Core::may_write(const Author& author, std::string_view topic) const {
  const StoredUser by = read_stored_user(author.user);
  const AccessRules* rules = settings_.access.rules_for(by.has_rules, by.rules);
  return rules == nullptr || rules->may_write({by.user, author.client_id}, topic);
}

bool Broker::Core::may_write(const Session& session, std::string_view topic) const {
  const AccessRules* rules = settings_.access.rules_for(*session.origin);
  return rules == nullptr || rules->may_write(who(session), topic);
}

bool Broker::Core::may_read(const Session& session, std::string_view topic) const {
  if (session.link != nullptr && !is_below(topic, session.link->mount_point)) return false;
  return !session.reads_in_part ||
         settings_.access.rules_for(*session.origin)->may_read(who(session), topic);
}

bool Broker::Core::grants_subscription(Session& session, std::string_view filter) const {
  const AccessPolicy& access = settings_.access;
  const AccessRules* rules = access.rules_for(*session.origin);
  if (rules == nullptr) return true;
  const Part part = rules->may_subscribe(who(session), filter);
  if (part == Part::nothing || (part == Part::some && access.strict_subscriptions)) return false;
  session.reads_in_part |= part == Part::some;
  return true;
}

// What the broker wrote itself needs nobody's right.
bool Broker::Core::may_hand_on(const Letter& retained) const {
  const Author& author = retained.message.author;
  return !settings_.access.retained_needs_author || author.client_id.empty() ||
         may_write(author, retained.message.topic);
}

// Under new rules a subscription stays, and gets what may be read now: a right that was taken by
// mistake can be given back.
void Broker::Core::review(Session& session) const {
  const AccessRules* rules = settings_.access.rules_for(*session.origin);
  session.reads_in_part =
      rules != nullptr &&
      std::any_of(session.subscriptions.begin(), session.subscriptions.end(), [&](const auto& has) {
        return rules->may_subscribe(who(session), has->entry.filter) != Part::all;
      });
}

}  // namespace mq::broker
