#include "conformance/runner/values.h"

#include "conformance/runner/match.h"
#include "conformance/runner/wire.h"
#include "protocol/scram/scram.h"
#include "scenarios/language/units.h"

namespace mq::conformance {
namespace {

std::optional<std::string> attribute(const Party& party, std::string_view what) {
  const auto id = [](std::optional<std::uint16_t> number) -> std::optional<std::string> {
    if (!number) return std::nullopt;
    return std::to_string(*number);
  };
  if (what == "client_id") return party.client_id;
  if (what == "id") return id(party.received_id);
  if (what == "sent_id") return id(party.sent_id);
  if (what == "keep_alive") return std::to_string(party.keep_alive);
  if (what == "subprotocol") return party.subprotocol;
  if (!party.hello) return std::nullopt;
  if (auto said = seen(*party.hello, what)) return said;
  // What 5.0 says holds when nothing is said.
  static const std::map<std::string_view, const char*> usual = {
      {"receive_maximum", "65535"},
      {"topic_alias_maximum", "0"},
      {"session_expiry_interval", "0"},
      {"maximum_qos", "2"},
      {"retain_available", "1"},
      {"maximum_packet_size", "268435460"},
      {"wildcard_subscription_available", "1"},
      {"shared_subscription_available", "1"},
      {"subscription_identifier_available", "1"}};
  if (what == "server_keep_alive") return std::to_string(party.keep_alive);
  const auto found = usual.find(what);
  if (found == usual.end()) return std::nullopt;
  return found->second;
}

// The broker's half of SCRAM-SHA-256 for the user lab with the password secret.
struct ScramHalf {
  std::optional<std::string> challenge;
  std::optional<std::string> proof;
};
ScramHalf scram(const std::string& first, const std::string& last) {
  ScramServer server("lab-nonce");
  ScramHalf half;
  half.challenge = server.first(first, [](const std::string&) {
    return ScramServer::Looked{make_scram_credential("secret", "lab-salt", scram_iterations_min),
                               true};
  });
  if (half.challenge && !last.empty()) half.proof = server.last(last);
  return half;
}

}  // namespace

LookUp Values::look_up() const {
  return [this](std::string_view name) { return value_of(name); };
}

std::optional<std::string> Values::value_of(std::string_view name) const {
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const Party* party = links_.find_party(name.substr(0, dot));
    return party == nullptr ? std::nullopt : attribute(*party, name.substr(dot + 1));
  }
  if (name == "t") return around_.topic;
  if (name == "c") return around_.client_id;
  if (name == "i") return round_() == 0 ? std::nullopt : std::optional(std::to_string(round_()));
  if (name == "scram_challenge" || name == "scram_proof") {
    const auto said = [this](const char* what) {
      const auto found = captured_.find(what);
      return found == captured_.end() ? std::string() : found->second;
    };
    if (name == "scram_challenge") return scram(said("first"), "").challenge;
    return scram(said("first"), said("last")).proof;
  }
  if (const auto found = captured_.find(name); found != captured_.end()) return found->second;
  const auto given = around_.given.find(std::string(name));
  return given == around_.given.end() ? std::nullopt : std::optional(given->second);
}

std::string Values::text(const Value& value) {
  if (value.alternatives.empty()) return {};
  const Alternative& one = value.alternatives[0];
  auto expanded = expand(one.text, look_up());
  if (auto* fine = std::get_if<std::string>(&expanded); fine != nullptr && !one.is_quoted)
    expanded = bytes_in(*fine);
  if (const auto* why = std::get_if<ScriptFault>(&expanded)) {
    fail(why->text);
    return {};
  }
  return std::get<std::string>(expanded);
}

std::uint64_t Values::number(const Value& value) {
  const std::string written = text(value);
  const auto found = number_in(written);
  if (!found) fail("expected a number, found `" + written + "`");
  return found.value_or(0);
}

Duration Values::duration(const std::optional<Value>& value, Duration otherwise) {
  if (!value) return otherwise;
  const std::string written = text(*value);
  const auto found = scenario::parse_duration(written);
  if (!found) fail("expected a duration, found `" + written + "`");
  return found.value_or(otherwise);
}

}  // namespace mq::conformance
