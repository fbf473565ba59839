#include "conformance/checks/sharing.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "conformance/checks/words.h"

namespace mq::checks {

void SharingCheck::observe(const trace::Event& event) {
  on_changes();
  if (groups_.empty()) return;
  if (const auto* attempted = std::get_if<trace::Attempted>(&event.what))
    on(*attempted);
  else if (const auto* told = std::get_if<trace::Acknowledged>(&event.what))
    on(*told, event.at);
  else if (const auto* delivered = std::get_if<trace::Delivered>(&event.what))
    on(*delivered, event.at);
  else if (const auto* seen = std::get_if<trace::PacketSeen>(&event.what))
    on_sent(*seen);
}

std::uint32_t& SharingCheck::epoch(FilterId group) {
  const auto index = static_cast<std::size_t>(group);
  if (index >= epochs_.size()) epochs_.resize(index + 1);
  return epochs_[index];
}

void SharingCheck::on_changes() {
  for (const auto& change : fleet_.changes()) {
    if (const auto* granted = std::get_if<Granted>(&change)) {
      if (!fleet_.topics().is_shared(granted->filter)) continue;
      if (std::find(groups_.begin(), groups_.end(), granted->filter) == groups_.end())
        groups_.push_back(granted->filter);
    } else if (const auto* session = std::get_if<SessionOver>(&change)) {
      is_over(session->client);
    } else if (const auto* left = std::get_if<SubscriptionOver>(&change)) {
      if (fleet_.topics().is_shared(left->filter)) ++epoch(left->filter);
    }
  }
}

// What the session of a member held is gone with it.
void SharingCheck::is_over(ClientIndex) {
  for (const FilterId group : groups_) ++epoch(group);
}

// All members surely are members, and what they are owed survives their connections.
bool SharingCheck::is_whole(FilterId group) const {
  const auto& members = fleet_.holders(group);
  return !members.empty() && std::all_of(members.begin(), members.end(), [&](ClientIndex member) {
    const Subscription* held = fleet_.subscription(member, group);
    return held->sure && held->granted != Qos::at_most_once &&
           fleet_.client(member).session == Known::yes;
  });
}

void SharingCheck::on(const trace::Attempted& attempted) {
  const TopicId topic = fleet_.topics().topic(attempted.topic);
  if (!fleet_.may_publish(attempted.client, topic)) return;
  for (const FilterId group : groups_) {
    if (!fleet_.topics().matches(group, topic)) continue;
    Message& message = messages_[Key{attempted.stamp, group}];
    message.qos = attempted.qos;
    // Nobody owes anything to a group that may be empty: an epoch that never is.
    message.epoch = is_whole(group) ? epoch(group) : ~0U;
    if (attempted.qos == Qos::at_most_once) settle(Key{attempted.stamp, group});
  }
}

void SharingCheck::on_sent(const trace::PacketSeen& seen) {
  if (!seen.sent || seen.end != trace::End::client || kind(*seen.packet) != Kind::publish) return;
  const auto& publish = std::get<Publish>(*seen.packet);
  const auto stamp = trace::stamp_of(publish.payload.text());
  if (!stamp || !fleet_.knows(stamp->publisher)) return;
  const std::uint32_t session = fleet_.client(stamp->publisher).epoch;
  for (const FilterId group : groups_) {
    const auto found = messages_.find(Key{*stamp, group});
    if (found == messages_.end()) continue;
    Message& message = found->second;
    // To the broker it may be another message then.
    if (message.sent_in && (publish.qos == Qos::at_least_once || *message.sent_in != session))
      message.is_copied = true;
    message.sent_in = session;
    if (publish.properties.number(PropertyId::message_expiry_interval)) message.epoch = ~0U;
  }
}

void SharingCheck::on(const trace::Acknowledged& told, Instant at) {
  for (const FilterId group : groups_) {
    const auto found = messages_.find(Key{told.stamp, group});
    if (found == messages_.end() || found->second.owed) continue;
    found->second.owed = true;
    found->second.owed_since = at;
    if (failed(told.reason)) found->second.epoch = ~0U;
    if (failed(told.reason) || found->second.member) settle(found->first);
  }
}

// The only subscription of the member that matches, if it is shared. Of several nobody can tell
// which one brought it: nothing is owed to their groups any more.
std::optional<FilterId> SharingCheck::group_that_brought(ClientIndex member, TopicId topic,
                                                         const trace::Stamp& stamp) {
  std::optional<FilterId> group;
  std::size_t subscriptions = 0;
  for (const FilterId filter : fleet_.topics().filters_of(topic)) {
    if (fleet_.subscription(member, filter) == nullptr) continue;
    ++subscriptions;
    if (fleet_.topics().is_shared(filter)) group = filter;
  }
  if (subscriptions == 1) return group;
  for (const FilterId shared : groups_) {
    const auto found = messages_.find(Key{stamp, shared});
    if (found != messages_.end() && fleet_.subscription(member, shared) != nullptr)
      found->second.epoch = ~0U;
  }
  return std::nullopt;
}

void SharingCheck::on(const trace::Delivered& delivered, Instant at) {
  const ClientIndex member = delivered.connection.client;
  const auto stamp = trace::stamp_of(delivered.publish->payload.text());
  if (!stamp || !fleet_.knows(member)) return;
  const TopicId topic = fleet_.topics().topic(delivered.publish->topic);
  const auto group = group_that_brought(member, topic, *stamp);
  if (!group) return;
  const auto found = messages_.find(Key{*stamp, *group});
  if (found == messages_.end()) return;
  Message& message = found->second;
  ++tally_.tried;
  if (!message.member) {
    message.member = member;
    message.connection = fleet_.client(member).connection;
    if (message.owed) settle(found->first);
    return;
  }
  if (*message.member == member) return;  // again: the ledger's business
  const auto& first = fleet_.client(*message.member);
  const bool first_went_on = first.present() && first.connection == message.connection;
  // The broker may have given up this member first, whom its message only now reached.
  const bool both_went_on = first_went_on && fleet_.client(member).present();
  if (message.is_copied || (delivered.publish->qos == Qos::at_least_once && !both_went_on)) return;
  tally_.blame([&] {
    return Evidence{at,
                    "Message " + std::to_string(stamp->number) + " of " +
                        name_of(fleet_.run(), stamp->publisher) + " was given to " +
                        name_of(fleet_.run(), member) + " at " + time_text(at) + ", although " +
                        name_of(fleet_.run(), *message.member) +
                        " of the same shared subscription had it.",
                    {stamp->publisher, *message.member, member},
                    *stamp,
                    at,
                    at};
  });
}

void SharingCheck::settle(const Key& key) {
  settled_.push_back(key);
  if (settled_.size() <= settled_max) return;
  messages_.erase(settled_.front());
  settled_.pop_front();
}

std::vector<Finding> SharingCheck::finish(Instant end) {
  Finding finding;
  finding.id = "shared";
  finding.promise = "Of a shared subscription each message goes to one member, and none is lost.";
  std::vector<std::pair<Key, Message>> lost;
  if (fleet_.complete() && fleet_.calm_began()) {
    const Instant middle = *fleet_.calm_began() + (end - *fleet_.calm_began()) / 2;
    for (const auto& [key, message] : messages_) {
      const auto& members = fleet_.holders(key.group);
      const bool all_there = std::all_of(members.begin(), members.end(), [&](ClientIndex member) {
        const auto& client = fleet_.client(member);
        return client.present() && client.accepted_at <= middle;
      });
      if (!message.member && message.owed && message.owed_since <= middle && all_there &&
          message.epoch == epoch(key.group) && !members.empty())
        lost.emplace_back(key, message);
    }
  }
  std::sort(lost.begin(), lost.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.second.owed_since, a.first.stamp) <
           std::tuple(b.second.owed_since, b.first.stamp);
  });
  for (const auto& [key, message] : lost) {
    ++tally_.tried;
    tally_.blame([&, key = key, message = message] {
      return Evidence{end,
                      "Message " + std::to_string(key.stamp.number) + " of " +
                          name_of(fleet_.run(), key.stamp.publisher) +
                          ", which the broker had at " + time_text(message.owed_since) +
                          ", went to no member of " + fleet_.topics().text(key.group) + '.',
                      {key.stamp.publisher},
                      key.stamp,
                      message.owed_since,
                      end};
    });
  }
  tally_.judge(finding);
  finding.limit = "0 to two members, 0 lost";
  finding.measured = count_text(tally_.broken) + " of " + count_text(tally_.tried) + " wrong";
  finding.clauses = {"v5/MQTT-4.8.2-4", "v5/MQTT-4.8.2-5", "v5/MQTT-4.8.2-6"};
  return {finding};
}

}  // namespace mq::checks
