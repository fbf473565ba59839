// How connections begin and end, and what that means for sessions.
#include <algorithm>

#include "conformance/monitors/watcher.h"
#include "protocol/describe.h"

namespace mq::monitors {
namespace {

constexpr std::uint32_t never = 0xffffffff;

bool refuses(const ConnAck& conn_ack) { return conn_ack.reason != ReasonCode::success; }

}  // namespace

void Watcher::take_connect(Link& link, const Connect& connect) {
  link.connect_seen = true;
  link.clean_start = connect.clean_start;
  link.keep_alive = connect.keep_alive;
  link.client_id_was_empty = connect.client_id.empty();
  link.session_expiry = connect.version == Version::v5 || connect.clean_start ? 0 : never;
  if (connect.version == Version::v5) {
    const Properties& all = connect.properties;
    link.session_expiry = all.number(PropertyId::session_expiry_interval).value_or(0);
    link.wants_response_information =
        all.number(PropertyId::request_response_information).value_or(0) != 0;
    link.wants_problem_information =
        all.number(PropertyId::request_problem_information).value_or(1) != 0;
    if (const std::string* method = all.text(PropertyId::authentication_method))
      link.method = *method;
  }
  if (link.session == nullptr) {
    // Who has no id yet has a session that nobody else can come back to.
    std::string id = connect.client_id;
    if (id.empty()) id = std::string("\0", 1) + std::to_string(sessions_.size());
    link.session = &sessions_[id];
    link.session->links.push_back(&link);
  }
}

void Watcher::sent_connect(Link& link, const Connect& connect, Instant at) {
  if (link.connect_seen) return;  // its receiver has to close
  take_connect(link, connect);
  if (connect.client_id.empty())
    require(link, Watch::empty_client_id_is_clean, connect.clean_start, at,
            [] { return std::string("an empty client id without a clean session"); });
}

void Watcher::heard_connect(Link& link, const Connect& connect, Instant at) {
  if (link.connect_seen) {
    link.keep_alive = 0;
    return owe_close(link, Watch::second_connect_is_not_answered, at);
  }
  take_connect(link, connect);
  link.owed.add({Kind::conn_ack, PacketId::none, 0, at});
  if (connect.version != Version::v5) return;
  const Properties& all = connect.properties;
  link.packet_bytes_max = all.number(PropertyId::maximum_packet_size).value_or(0);
  link.aliases_max =
      static_cast<std::uint16_t>(all.number(PropertyId::topic_alias_maximum).value_or(0));
  link.quota = link.quota_max =
      static_cast<std::uint16_t>(all.number(PropertyId::receive_maximum).value_or(65'535));
}

void Watcher::sent_conn_ack(Link& link, const ConnAck& conn_ack, Instant at) {
  if (link.conn_ack_seen) {
    if (!link.must_close) broken(link, Watch::conn_ack_comes_once, at, "another CONNACK");
    return;
  }
  link.conn_ack_seen = true;
  tried(link, Watch::conn_ack_comes_once);
  if (link.owed.take(Kind::conn_ack, PacketId::none)) tried(link, Watch::connect_is_answered);
  const bool is_refusal = refuses(conn_ack);
  if (link.client_id_was_empty && !link.clean_start)
    require(link, Watch::empty_client_id_with_session_is_refused,
            is_refusal || link.version == Version::v5, at,
            [] { return std::string("an empty client id with a session is accepted"); });
  if (link.version == Version::v5) check_conn_ack_properties(link, conn_ack, at);
  if (is_refusal) {
    link.refused = true;
    if (link.session != nullptr)
      for (Link* other : link.session->links) other->taken_over = false;
    return owe_close(link, Watch::refusal_closes, at);
  }
  if (link.session == nullptr) return;
  check_session_present(link, conn_ack.session_present, at);
  check_takeover(link, at);
  accept(link, conn_ack, at);
}

void Watcher::check_conn_ack_properties(Link& link, const ConnAck& conn_ack, Instant at) {
  const Properties& all = conn_ack.properties;
  const auto text = [&] { return describe(conn_ack, link.version); };
  if (!link.wants_response_information)
    require(link, Watch::no_response_information_unasked,
            all.text(PropertyId::response_information) == nullptr, at, text);
  const std::string* const method = all.text(PropertyId::authentication_method);
  if (link.method.empty())
    require(link, Watch::no_auth_without_method_by_broker, method == nullptr, at, text);
  else if (!refuses(conn_ack))
    require(link, Watch::auth_repeats_the_method, method != nullptr && *method == link.method, at,
            text);
  if (refuses(conn_ack) || !link.client_id_was_empty) return;
  const std::string* const assigned = all.text(PropertyId::assigned_client_identifier);
  require(link, Watch::assigned_client_id_is_told, assigned != nullptr && !assigned->empty(), at,
          text);
  if (assigned == nullptr) return;
  if (assigned_.size() < assigned_ids_max)
    require(link, Watch::assigned_client_id_is_unique, assigned_.insert(*assigned).second, at,
            text);
  if (link.session == nullptr || sessions_.empty()) return;
  std::erase(link.session->links, &link);
  link.session = &sessions_[*assigned];
  link.session->links.push_back(&link);
}

void Watcher::check_session_present(Link& link, bool present, Instant at) {
  Session& session = *link.session;
  const auto text = [&] {
    return std::string("CONNACK says session present ") + (present ? "1" : "0");
  };
  if (link.clean_start) {
    require(link, Watch::clean_start_has_no_session, !present, at, text);
  } else {
    Known expected = session.exists;
    if (expected == Known::yes && session.ends_at) {
      if (at > *session.ends_at + view_.slack)
        expected = is_exact(at) ? Known::no : Known::maybe;
      else if (at > *session.ends_at - view_.slack)
        expected = Known::maybe;
    }
    // What a broker that was hindered has long given up shows when it works again.
    if (works_since_ != Instant{} && at - works_since_ < patience) expected = Known::maybe;
    if (expected != Known::maybe)
      require(link, Watch::session_present_is_right, present == (expected == Known::yes), at, text);
  }
  if (present)
    resume(link, at);
  else
    session.begin_anew(link);
}

void Watcher::resume(Link& link, Instant at) {
  Session& session = *link.session;
  link.resumed = true;
  if (!is_exact(at) || session.exists == Known::no) session.is_certain = false;
  link.to_send_again = static_cast<std::uint32_t>(
      session.open.count_if([](const Open& one) { return one.state != Open::State::request; }));
}

void Watcher::check_takeover(Link& link, Instant at) {
  for (Link* other : link.session->links)
    if (other != &link && other->accepted) owe_close(*other, Watch::older_connection_is_closed, at);
}

void Watcher::accept(Link& link, const ConnAck& conn_ack, Instant at) {
  link.accepted = true;
  link.accepted_at = at;
  Session& session = *link.session;
  session.exists = Known::yes;
  session.ends_at.reset();
  if (link.version != Version::v5) return;
  const Properties& all = conn_ack.properties;
  if (const auto seconds = all.number(PropertyId::server_keep_alive)) {
    link.keep_alive = static_cast<std::uint16_t>(*seconds);
    link.server_keep_alive = true;
  }
  if (const auto seconds = all.number(PropertyId::session_expiry_interval))
    link.session_expiry = *seconds;
}

void Watcher::heard_conn_ack(Link& link, const ConnAck& conn_ack, Instant at) {
  link.conn_ack_seen = true;
  if (refuses(conn_ack) || link.session == nullptr) return;
  if (link.version == Version::v5) {
    const Properties& all = conn_ack.properties;
    link.packet_bytes_max = all.number(PropertyId::maximum_packet_size).value_or(0);
    link.aliases_max =
        static_cast<std::uint16_t>(all.number(PropertyId::topic_alias_maximum).value_or(0));
    link.quota_max =
        static_cast<std::uint16_t>(all.number(PropertyId::receive_maximum).value_or(65'535));
    const unsigned used = 65'535U - link.quota;
    link.quota = static_cast<std::uint16_t>(link.quota_max > used ? link.quota_max - used : 0);
    link.maximum_qos = static_cast<std::uint8_t>(all.number(PropertyId::maximum_qos).value_or(2));
    link.retain_available = all.number(PropertyId::retain_available).value_or(1) != 0;
  }
  Session& session = *link.session;
  if (!conn_ack.session_present) {
    if (!link.clean_start && session.exists == Known::yes) {
      session.lost = std::move(session.open);
      tried(link, Watch::lost_session_is_forgotten);
    }
    session.begin_anew(link);
  } else if (link.clean_start || session.exists == Known::no) {
    owe_close(link, Watch::unknown_session_ends_the_connection, at);
    session.is_certain = false;
  } else {
    session.lost.clear();
    resume(link, at);
  }
  accept(link, conn_ack, at);
}

void Watcher::sent_disconnect(Link& link, const Disconnect& disconnect, Instant at) {
  link.disconnect_sent = true;
  link.owed.clear();
  link.to_send_again = 0;
  if (link.version == Version::v5) {
    link.error_sent = failed(disconnect.reason);
    if (const auto seconds = disconnect.properties.number(PropertyId::session_expiry_interval);
        seconds && watches_client())
      link.session_expiry = *seconds;
  }
  link.must_close.reset();
  owe_close(link,
            either(Watch::client_closes_after_disconnect, Watch::broker_closes_after_disconnect),
            at);
}

// It may still answer what it owes, and need not.
void Watcher::heard_disconnect(Link& link, const Disconnect& disconnect) {
  link.disconnect_heard = true;
  link.to_send_again = 0;
  link.keep_alive = 0;
  if (const auto seconds = disconnect.properties.number(PropertyId::session_expiry_interval);
      seconds && !watches_client() && link.version == Version::v5 && link.session_expiry != 0)
    link.session_expiry = *seconds;
}

void Watcher::sent_auth(Link& link, const Auth& auth, Instant at) {
  const auto text = [&] { return describe(auth, link.version); };
  if (link.method.empty()) {
    broken(link,
           either(Watch::no_auth_without_method_by_client, Watch::no_auth_without_method_by_broker),
           at, text());
    return;
  }
  const std::string* const method = auth.properties.text(PropertyId::authentication_method);
  require(link, Watch::auth_repeats_the_method, method == nullptr || *method == link.method, at,
          text);
  if (watches_client() && link.asked_by_auth) {
    require(link, Watch::client_answers_by_continue,
            auth.reason == ReasonCode::continue_authentication, at, text);
    link.asked_by_auth = false;
  }
  if (!watches_client() && !link.accepted)
    require(link, Watch::broker_asks_by_continue,
            auth.reason == ReasonCode::continue_authentication, at, text);
}

void Watcher::heard_auth(Link& link, const Auth& auth) {
  if (watches_client()) link.asked_by_auth = auth.reason == ReasonCode::continue_authentication;
  // A CONNACK may wait for as many steps as there are.
  if (const Owed* oldest = link.owed.oldest();
      oldest != nullptr && oldest->answer == Kind::conn_ack && !watches_client())
    link.owed.drop_oldest();
}

void Watcher::leave_session(Link& link, Instant at) {
  Session& session = *link.session;
  const bool goes_on = std::any_of(session.links.begin(), session.links.end(),
                                   [](const Link* other) { return other->accepted; });
  if (link.provoked) {
    may_be_anything(session);
    return;
  }
  if (goes_on) return;
  if (link.session_expiry == 0) {
    session.exists = Known::no;
    session.open.clear();
    session.begin_anew(link);
    session.filters_are_certain = true;
    return;
  }
  session.ends_at.reset();
  if (link.session_expiry != never)
    session.ends_at = at + std::chrono::seconds(link.session_expiry);
  session.open.erase_if(
      [](PacketId, const Open& one) { return one.state == Open::State::request; });
  session.left.clear();
  while (const Owed* oldest = link.owed.oldest()) {
    const bool is_of_a_message =
        oldest->answer == Kind::pub_ack || oldest->answer == Kind::pub_rec ||
        oldest->answer == Kind::pub_comp || oldest->answer == Kind::pub_rel;
    if (is_of_a_message && session.left.size() < left_max) session.left.push_back(*oldest);
    link.owed.drop_oldest();
  }
}

}  // namespace mq::monitors
