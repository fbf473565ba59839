// Messages of QoS 1 and 2: identifiers, repetitions, answers, quotas, aliases.
#include <algorithm>

#include "conformance/monitors/watcher.h"
#include "protocol/describe.h"

namespace mq::monitors {
namespace {

std::uint16_t number(PacketId packet_id) { return static_cast<std::uint16_t>(packet_id); }

std::string text_of(const Publish& publish) {
  return "PUBLISH id=" + std::to_string(number(publish.packet_id)) +
         " qos=" + std::to_string(static_cast<int>(publish.qos)) + (publish.dup ? " dup" : "");
}

std::string text_of(Kind kind, PacketId packet_id) {
  return std::string(name(kind)) + " id=" + std::to_string(number(packet_id));
}

Watch by_qos(Qos qos, Watch of_1, Watch of_2) { return qos == Qos::at_least_once ? of_1 : of_2; }

}  // namespace

void Watcher::sent_publish(Link& link, const Publish& publish, Instant at) {
  if (link.version == Version::v5) check_alias(link, publish, at);
  if (!watches_client()) {
    check_delivery(link, publish, at);
  } else if (link.version == Version::v5 && link.conn_ack_seen) {
    require(link, Watch::qos_is_within_maximum,
            static_cast<unsigned>(publish.qos) <= link.maximum_qos, at,
            [&] { return text_of(publish); });
    if (publish.retain)
      require(link, Watch::retain_is_available, link.retain_available, at,
              [&] { return text_of(publish) + " with RETAIN"; });
  }
  if (publish.qos == Qos::at_most_once) return;
  if (link.version == Version::v5) check_quota(link, publish, at);
  if (link.session == nullptr) return;
  if (Open* const open = link.session->open.find(publish.packet_id))
    check_open_message(link, publish, *open, at);
  else
    check_new_message(link, publish, at);
}

void Watcher::check_new_message(Link& link, const Publish& publish, Instant at) {
  Session& session = *link.session;
  if (publish.dup) {
    if (watches_client() && !link.resumed && session.lost.contains(publish.packet_id))
      broken(link, Watch::lost_session_is_forgotten, at, text_of(publish) + " of a lost session");
    else if (session.is_certain)
      broken(link,
             by_qos(publish.qos, Watch::qos_1_first_has_no_dup, Watch::qos_2_first_has_no_dup), at,
             text_of(publish) + " was never sent before, or is done");
  } else {
    tried(link, by_qos(publish.qos, Watch::qos_1_first_has_no_dup, Watch::qos_2_first_has_no_dup));
    tried(link, either(Watch::client_packet_id_is_free, Watch::broker_packet_id_is_free));
    tried(link, by_qos(publish.qos, Watch::qos_1_id_is_new, Watch::qos_2_id_is_new));
  }
  session.open.set(publish.packet_id, Open{session.next_order++, print_of(publish), link.number,
                                           Open::State::publish, publish.qos});
}

void Watcher::check_open_message(Link& link, const Publish& publish, Open& open, Instant at) {
  const bool is_same = open.print == print_of(publish) && open.state != Open::State::request;
  if (open.connection == link.number || !is_same) {
    if (!publish.dup || !is_same)
      reused(link, publish, at);
    else
      require(link, Watch::again_only_after_reconnect, link.version != Version::v5, at,
              [&] { return text_of(publish) + " is sent again on the same connection"; });
  } else if (open.state == Open::State::pub_rel) {
    broken(link, Watch::no_publish_after_pub_rel, at, text_of(publish) + " after its PUBREL");
  } else {
    require(link, Watch::again_has_dup, publish.dup, at,
            [&] { return text_of(publish) + " is sent again"; });
    check_again_in_order(link, open, publish.packet_id, at);
    if (link.to_send_again > 0 && --link.to_send_again == 0) tried(link, Watch::again_all);
    open.connection = link.number;
    return;
  }
  open = Open{link.session->next_order++, print_of(publish), link.number, Open::State::publish,
              publish.qos};
}

void Watcher::reused(Link& link, const Publish& publish, Instant at) {
  const std::string text = text_of(publish) + ", but its identifier is in use";
  broken(link, either(Watch::client_packet_id_is_free, Watch::broker_packet_id_is_free), at, text);
  broken(link, by_qos(publish.qos, Watch::qos_1_id_is_new, Watch::qos_2_id_is_new), at, text);
}

void Watcher::check_again_in_order(Link& link, const Open& open, PacketId packet_id, Instant at) {
  if (!watches_client()) return;
  require(link, Watch::again_in_order, open.order > link.again_order, at, [&] {
    return text_of(Kind::publish, packet_id) + " was first sent before the one sent again last";
  });
  link.again_order = std::max(link.again_order, open.order);
}

void Watcher::check_alias(Link& link, const Publish& publish, Instant at) {
  std::optional<std::uint32_t> alias;
  if (!publish.properties.empty()) alias = publish.properties.number(PropertyId::topic_alias);
  const Watch unasked =
      either(Watch::client_uses_no_alias_unasked, Watch::broker_uses_no_alias_unasked);
  if (link.aliases_max == 0)
    require(link, unasked, !alias, at,
            [&] { return text_of(publish) + " alias=" + std::to_string(*alias); });
  if (!alias) return;
  const bool fits = *alias <= link.aliases_max;
  if (link.aliases_max != 0)
    require(link,
            either(Watch::client_alias_is_within_maximum, Watch::broker_alias_is_within_maximum),
            fits, at, [&] { return text_of(publish) + " alias=" + std::to_string(*alias); });
  if (*alias > aliases_watched_max) return;
  if (link.aliases.size() < *alias) link.aliases.resize(*alias);
  std::string& topic = link.aliases[*alias - 1];
  if (!publish.topic.empty())
    topic = publish.topic;
  else
    require(link, Watch::alias_was_set_here, !topic.empty(), at, [&] {
      return "topic alias " + std::to_string(*alias) + " has no topic on this connection";
    });
}

void Watcher::check_quota(Link& link, const Publish& publish, Instant at) {
  require(link, either(Watch::client_keeps_the_quota, Watch::broker_keeps_the_quota),
          link.quota > 0, at, [&] {
            return text_of(publish) + " with " + std::to_string(link.quota_max) + " open already";
          });
  if (link.quota > 0) --link.quota;
}

void Watcher::heard_publish(Link& link, const Publish& publish, Instant at) {
  if (publish.qos == Qos::at_most_once || link.disconnect_sent) return;
  link.owed.add({publish.qos == Qos::at_least_once ? Kind::pub_ack : Kind::pub_rec,
                 publish.packet_id, 0, at});
}

void Watcher::finished(Link& link, PacketId packet_id) {
  if (link.session != nullptr) link.session->open.erase(packet_id);
}

void Watcher::heard_pub_ack(Link& link, PacketId packet_id) {
  if (link.quota < link.quota_max) ++link.quota;
  if (link.session == nullptr) return;
  const Open* const open = link.session->open.find(packet_id);
  if (open == nullptr || open->qos != Qos::at_least_once) return;
  if (open->connection != link.number && link.to_send_again > 0) --link.to_send_again;
  link.session->open.erase(packet_id);
}

void Watcher::heard_pub_rec(Link& link, const PubRec& pub_rec, Instant at) {
  const bool is_refused = link.version == Version::v5 && failed(pub_rec.reason);
  if (is_refused && link.quota < link.quota_max) ++link.quota;
  if (link.session == nullptr) return;
  Open* const open = link.session->open.find(pub_rec.packet_id);
  if (open == nullptr) {
    // PUBREL with or without an error: neither standard settles it for both versions.
    if (link.session->left.size() < left_max)
      link.session->left.push_back({Kind::pub_rel, pub_rec.packet_id, 0, at});
    return;
  }
  if (open->connection != link.number && link.to_send_again > 0) --link.to_send_again;
  if (is_refused) {
    link.session->open.erase(pub_rec.packet_id);
    return;
  }
  open->connection = link.number;
  if (open->state == Open::State::publish) open->state = Open::State::pub_rec_heard;
  link.owed.add({Kind::pub_rel, pub_rec.packet_id, 0, at});
}

void Watcher::heard_pub_comp(Link& link, PacketId packet_id) {
  if (link.quota < link.quota_max) ++link.quota;
  if (link.session == nullptr) return;
  const Open* const open = link.session->open.find(packet_id);
  if (open == nullptr || open->state != Open::State::pub_rel) return;
  if (open->connection != link.number && link.to_send_again > 0) --link.to_send_again;
  link.session->open.erase(packet_id);
}

void Watcher::sent_pub_rel(Link& link, const PubRel& pub_rel, Instant at) {
  if (link.session == nullptr) return;
  Session& session = *link.session;
  Open* const open = session.open.find(pub_rel.packet_id);
  if (const auto taken = link.owed.take(Kind::pub_rel, pub_rel.packet_id)) {
    tried(link, Watch::pub_rel_answers_pub_rec);
    tried(link, Watch::pub_rec_is_answered);
    if (watches_client())
      require(link, Watch::pub_rels_in_order, taken->in_order, at, [&] {
        return text_of(Kind::pub_rel, pub_rel.packet_id) + " before that of an earlier PUBREC";
      });
    if (open != nullptr) {
      open->state = Open::State::pub_rel;
      open->connection = link.number;
    }
    return;
  }
  if (open != nullptr && open->state != Open::State::publish) {
    if (open->connection == link.number)
      require(link, Watch::again_only_after_reconnect, link.version != Version::v5, at, [&] {
        return text_of(Kind::pub_rel, pub_rel.packet_id) + " again on the same connection";
      });
    else if (link.to_send_again > 0 && --link.to_send_again == 0)
      tried(link, Watch::again_all);
    open->state = Open::State::pub_rel;
    open->connection = link.number;
    return;
  }
  if (failed(pub_rel.reason) || was_left(link, Kind::pub_rel, pub_rel.packet_id)) return;
  if (watches_client() && !link.resumed && session.lost.contains(pub_rel.packet_id))
    broken(link, Watch::lost_session_is_forgotten, at,
           text_of(Kind::pub_rel, pub_rel.packet_id) + " of a lost session");
  else if (session.is_certain || open != nullptr)
    broken(link, Watch::pub_rel_answers_pub_rec, at,
           text_of(Kind::pub_rel, pub_rel.packet_id) + " without a PUBREC");
}

bool Watcher::was_left(Link& link, Kind kind, PacketId packet_id) const {
  if (link.session == nullptr || !link.session->is_certain) return true;
  if (link.session->left.size() == left_max) return true;
  return std::any_of(link.session->left.begin(), link.session->left.end(), [&](const Owed& one) {
    return one.answer == kind && one.packet_id == packet_id;
  });
}

void Watcher::sent_acknowledgement(Link& link, Kind kind, PacketId packet_id, Instant at) {
  const auto taken = link.owed.take(kind, packet_id);
  if (!taken) {
    if (!was_left(link, kind, packet_id))
      broken(link, Watch::acknowledgement_answers, at,
             text_of(kind, packet_id) + " answers nothing");
    return;
  }
  tried(link, Watch::acknowledgement_answers);
  if (kind == Kind::pub_comp) return tried(link, Watch::pub_rel_is_answered);
  const bool is_of_1 = kind == Kind::pub_ack;
  tried(link, is_of_1 ? Watch::qos_1_is_acknowledged : Watch::qos_2_is_acknowledged);
  if (!watches_client()) return;
  tried(link, Watch::client_acknowledges_everything);
  require(link, is_of_1 ? Watch::pub_acks_in_order : Watch::pub_recs_in_order, taken->in_order, at,
          [&] { return text_of(kind, packet_id) + " before that of an earlier message"; });
}

}  // namespace mq::monitors
