#include "client/core/inbound.h"

#include <algorithm>

#include "protocol/topic.h"

namespace mq::client {

bool PacketIds::contains(PacketId id) const {
  return std::binary_search(ids_.begin(), ids_.end(), id);
}

bool PacketIds::insert(PacketId id) {
  const auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
  if (at != ids_.end() && *at == id) return false;
  ids_.insert(at, id);
  return true;
}

bool PacketIds::erase(PacketId id) {
  const auto at = std::lower_bound(ids_.begin(), ids_.end(), id);
  if (at == ids_.end() || *at != id) return false;
  ids_.erase(at);
  return true;
}

void Inbound::new_connection(const Grants& grants, Version version) {
  version_ = version;
  receive_maximum_ = grants.receive_maximum;
  alias_maximum_ = grants.topic_alias_maximum;
  aliases_.clear();
  open_.clear();
}

Inbound::Verdict Inbound::receive(Publish& publish) {
  if (const Rule broken = resolve_alias(publish); broken != Rule::none) return {broken};
  if (const auto broken = topic_name_breaks(publish.topic)) return {*broken};
  if (publish.qos == Qos::at_most_once) return {};
  const PacketId id = publish.packet_id;
  const bool known = handed_on_.contains(id);
  if (open_.contains(id)) {
    // 3.1 and 3.1.1 let a server repeat on the same connection, 5.0 does not (v5 MQTT-4.4.0-1).
    if (version_ == Version::v5 || publish.qos != Qos::exactly_once || !known)
      return {Rule::packet_id_is_free};
    return {.is_new = false};
  }
  if (known && publish.qos == Qos::at_least_once) return {Rule::packet_id_is_free};
  if (open_.size() >= receive_maximum_) return {Rule::receive_maximum_is_kept};
  open_.insert(id);
  if (publish.qos == Qos::at_least_once) return {};
  // 3.1 cannot say whether the session was resumed: what claims to be new there is new.
  if (known && version_ == Version::v3_1 && !publish.dup) return {};
  handed_on_.insert(id);
  return {.is_new = !known};
}

Rule Inbound::resolve_alias(Publish& publish) {
  const auto alias = publish.properties.number(PropertyId::topic_alias);
  if (!alias) return publish.topic.empty() ? Rule::publish_names_a_topic : Rule::none;
  if (*alias == 0 || *alias > alias_maximum_) return Rule::topic_alias_is_within_maximum;
  if (publish.topic.empty()) {
    if (*alias > aliases_.size() || aliases_[*alias - 1].empty()) return Rule::topic_alias_is_known;
    publish.topic = aliases_[*alias - 1];
    return Rule::none;
  }
  if (topic_name_breaks(publish.topic)) return Rule::none;  // receive() says so
  if (aliases_.size() < *alias) aliases_.resize(*alias);
  aliases_[*alias - 1] = publish.topic;
  return Rule::none;
}

}  // namespace mq::client
