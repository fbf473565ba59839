// Who we are, and whether the broker is who we take it for (5.0, 4.12): SCRAM-SHA-256.
#include <string>

#include "client/core/core.h"

namespace mq::client {

// Begins another exchange. A nonce has 144 bits of ours; what it needs is to be new.
std::string Client::Core::first_words() {
  std::string bytes;
  for (int i = 0; i < 3; ++i)
    for (std::uint64_t bits = nonces_.next(), left = 6; left > 0; --left, bits >>= 8)
      bytes += static_cast<char>(bits & 0xFF);
  const std::string password(settings_.password ? settings_.password->text() : "");
  scram_.emplace(settings_.user_name.value_or(""), password, base64(bytes));
  scram_answered_ = false;
  return scram_->first();
}

void Client::Core::begin_authentication(Connect& connect) {
  connect.properties.add(PropertyId::authentication_method, settings_.authentication_method);
  connect.properties.add(PropertyId::authentication_data, Bytes::copy(first_words()));
}

Auth Client::Core::auth_packet(ReasonCode reason, std::string_view data) const {
  Auth auth{reason, {}};
  auth.properties.add(PropertyId::authentication_method, settings_.authentication_method);
  auth.properties.add(PropertyId::authentication_data, Bytes::copy(data));
  return auth;
}

void Client::Core::on(const AuthenticateOrder&) {
  if (phase_ != Phase::connected || !proves_itself() || scram_) return;
  put(auth_packet(ReasonCode::re_authenticate, first_words()));
}

bool Client::Core::has_proved_itself(const Properties& said) {
  const Bytes* data = said.binary(PropertyId::authentication_data);
  const bool proved = scram_ && scram_answered_ && data != nullptr && scram_->trusts(data->text());
  scram_.reset();
  return proved;
}

// Trying again would give it another guess.
void Client::Core::distrust_broker() {
  stopping_ = true;
  had_connection_ = true;  // the owner is to hear why it ended
  fail(Rule::auth_comes_in_turn);
}

void Client::Core::hear(const Auth& packet) {
  const std::string* method = packet.properties.text(PropertyId::authentication_method);
  if (!proves_itself() || method == nullptr || *method != settings_.authentication_method)
    return fail(Rule::auth_needs_a_method);
  if (!scram_) return fail(Rule::auth_comes_in_turn);
  if (packet.reason == ReasonCode::success) {
    if (phase_ != Phase::connected) return fail(Rule::auth_comes_in_turn);
    if (!has_proved_itself(packet.properties)) return distrust_broker();
    return emit(Reauthenticated{});
  }
  const Bytes* challenge = packet.properties.binary(PropertyId::authentication_data);
  if (scram_answered_ || challenge == nullptr) return fail(Rule::auth_comes_in_turn);
  const auto answer = scram_->last(challenge->text());
  if (!answer) return distrust_broker();
  scram_answered_ = true;
  put(auth_packet(ReasonCode::continue_authentication, *answer));
}

}  // namespace mq::client
