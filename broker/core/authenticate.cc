// Who a client is (both standards, 3.1.4; enhanced authentication: 5.0, 4.12). The core asks and
// waits; finding out is a driver's, because it takes time and secrets.
#include <algorithm>
#include <utility>

#include "broker/core/core.h"
#include "protocol/utf8.h"

namespace mq::broker {

namespace {

using Turn = Authentication::Turn;

Authentication& authentication_of(Link& link) {
  if (!link.authentication) link.authentication = std::make_unique<Authentication>();
  return *link.authentication;
}

Bytes authentication_data(const Properties& properties) {
  const Bytes* data = properties.binary(PropertyId::authentication_data);
  return data != nullptr ? *data : Bytes{};
}

bool is_user_name(const std::string& text) { return !text.empty() && !utf8_breaks(text); }

}  // namespace

void Broker::Core::identify(Link& link, Connect& connect) {
  const AccessPolicy& access = settings_.access;
  const auto* identity = link.authentication ? &link.authentication->identity : nullptr;
  if (identity != nullptr && *identity && !is_user_name(**identity))
    return refuse(link, ReasonCode::not_authorized, Rule::client_is_authorized);
  const std::string* method = connect.properties.text(PropertyId::authentication_method);
  if (method == nullptr) {
    if (identity != nullptr && *identity) return enter(link, connect, std::string(**identity));
    if (!connect.user_name || !access.verifies_passwords || !link.verifies_users) {
      if (link.anonymous_allowed) return enter(link, connect, {});
      return refuse(link, ReasonCode::not_authorized, Rule::client_is_authorized);
    }
  }
  Authentication& authentication = authentication_of(link);
  if (method != nullptr) authentication.method = *method;
  authentication.connect = std::make_unique<Connect>(std::move(connect));
  authentication.turn = Turn::verifier;
  link.phase = Phase::authenticating;
  if (!authentication.method.empty()) {
    outbox_.authenticate({.link = link.id,
                          .method = authentication.method,
                          .data = authentication_data(authentication.connect->properties),
                          .realm = link.origin->realm});
    return;
  }
  if (awaiting_verifier_.size() >= limits_.verifications_waiting &&
      verifying_.size() >= limits_.verifications)
    return refuse(link, ReasonCode::server_busy, Rule::limit_is_kept);
  awaiting_verifier_.push_back(link.id);
  verify_next();
}

void Broker::Core::verify_next() {
  while (!awaiting_verifier_.empty() && verifying_.size() < limits_.verifications) {
    const LinkId id = awaiting_verifier_.front();
    awaiting_verifier_.pop_front();
    verifying_.insert(id);
    const Link& link = *find(id);
    const Connect& connect = *link.authentication->connect;
    outbox_.authenticate({.link = id,
                          .user = *connect.user_name,
                          .password = connect.password.value_or(Bytes{}),
                          .realm = link.origin->realm});
  }
}

Auth Broker::Core::auth_packet(const Link& link, ReasonCode reason, const Bytes& data) const {
  Auth auth{reason, {}};
  auth.properties.add(PropertyId::authentication_method, link.authentication->method);
  if (!data.empty()) auth.properties.add(PropertyId::authentication_data, data);
  return auth;
}

void Broker::Core::on(const Authenticated& told) {
  verifying_.erase(told.link);
  verify_next();
  Link* link = find(told.link);
  if (link == nullptr || link->phase == Phase::closing || !link->awaits(Turn::verifier)) return;
  Authentication& authentication = *link->authentication;
  authentication.turn = Turn::nobody;
  if (told.verdict == Authenticated::Verdict::more) {
    authentication.turn = Turn::client;
    answer(*link, auth_packet(*link, ReasonCode::continue_authentication, told.data));
  } else if (link->phase == Phase::connected) {
    authenticated_again(*link, told);
  } else {
    go_on(*link, told);
  }
  if (find(told.link) == link) read(*link);
}

// The verdict on a CONNECT.
void Broker::Core::go_on(Link& link, const Authenticated& told) {
  Authentication& authentication = *link.authentication;
  const bool accepted = told.verdict == Authenticated::Verdict::accepted;
  const bool is_other = authentication.identity && *authentication.identity != told.user;
  if (!accepted && authentication.method.empty())
    return refuse(link, ReasonCode::bad_user_name_or_password, Rule::client_is_authorized);
  if (!accepted || is_other || !is_user_name(told.user))
    return refuse(link, ReasonCode::not_authorized, Rule::client_is_authorized);
  const auto connect = std::move(authentication.connect);
  if (authentication.method.empty()) link.authentication.reset();
  enter(link, *connect, told.user, told.data);
}

// Who fails to prove it anew is not who it was, or is no longer welcome (v5 MQTT-4.12.1-2).
void Broker::Core::authenticated_again(Link& link, const Authenticated& told) {
  const bool accepted = told.verdict == Authenticated::Verdict::accepted;
  if (accepted && told.user == link.session->user)
    return answer(link, auth_packet(link, ReasonCode::success, told.data));
  disconnect(link, ReasonCode::not_authorized, Rule::client_is_authorized);
  detach(link, End::abnormal);
}

void Broker::Core::on(Link& link, const Auth& auth) {
  const std::string* method = auth.properties.text(PropertyId::authentication_method);
  if (!link.authentication || link.authentication->method.empty() || method == nullptr ||
      *method != link.authentication->method)
    return fault(link, Rule::auth_needs_a_method);
  Authentication& authentication = *link.authentication;
  const bool begins = auth.reason == ReasonCode::re_authenticate;
  const Turn expected = begins ? Turn::nobody : Turn::client;
  if (authentication.turn != expected || (begins && link.phase != Phase::connected))
    return fault(link, Rule::auth_comes_in_turn);
  authentication.turn = Turn::verifier;
  outbox_.authenticate({.link = link.id,
                        .method = *method,
                        .data = authentication_data(auth.properties),
                        .begins = begins,
                        .realm = link.origin->realm});
}

void Broker::Core::on(const AccessChanged& changed) {
  settings_.access = changed.access;
  for (auto& [client_id, session] : sessions_) review(*session);
  const auto is_changed = [&](const Session& session) {
    return std::any_of(changed.changed_users.begin(), changed.changed_users.end(),
                       [&](const AccessChanged::User& user) {
                         return user.name == session.user &&
                                changed.access.same_realm(session.origin->realm, user.realm);
                       });
  };
  std::vector<LinkId> ended;
  for (const auto& [id, link] : links_)
    if (link->session != nullptr && !link->session->user.empty() && is_changed(*link->session))
      ended.push_back(id);
  std::sort(ended.begin(), ended.end());
  for (const LinkId id : ended) {
    Link& link = *find(id);
    if (link.phase != Phase::connected) continue;
    disconnect(link, ReasonCode::not_authorized, Rule::client_is_authorized);
    detach(link, End::abnormal);
  }
}

}  // namespace mq::broker
