// CONNECT (both standards, 3.1): who is let in, which session it gets, and what CONNACK says.
#include <algorithm>
#include <string_view>
#include <utility>

#include "broker/core/announced.h"
#include "broker/core/core.h"
#include "protocol/topic.h"
#include "protocol/utf8.h"

namespace mq::broker {

namespace {

constexpr std::uint16_t window_max = 4096;  // keeps the walk over what is in flight short

// The return codes of 3.1.1 are few; what they cannot say is said by closing (v3.1.1
// MQTT-3.2.2-6).
std::optional<ReasonCode> connect_return_of(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::unsupported_protocol_version:
      return connect_return::unacceptable_protocol_version;
    case ReasonCode::client_identifier_not_valid:
      return connect_return::identifier_rejected;
    case ReasonCode::server_busy:
    case ReasonCode::server_unavailable:
    case ReasonCode::quota_exceeded:
    case ReasonCode::use_another_server:
    case ReasonCode::server_moved:
      return connect_return::server_unavailable;
    case ReasonCode::bad_user_name_or_password:
      return connect_return::bad_user_name_or_password;
    case ReasonCode::not_authorized:
    case ReasonCode::topic_name_invalid:
      return connect_return::not_authorized;
    default:
      return std::nullopt;
  }
}

std::chrono::seconds granted_expiry(const Connect& connect, const Settings& settings) {
  std::chrono::seconds wanted{0};
  if (connect.version == Version::v5)
    wanted = std::chrono::seconds(
        connect.properties.number(PropertyId::session_expiry_interval).value_or(0));
  else if (!connect.clean_start)
    wanted = settings.session_expiry_3_1_1;
  return std::min(wanted, settings.limits.session_expiry);
}

Rule rule_of_refusal(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::client_identifier_not_valid:
      return Rule::client_id_is_acceptable;
    case ReasonCode::qos_not_supported:
      return Rule::qos_is_within_maximum;
    case ReasonCode::retain_not_supported:
      return Rule::retain_is_available;
    case ReasonCode::payload_format_invalid:
      return Rule::payload_is_as_indicated;
    default:
      return Rule::limit_is_kept;
  }
}

void add_offers(const Offers& offers, Properties& said) {
  if (offers.maximum_qos != Qos::exactly_once)
    said.add(PropertyId::maximum_qos, static_cast<std::uint32_t>(offers.maximum_qos));
  const std::pair<PropertyId, bool> rest[] = {
      {PropertyId::retain_available, offers.retained_messages},
      {PropertyId::wildcard_subscription_available, offers.wildcard_subscriptions},
      {PropertyId::subscription_identifier_available, offers.subscription_identifiers},
      {PropertyId::shared_subscription_available, offers.shared_subscriptions}};
  for (const auto& [id, offered] : rest)
    if (!offered) said.add(id, 0u);
}

std::string with_client_id(std::string text, const std::string& client_id) {
  for (std::size_t at = 0; (at = text.find("%c", at)) != std::string::npos; at += client_id.size())
    text.replace(at, 2, client_id);
  return text;
}

}  // namespace

bool Broker::Core::is_as_indicated(const Properties& properties, const Bytes& payload) {
  if (properties.number(PropertyId::payload_format_indicator) != 1u) return true;
  std::string_view text = payload.text();
  while (const auto fault = utf8_breaks(text)) {
    if (fault->rule != Rule::string_has_no_null) return false;  // in a payload NUL is a character
    text.remove_prefix(fault->offset + 1);
  }
  return true;
}

bool Broker::Core::within_limits(std::string_view topic) const {
  return topic.size() <= std::min<std::size_t>(limits_.topic_bytes, 0xFFFF) &&
         std::count(topic.begin(), topic.end(), '/') <
             static_cast<std::ptrdiff_t>(limits_.topic_levels);
}

bool Broker::Core::is_own_topic(std::string_view topic) {
  return topic == "$SYS" || topic.starts_with("$SYS/");
}

std::optional<ReasonCode> Broker::Core::refuses(const Link& link, const Connect& connect) const {
  // An empty id asks for one of ours, which 3.1 does not know and 3.1.1 wants together with a
  // clean session (v3.1.1 MQTT-3.1.3-8).
  const bool v5 = connect.version == Version::v5;
  const Offers& offers = settings_.offers;
  const auto& versions = settings_.versions;
  if (std::find(versions.begin(), versions.end(), connect.version) == versions.end())
    return ReasonCode::unsupported_protocol_version;
  const auto& prefixes = settings_.client_id_prefixes;
  const bool is_chosen = !connect.client_id.empty() && !settings_.user_is_client_id;
  if (is_chosen && !prefixes.empty() &&
      std::none_of(prefixes.begin(), prefixes.end(),
                   [&](const auto& prefix) { return connect.client_id.starts_with(prefix); }))
    return ReasonCode::client_identifier_not_valid;
  if (connect.client_id.empty() && !settings_.user_is_client_id &&
      (!offers.empty_client_ids ||
       (!v5 && (connect.version == Version::v3_1 || !connect.clean_start))))
    return ReasonCode::client_identifier_not_valid;
  if (settings_.server_moved) return ReasonCode::server_moved;
  const auto longest = settings_.keep_alive_max.count();
  if (!v5 && longest > 0 && (connect.keep_alive == 0 || connect.keep_alive > longest))
    return ReasonCode::client_identifier_not_valid;
  const auto& methods = settings_.access.methods_of(*link.origin);
  if (const auto* method = connect.properties.text(PropertyId::authentication_method);
      method != nullptr &&
      (!link.verifies_users || std::find(methods.begin(), methods.end(), *method) == methods.end()))
    return ReasonCode::bad_authentication_method;
  if (connect.will && !within_limits(link.mount_point + connect.will->topic))
    return ReasonCode::topic_name_invalid;
  if (connect.will && is_own_topic(connect.will->topic)) return ReasonCode::not_authorized;
  if (connect.will && is_too_large(connect.will->payload)) return ReasonCode::packet_too_large;
  if (connect.will && connect.will->qos > offers.maximum_qos) return ReasonCode::qos_not_supported;
  if (connect.will && connect.will->retain && !offers.retained_messages)
    return ReasonCode::retain_not_supported;
  if (connect.will && settings_.validates_payload_format &&
      !is_as_indicated(connect.will->properties, connect.will->payload))
    return ReasonCode::payload_format_invalid;
  if (sessions_.size() >= limits_.sessions && find(connect.client_id) == nullptr)
    return settings_.server_reference.empty() ? ReasonCode::quota_exceeded
                                              : ReasonCode::use_another_server;
  if (!store_takes_records_ && granted_expiry(connect, settings_).count() > 0)
    return ReasonCode::server_unavailable;
  return std::nullopt;
}

// Says why if there are words for it in the client's version, and closes. What the client sends
// after the CONNECT is not looked at (v5 MQTT-3.1.4-6).
void Broker::Core::refuse(Link& link, ReasonCode reason, Rule rule) {
  ++traffic_.refused;
  outbox_.note({.what = Note::What::refused,
                .link = link.id,
                .reason = reason,
                .rule = rule,
                .address = link.address});
  // What is refused before it was decoded as a whole has not been looked at for what it announces.
  const Announced announced = announced_by(link.reader.wire());
  const Version version = std::max(link.reader.version(), announced.version);
  if (link.phase == Phase::fresh) link.packet_bytes_max = announced.packet_bytes_max;
  std::optional<ReasonCode> said = reason;
  if (version != Version::v5) said = connect_return_of(reason);
  if (rule == Rule::connect_comes_first || rule == Rule::connect_arrives_in_time ||
      rule == Rule::protocol_name_is_mqtt)
    said.reset();  // nobody asked, or not for MQTT
  if (said) {
    ConnAck ack{false, *said, {}};
    const bool elsewhere =
        reason == ReasonCode::server_moved || reason == ReasonCode::use_another_server;
    if (elsewhere && !settings_.server_reference.empty())
      ack.properties.add(PropertyId::server_reference, settings_.server_reference);
    else if (rule != Rule::limit_is_kept)
      ack.properties.add(PropertyId::reason_string, std::string(info(rule).sentence));
    if (!fits(link, encoded_bytes(ack, version))) ack.properties = {};
    if (fits(link, encoded_bytes(ack, version))) {
      ++traffic_.packets_sent;
      send(link, encode(ack, version), 0);
    }
  }
  close(link, rule);
}

std::string Broker::Core::assigned_client_id() {
  static constexpr char digits[] = "0123456789abcdef";
  for (;;) {
    std::string id = settings_.assigned_id_prefix;
    std::uint64_t random = rng_.next();
    for (int i = 0; i < 16; ++i, random >>= 4) id += digits[random & 15];
    if (find(id) == nullptr) return id;
  }
}

Session& Broker::Core::make_session(std::string client_id, const Origin* origin) {
  auto made = std::make_unique<Session>(totals_);
  made->origin = origin;
  made->client_id = std::move(client_id);
  made->number = ++last_session_;
  Session& session = *made;
  numbered_.emplace(session.number, &session);
  sessions_.emplace(session.client_id, std::move(made));
  traffic_.sessions_most = std::max(traffic_.sessions_most, sessions_.size());
  return session;
}

void Broker::Core::take_over(Session& session) {
  Link& old = *session.link;
  if (session.will && faulty(Fault::loses_will_at_takeover)) drop_will(session);
  outbox_.note({.what = Note::What::taken_over, .link = old.id, .client_id = session.client_id});
  disconnect(old, ReasonCode::session_taken_over, Rule::one_link_per_session);
  detach(old, End::abnormal);
}

void Broker::Core::store_will(Session& session, std::optional<Will>& will) {
  if (session.will && faulty(Fault::publishes_cancelled_will)) publish_will(session);
  if (session.will) drop_will(session);  // of a link that is gone; it came back in time
  if (!will) return;
  session.will = std::make_unique<StoredWill>(StoredWill{std::move(*will), std::nullopt});
  if (settings_.keeps_records)
    persist(SaveWill{session.client_id, session.will->will, session.will->due,
                     author_of(session).user});
}

ConnAck Broker::Core::conn_ack(const Connect& connect, const Session& session, bool assigned,
                               bool present) const {
  ConnAck ack{present && connect.version != Version::v3_1, ReasonCode::success, {}};
  if (connect.version != Version::v5) return ack;
  const auto wanted = connect.properties.number(PropertyId::session_expiry_interval).value_or(0);
  if (session.expiry != std::chrono::seconds(wanted))
    ack.properties.add(PropertyId::session_expiry_interval,
                       static_cast<std::uint32_t>(session.expiry.count()));
  if (limits_.receive_maximum < 0xFFFF)
    ack.properties.add(PropertyId::receive_maximum, std::uint32_t{limits_.receive_maximum});
  if (limits_.packet_bytes < packet_bytes_limit)
    ack.properties.add(PropertyId::maximum_packet_size,
                       static_cast<std::uint32_t>(limits_.packet_bytes));
  if (assigned) ack.properties.add(PropertyId::assigned_client_identifier, session.client_id);
  if (limits_.topic_aliases > 0)
    ack.properties.add(PropertyId::topic_alias_maximum, std::uint32_t{limits_.topic_aliases});
  const std::uint32_t keep_alive = granted_keep_alive(connect);
  if (keep_alive != connect.keep_alive)
    ack.properties.add(PropertyId::server_keep_alive, keep_alive);
  add_offers(settings_.offers, ack.properties);
  const auto asks = connect.properties.number(PropertyId::request_response_information);
  if (asks == 1u && !settings_.response_information.empty())
    ack.properties.add(PropertyId::response_information,
                       with_client_id(settings_.response_information, session.client_id));
  return ack;
}

std::uint16_t Broker::Core::granted_keep_alive(const Connect& connect) const {
  const auto longest =
      static_cast<std::uint16_t>(std::min<std::int64_t>(settings_.keep_alive_max.count(), 0xFFFF));
  if (longest == 0) return connect.keep_alive;
  return connect.keep_alive == 0 ? longest : std::min(connect.keep_alive, longest);
}

void Broker::Core::on(Link& link, Connect& connect) {
  link.version = connect.version;
  link.problem_information =
      connect.properties.number(PropertyId::request_problem_information).value_or(1) != 0;
  link.packet_bytes_max = connect.properties.number(PropertyId::maximum_packet_size).value_or(0);
  if (auto reason = refuses(link, connect)) {
    return refuse(link, *reason, rule_of_refusal(*reason));
  }
  identify(link, connect);
}

// A session belongs to the user that began it: nobody else gets it, ends it or takes its link.
// A name is nobody's without the realm that it is of; who has none is the same nobody everywhere.
bool Broker::Core::may_use(const Session& session, const std::string& user,
                           const Origin& origin) const {
  const AccessPolicy& access = settings_.access;
  const bool same_realm = user.empty() || access.same_realm(session.origin->realm, origin.realm);
  return (session.user == user && same_realm) ||
         (session.user.empty() && session.link == nullptr && access.adopts_sessions);
}

void Broker::Core::empty(Session& session) {
  session.outgoing.clear();
  while (!session.subscriptions.empty())
    remove_subscription(session, std::string(session.subscriptions.back()->entry.filter));
}

// The session that the client asked for, for this link alone.
Session& Broker::Core::session_for(Link& link, Connect& connect, const std::string& user) {
  Session* session = find(connect.client_id);
  const bool present = session != nullptr;
  if (!present) session = &make_session(connect.client_id, link.origin);
  if (present && faulty(Fault::forgets_session)) empty(*session);
  if (faulty(Fault::forgets_incoming)) session->incoming = {};

  session->user = user;
  if (std::exchange(session->origin, link.origin) != link.origin) review(*session);
  session->version = connect.version;
  session->expiry = granted_expiry(connect, settings_);
  session->recorded |=
      session->expiry.count() > 0 && settings_.keeps_records && !faulty(Fault::stores_no_session);
  session->link = &link;
  if (!faulty(Fault::expiry_runs_on)) session->disconnected_at.reset();
  session->stalled = false;
  session->incoming.new_link();
  session->outgoing.rewind();
  record_session(*session);
  store_will(*session, connect.will);
  arm(*session);
  return *session;
}

// The client is known; `proof` is the method's last word to it.
void Broker::Core::enter(Link& link, Connect& connect, const std::string& user, Bytes proof) {
  const std::uint64_t before = outbox_.last_sequence();
  const bool assigned = connect.client_id.empty();
  if (settings_.user_is_client_id) {
    if (user.empty()) return refuse(link, ReasonCode::not_authorized, Rule::client_is_authorized);
    connect.client_id = user;
  } else if (assigned) {
    connect.client_id = assigned_client_id();
  }
  if (connect.will) connect.will->topic.insert(0, link.mount_point);
  Session* has = find(connect.client_id);
  if (has != nullptr && !may_use(*has, user, *link.origin))
    return refuse(link, ReasonCode::not_authorized, Rule::client_is_authorized);
  if (connect.will &&
      !may_write({stored_user(user, *link.origin), connect.client_id}, connect.will->topic))
    return refuse(link, ReasonCode::not_authorized, Rule::client_is_authorized);
  if (has == nullptr && sessions_.size() >= limits_.sessions)  // filled up while it was verified
    return refuse(link, ReasonCode::quota_exceeded, Rule::limit_is_kept);
  if (has != nullptr && has->link != nullptr) {
    take_over(*has);
    has = find(connect.client_id);  // one without expiry ended with its link
  }
  if (has != nullptr && connect.clean_start) {
    end_session(*has);
    has = nullptr;
  }
  const bool present = has != nullptr;
  Session& session = session_for(link, connect, user);

  link.session = &session;
  ++connected_;
  ++traffic_.connects;
  link.phase = Phase::connected;
  const std::uint16_t keep_alive = granted_keep_alive(connect);
  link.patience = std::chrono::milliseconds(1500) * keep_alive;
  link.silent_until = now_ + link.patience;
  arm(link, keep_alive > 0 ? std::optional(link.silent_until) : std::nullopt);
  link.window = static_cast<std::uint16_t>(std::min<std::uint32_t>(
      window_max,
      connect.properties.number(PropertyId::receive_maximum).value_or(limits_.inflight_messages)));
  if (faulty(Fault::counts_resent_twice))
    link.window = static_cast<std::uint16_t>(
        link.window - std::min<std::size_t>(link.window, session.outgoing.find(PacketId::none)));
  link.aliases_out_max = static_cast<std::uint16_t>(std::min<std::uint32_t>(
      limits_.topic_aliases_out,
      connect.properties.number(PropertyId::topic_alias_maximum).value_or(0)));
  link.reader.allow_packet_bytes(limits_.packet_bytes);

  outbox_.note({.what = Note::What::connected,
                .link = link.id,
                .client_id = session.client_id,
                .session_present = present,
                .address = link.address,
                .version = link.version});
  ConnAck ack = conn_ack(connect, session, assigned, present);
  if (link.authentication && !link.authentication->method.empty()) {
    ack.properties.add(PropertyId::authentication_method, link.authentication->method);
    if (!proof.empty()) ack.properties.add(PropertyId::authentication_data, std::move(proof));
  }
  answer(link, ack, needs_since(before));
  if (link.phase == Phase::connected) pump(session);
}

}  // namespace mq::broker
