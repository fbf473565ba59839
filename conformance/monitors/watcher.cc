#include "conformance/monitors/watcher.h"

#include <algorithm>

#include "base/overloaded.h"
#include "conformance/checks/words.h"
#include "conformance/monitors/text_at.h"
#include "protocol/describe.h"
#include "protocol/topic.h"

namespace mq::monitors {
namespace {

constexpr std::size_t payload_bytes_shown = 24;

const Properties* properties_of(const Packet& packet) {
  return std::visit(
      [](const auto& one) -> const Properties* {
        if constexpr (requires { one.properties; }) return &one.properties;
        return nullptr;
      },
      packet);
}

bool has(const Properties& properties, PropertyId id) {
  return std::any_of(properties.all().begin(), properties.all().end(),
                     [id](const Property& one) { return one.id == id; });
}

Traits traits_of(const Properties& properties) {
  Traits traits = 0;
  for (const Property& property : properties.all()) {
    if (property.id == PropertyId::user_property) traits |= with_user_property;
    if (property.id == PropertyId::response_topic) traits |= with_response_topic;
    if (property.id == PropertyId::content_type) traits |= with_content_type;
    if (property.id == PropertyId::topic_alias) traits |= with_topic_alias;
  }
  return traits;
}

// The first of the pair of rows about what a kind of packet leaves out; nothing for other kinds.
std::optional<std::size_t> fitting_rows(Kind kind) {
  static constexpr Kind kinds[] = {Kind::conn_ack,  Kind::pub_ack,    Kind::pub_rec,
                                   Kind::pub_rel,   Kind::pub_comp,   Kind::sub_ack,
                                   Kind::unsub_ack, Kind::disconnect, Kind::auth};
  const auto* const found = std::find(std::begin(kinds), std::end(kinds), kind);
  if (found == std::end(kinds)) return std::nullopt;
  return static_cast<std::size_t>(Watch::conn_ack_reason_string_fits) +
         2 * static_cast<std::size_t>(found - std::begin(kinds));
}

// What a broker had received may wait for its disk before it is acknowledged, and be so although
// another connection has taken over in between.
bool may_have_waited_for_the_store(Kind kind) {
  return kind == Kind::pub_ack || kind == Kind::pub_rec || kind == Kind::pub_comp;
}

bool is_about_form(Watch watch) { return info(watch).refused != Rule::none; }

// Which rule is broken where an answer is missing.
Watch missing(Kind answer) {
  switch (answer) {
    case Kind::conn_ack:
      return Watch::connect_is_answered;
    case Kind::pub_ack:
      return Watch::qos_1_is_acknowledged;
    case Kind::pub_rec:
      return Watch::qos_2_is_acknowledged;
    case Kind::pub_rel:
      return Watch::pub_rec_is_answered;
    case Kind::pub_comp:
      return Watch::pub_rel_is_answered;
    case Kind::sub_ack:
      return Watch::subscribe_is_answered;
    case Kind::unsub_ack:
      return Watch::unsubscribe_is_answered;
    default:
      return Watch::ping_is_answered;
  }
}

}  // namespace

void Session::begin_anew(const Link& link) {
  open.erase_if([&](PacketId, const Open& one) { return one.connection != link.number; });
  left.clear();
  filters.clear();
  is_certain = true;
  filters_are_certain = link.requests.empty();  // asked for before CONNACK
}

Traits traits_of(const Packet& packet) {
  Traits traits = trait(kind(packet));
  if (const Properties* properties = properties_of(packet);
      properties != nullptr && !properties->empty())
    traits |= traits_of(*properties);
  if (const auto* connect = std::get_if<Connect>(&packet)) {
    traits |= connect->will ? with_will : without_will;
    if (connect->user_name) traits |= with_user_name;
    if (connect->password) traits |= with_password;
  } else if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
    for (const auto& entry : subscribe->entries)
      if (shared(entry.filter)) traits |= with_shared_filter;
  }
  return traits;
}

void Watcher::broken(Link& link, Watch watch, Instant at, std::string text) {
  if (link.version == Version::v3_1) return;
  if (link.provoked && !is_about_form(watch)) return;
  if (watch != Watch::packet_is_well_formed && clauses(info(watch), link.version).empty()) return;
  notebook_.broken({watch, role_, link.version, link.client, link.number, at, std::move(text)});
}

void Watcher::opened(Link& link, Instant at) {
  link.last_sent = link.last_heard = at;
  if (link.session != nullptr) link.session->links.push_back(&link);
}

void Watcher::sent(Link& link, const Seen& seen) {
  if (const auto* connect = std::get_if<Connect>(&seen.packet)) link.version = connect->version;
  note_size(link, seen);
  check_time(link, seen.at);
  check_answers(link, seen.at);
  link.last_sent = seen.at;
  link.clock_was_set = false;
  if (link.version == Version::v3_1) return;
  note_form(link, seen);
  if (link.version == Version::v5) {
    check_size(link, seen);
    check_problem_information(link, seen);
  }
  check_course(link, seen);
  const Instant at = seen.at;
  std::visit(
      overloaded{
          [&](const Connect& one) { sent_connect(link, one, at); },
          [&](const ConnAck& one) { sent_conn_ack(link, one, at); },
          [&](const Publish& one) { sent_publish(link, one, at); },
          [&](const PubAck& one) { sent_acknowledgement(link, Kind::pub_ack, one.packet_id, at); },
          [&](const PubRec& one) { sent_acknowledgement(link, Kind::pub_rec, one.packet_id, at); },
          [&](const PubRel& one) { sent_pub_rel(link, one, at); },
          [&](const PubComp& one) {
            sent_acknowledgement(link, Kind::pub_comp, one.packet_id, at);
          },
          [&](const Subscribe& one) { sent_request(link, Kind::subscribe, one.packet_id, at); },
          [&](const Unsubscribe& one) { sent_request(link, Kind::unsubscribe, one.packet_id, at); },
          [&](const SubAck& one) { sent_sub_ack(link, one, at); },
          [&](const UnsubAck& one) { sent_unsub_ack(link, one, at); },
          [&](const PingReq&) {},
          [&](const PingResp&) {
            require(link, Watch::ping_is_answered,
                    link.owed.take(Kind::ping_resp, PacketId::none).has_value(), at,
                    [] { return std::string("PINGRESP without a PINGREQ"); });
          },
          [&](const Disconnect& one) { sent_disconnect(link, one, at); },
          [&](const Auth& one) { sent_auth(link, one, at); },
      },
      seen.packet);
}

void Watcher::heard(Link& link, const Seen& seen) {
  if (const auto* connect = std::get_if<Connect>(&seen.packet)) link.version = connect->version;
  check_time(link, seen.at);
  link.last_heard = seen.at;
  if (link.version == Version::v3_1) return;
  const Instant at = seen.at;
  std::visit(overloaded{
                 [&](const Connect& one) { heard_connect(link, one, at); },
                 [&](const ConnAck& one) { heard_conn_ack(link, one, at); },
                 [&](const Publish& one) { heard_publish(link, one, at); },
                 [&](const PubAck& one) { heard_pub_ack(link, one.packet_id); },
                 [&](const PubRec& one) { heard_pub_rec(link, one, at); },
                 [&](const PubRel& one) {
                   link.owed.add({Kind::pub_comp, one.packet_id, 0, at});
                 },
                 [&](const PubComp& one) { heard_pub_comp(link, one.packet_id); },
                 [&](const Subscribe& one) { heard_subscribe(link, one, at); },
                 [&](const Unsubscribe& one) { heard_unsubscribe(link, one, at); },
                 [&](const SubAck& one) { finished(link, one.packet_id); },
                 [&](const UnsubAck& one) { finished(link, one.packet_id); },
                 [&](const PingReq&) {
                   link.owed.add({Kind::ping_resp, PacketId::none, 0, at});
                 },
                 [&](const PingResp&) {},
                 [&](const Disconnect& one) { heard_disconnect(link, one); },
                 [&](const Auth& one) { heard_auth(link, one); },
             },
             seen.packet);
}

void Watcher::sent_malformed(Link& link, const Malformed& fault, std::span<const std::byte> wire,
                             Version version, Instant at) {
  if (!wire.empty() && std::to_integer<unsigned>(wire[0]) >> 4 == 1U) {
    // The codec learns the version from what it refuses only if it comes that far.
    if (!link.connect_seen) link.version = version;
  }
  link.connect_seen = true;  // nothing more is decoded
  const Traits kind_trait =
      wire.empty() ? 0 : Traits{1} << (std::to_integer<unsigned>(wire[0]) >> 4);
  const Fields field = text_at(wire, link.version, fault.offset);
  bool named = false;
  for (const WatchInfo& row : all_watches()) {
    if (row.refused != fault.rule || row.refused == Rule::none) continue;
    const bool is_of_kind = (row.tried_by & 0xffffU) == 0 || (row.tried_by & kind_trait) != 0;
    if (!is_of_kind || (row.fields != any_field && (row.fields & field) == 0)) continue;
    if (watches_client() ? !row.obliges_client : !row.obliges_broker) continue;
    if (clauses(row, link.version).empty()) continue;
    broken(link, row.watch, at, "malformed: " + describe(fault));
    named = true;
  }
  if (!named) broken(link, Watch::packet_is_well_formed, at, "malformed: " + describe(fault));
  link.provoked = true;  // what follows is not read
}

void Watcher::note_form(const Link& link, const Seen& seen) {
  notebook_.seen(role_, link.version, traits_of(seen.packet));
}

void Watcher::check_size(Link& link, const Seen& seen) {
  const std::uint32_t most = link.packet_bytes_max;
  if (most == 0) return;
  const bool fits = seen.bytes <= most;
  const auto text = [&] {
    return describe(seen.packet, link.version, payload_bytes_shown) + " has " +
           std::to_string(seen.bytes) + " bytes, " + std::to_string(most) + " are allowed";
  };
  require(link, either(Watch::client_packet_fits, Watch::broker_packet_fits), fits, seen.at, text);
  const auto rows = fitting_rows(kind(seen.packet));
  const Properties* const properties = properties_of(seen.packet);
  if (!rows || properties == nullptr || properties->empty()) return;
  if (has(*properties, PropertyId::reason_string))
    require(link, static_cast<Watch>(*rows), fits, seen.at, text);
  if (has(*properties, PropertyId::user_property))
    require(link, static_cast<Watch>(*rows + 1), fits, seen.at, text);
}

void Watcher::check_problem_information(Link& link, const Seen& seen) {
  if (watches_client() || link.wants_problem_information) return;
  const Kind what = kind(seen.packet);
  if (what == Kind::conn_ack || what == Kind::publish || what == Kind::disconnect) return;
  const Properties* const properties = properties_of(seen.packet);
  if (properties == nullptr) return;
  require(
      link, Watch::no_problem_information_unwanted,
      !has(*properties, PropertyId::reason_string) && !has(*properties, PropertyId::user_property),
      seen.at, [&] { return describe(seen.packet, link.version, payload_bytes_shown); });
}

// What may come at this point of a connection.
void Watcher::check_course(Link& link, const Seen& seen) {
  const Kind what = kind(seen.packet);
  const auto text = [&](const char* why) {
    return [&seen, &link, why] {
      return describe(seen.packet, link.version, payload_bytes_shown) + why;
    };
  };
  if (link.disconnect_sent) {
    if (watches_client() || link.version == Version::v5)
      broken(link, Watch::nothing_after_disconnect, seen.at, text(" after DISCONNECT")());
    return;
  }
  if (watches_client()) {
    if (!link.connect_seen)
      require(link, Watch::connect_comes_first, what == Kind::connect, seen.at,
              text(" comes first"));
    else if (!link.conn_ack_seen && !link.method.empty())
      require(link, Watch::nothing_but_auth_before_conn_ack,
              what == Kind::auth || what == Kind::disconnect, seen.at, text(" before CONNACK"));
    return;
  }
  if (link.must_close && what != Kind::disconnect &&
      (*link.must_close == Watch::refusal_closes ||
       *link.must_close == Watch::second_connect_is_not_answered ||
       (*link.must_close == Watch::older_connection_is_closed && is_exact(seen.at) &&
        !may_have_waited_for_the_store(what))))
    broken(link, *link.must_close, seen.at, text(" on a connection that has to be closed")());
  if (!link.conn_ack_seen && link.version == Version::v5 && what == Kind::disconnect)
    broken(link, Watch::disconnect_needs_acceptance, seen.at, text(" before CONNACK")());
  else if (!link.conn_ack_seen)
    require(link, Watch::conn_ack_comes_first, what == Kind::conn_ack || what == Kind::auth,
            seen.at, text(" before CONNACK"));
}

// Whose silence was too long, and what has been waited for too long.
void Watcher::check_time(Link& link, Instant at) {
  if (cannot_work_) return;
  if (link.accepted && link.keep_alive != 0 && !link.told_of_silence && !link.disconnect_sent) {
    const Duration keep_alive = std::chrono::seconds(link.keep_alive);
    const Duration heard_before = since(link.last_heard, at);
    // While CONNACK is on its way a client need not speak.
    const Duration sent_before = at - std::max(link.last_sent, link.accepted_at);
    if (!watches_client() && heard_before > keep_alive * 3 / 2 + view_.slack) {
      link.told_of_silence = true;
      broken(link, Watch::silence_closes, at,
             "a silence of " + checks::duration_text(heard_before) + " with a keep alive of " +
                 std::to_string(link.keep_alive) + " s, and the connection is open");
    }
    if (watches_client() && !link.clock_was_set && sent_before > keep_alive + view_.slack) {
      link.told_of_silence = true;
      broken(link,
             link.server_keep_alive ? Watch::client_obeys_server_keep_alive
                                    : Watch::client_is_not_silent,
             at,
             "a silence of " + checks::duration_text(sent_before) + " with a keep alive of " +
                 std::to_string(link.keep_alive) + " s");
    }
  }
  if (link.must_close) check_overdue(link, at);
}

void Watcher::check_overdue(Link& link, Instant at) {
  if (link.must_close && free_since(link, link.must_close_since, at) > patience + view_.slack) {
    broken(link, *link.must_close, at,
           "the connection is open since " + checks::time_text(link.must_close_since));
    if (link.error_sent)
      broken(link, Watch::error_closes, at, "the connection is open after an error");
    link.must_close.reset();
  }
}

// A packet is seen when all of it has left; how long that took nobody sees. So whether an answer is
// missing is asked only when something else has left.
void Watcher::check_answers(Link& link, Instant at) {
  if (cannot_work_) return;
  while (const Owed* oldest = link.disconnect_heard ? nullptr : link.owed.oldest()) {
    if (free_since(link, oldest->since, at) <= patience + view_.slack) break;
    const std::string what = std::string(mq::name(oldest->answer)) + " is missing since " +
                             checks::time_text(oldest->since);
    const Watch watch = missing(oldest->answer);
    broken(link, watch, at, what);
    if (watches_client() &&
        (watch == Watch::qos_1_is_acknowledged || watch == Watch::qos_2_is_acknowledged))
      broken(link, Watch::client_acknowledges_everything, at, what);
    link.owed.drop_oldest();
  }
  if (link.to_send_again > 0 && free_since(link, link.accepted_at, at) > patience + view_.slack) {
    if (link.quota > 0)
      broken(link, Watch::again_all, at,
             std::to_string(link.to_send_again) + " open packets were not sent again");
    link.to_send_again = 0;
  }
}

// At its peer's end what it sends has arrived.
void Watcher::note_size(Link& link, const Seen& seen) const {
  if (!view_.exact) return;
  link.in_flight += static_cast<std::uint32_t>(seen.bytes);
  if (link.in_flight >= bytes_that_fill) link.full_until = seen.at;
}

void Watcher::owe_close(Link& link, Watch watch, Instant at) {
  if (clauses(info(watch), link.version).empty() || link.must_close) return;
  link.must_close = watch;
  link.must_close_since = at;
}

void Watcher::closed(Link& link, Instant at, bool by_watched, bool is_reset) {
  // A side that hears nothing of the end does not close by itself: it was the peer's to wait.
  const bool was_silent = link.accepted && link.keep_alive != 0 && !watches_client() &&
                          at - link.last_heard >= std::chrono::seconds(link.keep_alive) * 3 / 2;
  check_time(link, at);
  if (was_silent && !link.told_of_silence) tried(link, Watch::silence_closes);
  if (link.must_close) tried(link, *link.must_close);
  if (link.error_sent) tried(link, Watch::error_closes);
  if (link.disconnect_sent) tried(link, Watch::nothing_after_disconnect);
  if (Session* const session = link.session) {
    std::erase(session->links, &link);
    if (link.taken_over && by_watched) tried(link, Watch::older_connection_is_closed);
    if (link.accepted) leave_session(link, at);
    // Its answer was lost on the way, or never left, and the session has begun all the same.
    const bool may_have_begun =
        link.connect_seen && !link.conn_ack_seen && link.session_expiry != 0;
    if (may_have_begun && session->ends_at) {
      may_be_anything(*session);
      session->ends_at.reset();
    } else if (may_have_begun && session->exists == Known::no) {
      session->exists = Known::maybe;
    }
    // What was written to a connection that was gone, or was cut short by the writer's RST, is not
    // in the trace, and counts as sent.
    if ((!by_watched && !link.disconnect_heard) || (by_watched && is_reset))
      session->is_certain = false;
  }
}

void Watcher::ended(Link& link, Instant at) {
  check_time(link, at);
  check_answers(link, at);
}

void Watcher::may_be_anything(Session& session) {
  session.exists = Known::maybe;
  session.is_certain = false;
  session.filters_are_certain = false;
  session.open.clear();
  session.left.clear();
  session.filters.clear();
}

}  // namespace mq::monitors
